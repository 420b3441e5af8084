// SPDX-License-Identifier: Apache-2.0
#include "pipeline/plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "base/file.hpp"
#include "base/text.hpp"
#include "pipeline/flow.hpp"
#include "pipeline/rules.hpp"

namespace intelmq {
namespace {

void add(Plan& plan, std::string_view code, Severity severity, const Node& node,
         std::string message) {
  plan.findings.push_back({code, severity, node.id, std::move(message), {}, {}});
}

/// Asks the bot; one whose parameters are wrong stays in the graph as its bare sheet says.
void ask(Plan& plan, Node& node, const CatalogueEntry& entry, const Inspect& inspect,
         const std::vector<std::string>& arguments, const std::vector<std::string>& environment) {
  Result<ConfiguredBot> bot = inspect(entry.path, arguments, environment);
  if (!bot) {
    add(plan, rule::bad_parameters, Severity::fail, node, bot.error().text);
    node.bot = ConfiguredBot{};
    node.bot->sheet = entry.sheet;
    return;
  }
  for (const std::string& remark : bot->remarks)
    add(plan, rule::remark, Severity::warn, node, remark);
  const Json& schema = bot->sheet.document["parameters"];
  for (const Json& name : schema["required"].items())
    if (!bot->is_given(name.text()))
      add(plan, rule::missing_parameter, Severity::fail, node,
          fmt::format("the parameter {} ({}) is missing", name.text(),
                      schema["properties"][name.text()]["x-cli"].text()));
  node.bot = std::move(*bot);
}

std::string unique_id(const Graph& graph, const std::string& wanted) {
  std::string id = wanted;
  const auto taken = [&](const Node& node) { return node.id == id; };
  for (int n = 2; std::any_of(graph.nodes.begin(), graph.nodes.end(), taken); ++n)
    id = fmt::format("{}#{}", wanted, n);
  return id;
}

class ShellPlan {
 public:
  ShellPlan(const std::vector<ShellStage>& stages, const Catalogue& catalogue,
            const Inspect& inspect)
      : stages_{stages}, catalogue_{catalogue}, inspect_{inspect} {}

  Plan make() {
    for (std::size_t i = 0; i < stages_.size(); ++i) {
      plan_.graph.nodes.push_back(node(i));
      if (i > 0) plan_.graph.edges.push_back({i - 1, i, "_default"});
    }
    for (std::size_t i = 0; i < stages_.size(); ++i) check_streams(i);
    return std::move(plan_);
  }

 private:
  Node node(std::size_t i) {
    const ShellStage& stage = stages_[i];
    Node out;
    out.program = name_of(stage.words.front());
    out.id = unique_id(plan_.graph, out.program);
    out.label = fmt::format("stage {} {}", i + 1, out.program);
    out.ends_outside = i + 1 == stages_.size();
    if (stage.expands)
      add(plan_, rule::remark, Severity::note, out, "what a shell would put for $ is not known");
    if (const CatalogueEntry* entry = catalogue_.find_program(out.program)) {
      const std::vector<std::string> arguments(stage.words.begin() + 1, stage.words.end());
      ask(plan_, out, *entry, inspect_, arguments, stage.environment);
    } else {
      unknown(i, out);
    }
    out.starts_outside = i == 0 && !out.is(Kind::collector);
    return out;
  }

  void unknown(std::size_t i, const Node& node) {
    if (node.program.starts_with("intelmq-")) {
      const auto found = catalogue_.find(node.program);
      return add(plan_, rule::unknown_program, Severity::fail, node,
                 found ? "unknown" : found.error().text);
    }
    const bool last = i > 0 && i + 1 == stages_.size();
    add(plan_, rule::unknown_program, last ? Severity::note : Severity::warn, node,
        i == 0 ? "is no bot: it may give anything"
        : last ? "is no bot: what it does with the events is not known"
               : "is no bot: it may add and remove any field");
  }

  void check_streams(std::size_t i) {
    const Node& node = plan_.graph.nodes[i];
    const bool first = i == 0, last = i + 1 == stages_.size();
    if (!first && !stages_[i].input.empty())
      add(plan_, rule::bypassed, Severity::fail, node,
          fmt::format("reads {}, not the stage before it", quote_for_message(stages_[i].input)));
    if (!last && !stages_[i].output.empty())
      add(plan_, rule::bypassed, Severity::fail, node,
          fmt::format("writes to {}: the next stage gets nothing",
                      quote_for_message(stages_[i].output)));
    if (!node.bot) return;
    if (!first && node.bot->is_given("source") && node.setting("source") != "-")
      add(plan_, rule::bypassed, Severity::fail, node,
          "reads from --source, not from the stage before it");
    if (!last && node.bot->is_given("destination") && !keeps_stdout(node))
      add(plan_, rule::bypassed, Severity::fail, node,
          "writes to --destination: the next stage gets nothing");
    if (first && node.starts_outside && !node.is(Kind::parser))
      add(plan_, rule::unknown_input, Severity::note, node,
          "reads events from outside; which fields they have is not known");
  }

  static bool keeps_stdout(const Node& node) {
    const Json& value = node.bot->settings["destination"];
    const auto is_stdout = [](const Json& one) {
      return one.text() == "-" || one.text() == "_default=-";
    };
    return value.is_array() ? std::any_of(value.items().begin(), value.items().end(), is_stdout)
                            : is_stdout(value);
  }

  const std::vector<ShellStage>& stages_;
  const Catalogue& catalogue_;
  const Inspect& inspect_;
  Plan plan_;
};

class RuntimePlan {
 public:
  RuntimePlan(const RuntimeFile& file, const std::string& path, const Catalogue& catalogue,
              const Inspect& inspect)
      : file_{file}, path_{path}, catalogue_{catalogue}, inspect_{inspect} {}

  Plan make() {
    plan_.findings = file_.findings;
    for (const RuntimeBot& bot : file_.bots) plan_.graph.nodes.push_back(node(bot));
    for (std::size_t i = 0; i < file_.bots.size(); ++i) connect(i);
    for (std::size_t i = 0; i < file_.bots.size(); ++i) check_source(i);
    return std::move(plan_);
  }

 private:
  Node node(const RuntimeBot& bot) {
    Node out;
    out.id = bot.id;
    out.instances = bot.instances;
    out.program = bot.module;
    const auto entry = bot.module.empty() ? Result<const CatalogueEntry*>(fail("no module"))
                                          : catalogue_.find(bot.module);
    if (entry) {
      out.program = (*entry)->sheet.program;
      ask(plan_, out, **entry, inspect_, {"--runtime", path_, "--id", bot.id}, {});
    } else {
      add(plan_, rule::unknown_program, Severity::warn, out,
          fmt::format("the module {} has no program here: it may set any field",
                      quote_for_message(bot.module)));
      out.starts_outside = bot.group == "Collector";
      out.ends_outside = bot.group == "Output";
    }
    out.label = fmt::format("{} ({})", out.id, out.program);
    return out;
  }

  void connect(std::size_t from) {
    for (const auto& [path, queues] : file_.bots[from].destinations)
      for (const std::string& queue : queues) {
        bool read = false;
        for (std::size_t to = 0; to < file_.bots.size(); ++to) {
          if (file_.bots[to].source_queue != queue || !reads(to)) continue;
          plan_.graph.edges.push_back({from, to, path});
          read = true;
        }
        if (!read) orphan(from, path, queue);
      }
  }

  bool reads(std::size_t bot) const {
    return file_.bots[bot].source_given || !plan_.graph.is_source(bot);
  }

  void orphan(std::size_t from, const std::string& path, const std::string& queue) {
    std::vector<std::string> queues;
    for (const RuntimeBot& bot : file_.bots) queues.push_back(bot.source_queue);
    add(plan_, rule::orphan_queue, Severity::warn, plan_.graph.nodes[from],
        fmt::format("nobody reads the queue {} of its path {}{}", quote_for_message(queue), path,
                    did_you_mean(nearest(queue, std::span<const std::string>{queues}))));
    // Whoever empties the queue, the path leads somewhere.
    if (path == "_default") plan_.graph.nodes[from].ends_outside = true;
  }

  void check_source(std::size_t i) {
    const RuntimeBot& bot = file_.bots[i];
    if (!bot.source_given || plan_.graph.has_predecessor(i)) return;
    add(plan_, rule::orphan_queue, Severity::warn, plan_.graph.nodes[i],
        fmt::format("nobody writes to its queue {}", quote_for_message(bot.source_queue)));
  }

  const RuntimeFile& file_;
  const std::string& path_;
  const Catalogue& catalogue_;
  const Inspect& inspect_;
  Plan plan_;
};

}  // namespace

Plan plan_shell(const std::vector<ShellStage>& stages, const Catalogue& catalogue,
                const Inspect& inspect) {
  return ShellPlan(stages, catalogue, inspect).make();
}

Plan plan_runtime(const RuntimeFile& file, const std::string& path, const Catalogue& catalogue,
                  const Inspect& inspect) {
  return RuntimePlan(file, path, catalogue, inspect).make();
}

std::vector<Finding> check_plan(const Plan& plan, const Catalogue& catalogue) {
  if (plan.graph.nodes.empty() && plan.findings.empty())
    return {{rule::empty, Severity::fail, "", "the pipeline is empty", {}, {}}};
  std::vector<Finding> all = plan.findings;
  for (Finding& finding : check_structure(plan.graph, catalogue)) all.push_back(std::move(finding));
  for (Finding& finding : check_fields(plan.graph, field_flow(plan.graph), catalogue))
    all.push_back(std::move(finding));
  const auto place = [&](const Finding& finding) {
    const auto& nodes = plan.graph.nodes;
    return std::find_if(nodes.begin(), nodes.end(),
                        [&](const Node& node) { return node.id == finding.bot; }) -
           nodes.begin();
  };
  std::stable_sort(all.begin(), all.end(),
                   [&](const Finding& a, const Finding& b) { return place(a) < place(b); });
  std::set<std::string> seen;
  std::erase_if(all, [&](const Finding& finding) {
    const std::string key = fmt::format("{}\n{}\n{}", finding.code, finding.bot, finding.message);
    return !seen.insert(key).second;
  });
  return all;
}

}  // namespace intelmq
