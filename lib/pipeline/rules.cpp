// SPDX-License-Identifier: Apache-2.0
#include "pipeline/rules.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace intelmq {
namespace {

class Check {
 public:
  Check(const Graph& graph, const Catalogue& catalogue) : graph_{graph}, catalogue_{catalogue} {}

  std::vector<Finding> run() {
    const auto reached = graph_.reached();
    for (std::size_t i = 0; i < graph_.nodes.size(); ++i) {
      const Node& node = graph_.nodes[i];
      if (!reached[i])
        add(rule::unreachable, Severity::warn, node,
            "no event reaches it: no collector leads here");
      check_ends(i);
      if (!node.bot) continue;
      if (node.is(Kind::parser) && node.starts_outside) check_outside_parser(node);
      check_instances(node);
    }
    for (const Edge& edge : graph_.edges) check_edge(edge);
    check_cycles();
    return std::move(out_);
  }

 private:
  void add(std::string_view code, Severity severity, const Node& node, std::string message) {
    out_.push_back({code, severity, node.id, std::move(message), {}, {}});
  }

  void check_ends(std::size_t i) {
    const Node& node = graph_.nodes[i];
    if (node.is(Kind::collector) && graph_.has_predecessor(i))
      add(rule::wrong_place, Severity::fail, node,
          "a collector reads no events: it must be the first");
    if (node.is(Kind::output) && graph_.has_successor(i))
      add(rule::wrong_place, Severity::fail, node,
          "an output passes nothing on: it must be the last");
    if (node.is(Kind::output) || node.ends_outside) return;
    bool other = false;
    for (const Edge& edge : graph_.edges)
      if (edge.from == i) {
        if (edge.path == "_default") return;
        other = true;
      }
    if (other)
      add(rule::no_default, Severity::warn, node,
          "the path _default leads nowhere: only events of named paths leave");
    else
      add(rule::no_default, Severity::fail, node, "its events go nowhere: _default is missing");
  }

  /// Not of a bot whose parameters are wrong.
  static bool knows_settings(const Node& node) {
    return node.bot && !node.bot->settings.members().empty();
  }

  void check_outside_parser(const Node& node) {
    if (!knows_settings(node) || node.setting("input_format") == "raw") return;
    if (node.bot->is_given("source")) return;
    add(rule::parser_input, Severity::fail, node,
        "reads reports, and nothing before it makes them: put a collector before it, or add "
        "--input-format raw to read the feed itself");
  }

  void check_edge(const Edge& edge) {
    const Node& from = graph_.nodes[edge.from];
    const Node& to = graph_.nodes[edge.to];
    if (!from.bot) return check_unknown_before(from, to);
    if (!from.bot->sheet.has_path(edge.path))
      add(rule::unknown_path, Severity::warn, from,
          fmt::format("never sends to the path {}; its paths are {}", quote_for_message(edge.path),
                      join(from.bot->sheet.paths, ", ")));
    if (!to.bot || from.is(Kind::output) || to.is(Kind::collector)) return;
    if (from.is(Kind::collector)) return check_after_collector(from, to);
    if (to.is(Kind::parser))
      return add(rule::parser_input, Severity::fail, to,
                 fmt::format("reads reports of a collector, but {} gives events", from.label));
    check_formats(from, to);
  }

  /// curl and its like; a bot of IntelMQ that has no program here gives reports.
  void check_unknown_before(const Node& from, const Node& to) {
    if (!from.starts_outside || from.program.starts_with("intelmq")) return;
    if (!to.is(Kind::parser) || !knows_settings(to)) return;
    if (to.setting("input_format") == "raw") return;
    add(rule::parser_input, Severity::warn, to,
        fmt::format("reads reports; if {} gives the feed itself, add --input-format raw",
                    from.label));
  }

  void check_after_collector(const Node& from, const Node& to) {
    const bool raw_out = from.setting("output_format") == "raw";
    if (to.is(Kind::parser)) {
      if (!knows_settings(from) || !knows_settings(to)) return;
      const bool raw_in = to.setting("input_format") == "raw";
      if (raw_out && !raw_in)
        add(rule::raw_mismatch, Severity::fail, to,
            fmt::format("reads reports, but {} gives the feed itself: add --input-format raw",
                        from.label));
      if (raw_in && !raw_out)
        add(rule::raw_mismatch, Severity::fail, to,
            fmt::format("reads the feed itself, but {} gives reports: leave out --input-format raw",
                        from.label));
      return;
    }
    if (raw_out)
      return add(rule::raw_mismatch, Severity::fail, to,
                 fmt::format("works on events, but {} gives the feed itself: put a parser with "
                             "--input-format raw between",
                             from.label));
    add(rule::message_type, to.is(Kind::output) ? Severity::warn : Severity::fail, to,
        fmt::format("works on events, but {} gives reports: put a parser between", from.label));
  }

  void check_formats(const Node& from, const Node& to) {
    const auto& out = from.bot->sheet.output_formats;
    const auto& in = to.bot->sheet.input_formats;
    if (out.empty() || in.empty()) return;
    for (const std::string& format : out)
      if (std::find(in.begin(), in.end(), format) != in.end()) return;
    add(rule::format_mismatch, Severity::fail, to,
        fmt::format("reads {}, but {} gives {}", join(in, " or "), from.label, join(out, " or ")));
    for (const CatalogueEntry& entry : catalogue_.entries()) {
      const Sheet& sheet = entry.sheet;
      if (sheet.kind == Kind::transformer && share(sheet.input_formats, out) &&
          share(sheet.output_formats, in))
        out_.back().suggest.push_back(sheet.program);
    }
  }

  static bool share(const std::vector<std::string>& a, const std::vector<std::string>& b) {
    return std::find_first_of(a.begin(), a.end(), b.begin(), b.end()) != a.end();
  }

  void check_instances(const Node& node) {
    const auto most = node.bot->sheet.most_instances;
    if (most && node.instances > *most)
      add(rule::too_many, Severity::fail, node,
          fmt::format("{} instances are configured; it works with at most {}", node.instances,
                      *most));
  }

  void check_cycles() {
    for (const auto& cycle : graph_.cycles()) {
      const bool ends = std::any_of(cycle.begin(), cycle.end(), [&](std::size_t i) {
        const Node& node = graph_.nodes[i];
        return !node.bot || node.bot->sheet.drops || node.bot->sheet.paths.size() > 2;
      });
      if (ends) continue;
      add(rule::cycle, Severity::warn, graph_.nodes[cycle.front()],
          "events go round for ever: no bot of this cycle drops or diverts any");
      for (const std::size_t i : cycle) out_.back().path.push_back(graph_.nodes[i].id);
    }
  }

  const Graph& graph_;
  const Catalogue& catalogue_;
  std::vector<Finding> out_;
};

}  // namespace

std::string_view name_of(Severity severity) {
  switch (severity) {
    case Severity::note: return "note";
    case Severity::warn: return "warn";
    case Severity::fail: return "fail";
  }
  return {};
}

std::vector<Finding> check_structure(const Graph& graph, const Catalogue& catalogue) {
  return Check(graph, catalogue).run();
}

}  // namespace intelmq
