// SPDX-License-Identifier: Apache-2.0
#include "pipeline/report.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "pipeline/flow.hpp"
#include "pipeline/letters.hpp"

namespace intelmq {
namespace {

constexpr std::size_t longest_finding = 4000;

std::size_t count(const std::vector<Finding>& findings, Severity severity) {
  return static_cast<std::size_t>(
      std::count_if(findings.begin(), findings.end(),
                    [&](const Finding& finding) { return finding.severity == severity; }));
}

Json texts(const std::vector<std::string>& list) {
  Json out = Json::array();
  for (const std::string& text : list) out.push(text);
  return out;
}

Json finding_json(const Finding& finding) {
  Json out = Json::object()
                 .set("code", finding.code)
                 .set("severity", name_of(finding.severity))
                 .set("bot", finding.bot.empty() ? Json() : Json(finding.bot))
                 .set("message", finding.message);
  if (!finding.path.empty()) out.set("path", texts(finding.path));
  if (!finding.suggest.empty()) out.set("suggest", texts(finding.suggest));
  return out;
}

Json names_json(const FieldSet& set) {
  Json out = Json::array();
  for (const std::string& name : set.names()) out.push(name);
  return out;
}

Json fields_json(const Graph& graph) {
  Json out = Json::object();
  const auto flow = field_flow(graph);
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    Json one = Json::object()
                   .set("must_in", names_json(flow[i].must))
                   .set("may_in", names_json(flow[i].may));
    if (flow[i].may.is_any()) one.set("any_in", true);
    out.set(graph.nodes[i].id, std::move(one));
  }
  return out;
}

Json resources_json(const Graph& graph) {
  std::int64_t memory = 0, disk = 0;
  for (const Node& node : graph.nodes) {
    if (!node.bot) continue;
    memory += node.bot->sheet.rss_bytes * node.instances;
    disk += node.bot->sheet.disk_bytes;
  }
  return Json::object().set("rss_bytes", memory).set("disk_bytes", disk);
}

std::string label_of(const Graph& graph, const std::string& id) {
  for (const Node& node : graph.nodes)
    if (node.id == id) return node.label.empty() ? node.id : node.label;
  return id.empty() ? "pipeline" : id;
}

std::string finding_text(const Graph& graph, const Finding& finding) {
  std::string out = fmt::format("{} {} {}: {}", name_of(finding.severity), finding.code,
                                label_of(graph, finding.bot), finding.message);
  if (!finding.suggest.empty())
    out += fmt::format("; {} {}", join(finding.suggest, " or "),
                       finding.suggest.size() == 1 ? "does" : "do");
  return harmless(out, longest_finding) + "\n";
}

std::string plural(std::size_t n, std::string_view word) {
  return fmt::format("{} {}{}", n, word, n == 1 ? "" : "s");
}

}  // namespace

std::string_view status_of(const std::vector<Finding>& findings) {
  if (count(findings, Severity::fail) > 0) return "fail";
  return count(findings, Severity::warn) > 0 ? "warn" : "ok";
}

int exit_status(const std::vector<Finding>& findings, bool strict) {
  const std::string_view status = status_of(findings);
  if (status == "fail") return 2;
  return status == "warn" && strict ? 1 : 0;
}

Json report_json(const Plan& plan, const std::vector<Finding>& findings) {
  Json list = Json::array();
  for (const Finding& finding : findings) list.push(finding_json(finding));
  return Json::object()
      .set("status", status_of(findings))
      .set("bots", static_cast<std::int64_t>(plan.graph.nodes.size()))
      .set("edges", static_cast<std::int64_t>(plan.graph.edges.size()))
      .set("findings", std::move(list))
      .set("fields", fields_json(plan.graph))
      .set("resources", resources_json(plan.graph));
}

std::string report_text(const Plan& plan, const std::vector<Finding>& findings) {
  std::string out;
  for (const Finding& finding : findings) out += finding_text(plan.graph, finding);
  return out + fmt::format("{}: {}, {}, {}\n", status_of(findings),
                           plural(plan.graph.nodes.size(), "stage"),
                           plural(count(findings, Severity::fail), "failure"),
                           plural(count(findings, Severity::warn), "warning"));
}

}  // namespace intelmq
