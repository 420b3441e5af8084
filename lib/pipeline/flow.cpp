// SPDX-License-Identifier: Apache-2.0
#include "pipeline/flow.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace intelmq {
namespace {

constexpr std::string_view extra = "extra", extra_dot = "extra.";

/// What a parser takes over from a report, with the collector's setting and the parser's own.
struct FeedField {
  std::string_view field, collector_setting, parser_setting;
};
constexpr FeedField feed_fields[] = {{"feed.accuracy", "accuracy", "accuracy"},
                                     {"feed.code", "code", "code"},
                                     {"feed.documentation", "documentation", "documentation"},
                                     {"feed.name", "name", "feed_name"},
                                     {"feed.provider", "provider", "provider"},
                                     {"feed.url", "", "feed_url"},
                                     {"rtir_id", "", ""},
                                     {"time.observation", "", ""}};

/// Fields of the feed that a bot's own settings put on each report.
void add_feed(FieldFlow& out, const Node& node, bool collector) {
  const auto add = [&out](std::string_view name) {
    out.must.add(name);
    out.may.add(name);
  };
  add("time.observation");
  for (const FeedField& feed : feed_fields) {
    const auto setting = collector ? feed.collector_setting : feed.parser_setting;
    const Json& value = node.bot->settings[setting];
    if (setting.empty() || value.is_null() || value.text().empty()) continue;
    if (feed.field != "feed.accuracy" || value.real() != 0) add(feed.field);
  }
}

void take_over(FieldFlow& out, const FieldFlow& in, std::string_view name) {
  if (in.must.may_have(name)) out.must.add(name);
  if (in.may.may_have(name)) out.may.add(name);
}

FieldFlow begin_parser(const Node& node, const FieldFlow& in) {
  FieldFlow out;
  out.reached = true;
  if (node.setting("input_format") == "raw") {
    add_feed(out, node, false);
  } else {
    for (const FeedField& feed : feed_fields) take_over(out, in, feed.field);
    const Json& more = node.bot->settings["copy_collector_provided_fields"];
    for (const Json& name : more.items()) take_over(out, in, name.text());
  }
  out.may.add("raw");
  return out;
}

FieldFlow begin_collector(const Node& node) {
  FieldFlow out;
  out.reached = true;
  add_feed(out, node, true);
  out.must.add("raw");
  out.may.add("raw");
  return out;
}

/// What of the incoming fields goes through.
FieldFlow passing(const Node& node, const FieldFlow& in) {
  const Sheet& sheet = node.bot->sheet;
  if (sheet.kind == Kind::collector) return begin_collector(node);
  if (sheet.kind == Kind::parser) return begin_parser(node, in);
  FieldFlow out = in;
  if (!sheet.keeps_all) {
    out = FieldFlow{};
    out.reached = true;
    for (const std::string& name : sheet.keeps) take_over(out, in, name);
  }
  for (const NeededFields& needed : sheet.needs)  // those without do not leave on this path
    if (needed.effect != Lacking::passes && (needed.all || needed.names.size() == 1))
      for (const std::string& name : needed.names)
        if (sheet.keeps_all || in.must.may_have(name)) out.must.add(name);
  return out;
}

/// An event that lacks what the bot needs passes as it is: only then are promises not kept.
bool all_are_handled(const Sheet& sheet, const FieldFlow& in) {
  return std::all_of(sheet.needs.begin(), sheet.needs.end(), [&](const NeededFields& needed) {
    return needed.effect != Lacking::passes || satisfies(in.must, needed);
  });
}

bool lacks_something(const Sheet& sheet, const FieldSet& may) {
  return !std::all_of(sheet.needs.begin(), sheet.needs.end(),
                      [&](const NeededFields& needed) { return satisfies(may, needed); });
}

void add_products(FieldFlow& out, const Sheet& sheet, const FieldFlow& in, bool generous) {
  FieldSet assumed = in.may;
  if (generous)
    for (const NeededFields& needed : sheet.needs)
      if (!satisfies(in.may, needed))
        for (const std::string& name : needed.names) assumed.add(name);
  const bool handled = all_are_handled(sheet, in);
  for (const MadeField& made : sheet.makes) {
    if (!made.when.empty() && !assumed.may_have(made.when)) continue;
    out.may.add(made.name);
    const bool given = made.when.empty() || in.must.may_have(made.when);
    if (made.certain && handled && given) out.must.add(made.name);
  }
}

}  // namespace

FieldSet FieldSet::any() {
  FieldSet out;
  out.any_ = true;
  return out;
}

void FieldSet::add(std::string_view name) { names_.emplace(name); }

void FieldSet::remove(std::string_view name) {
  names_.erase(std::string(name));
  if (name == extra)
    std::erase_if(names_, [](const std::string& own) { return own.starts_with(extra_dot); });
  if (any_) without_.emplace(name);
}

bool FieldSet::may_have(std::string_view name) const {
  if (names_.contains(name)) return true;
  const bool below_extra = name.starts_with(extra_dot);
  if (below_extra && names_.contains(extra)) return true;
  if (name == extra) {
    const auto first = names_.lower_bound(extra_dot);
    if (first != names_.end() && first->starts_with(extra_dot)) return true;
  }
  return any_ && !without_.contains(name) && !(below_extra && without_.contains(extra));
}

void FieldSet::unite(const FieldSet& other) {
  if (any_ && other.any_) {
    std::erase_if(without_, [&](const std::string& name) { return other.may_have(name); });
  } else if (other.any_) {
    without_ = other.without_;
  }
  any_ = any_ || other.any_;
  names_.insert(other.names_.begin(), other.names_.end());
}

void FieldSet::intersect(const FieldSet& other) {
  std::erase_if(names_, [&](const std::string& name) { return !other.names_.contains(name); });
}

bool satisfies(const FieldSet& set, const NeededFields& needed) {
  const auto has = [&](const std::string& name) { return set.may_have(name); };
  return needed.all ? std::all_of(needed.names.begin(), needed.names.end(), has)
                    : std::any_of(needed.names.begin(), needed.names.end(), has);
}

FieldFlow leaving(const Node& node, const FieldFlow& in, std::string_view path, bool generous) {
  if (path == "_on_error") return in;
  FieldFlow out;
  if (!node.bot) {
    out.reached = true;
    out.may = FieldSet::any();
    return out;
  }
  const Sheet& sheet = node.bot->sheet;
  out = passing(node, in);
  for (const std::string& name : sheet.removes) {
    out.must.remove(name);
    // A bot that leaves some events alone leaves their fields alone, too.
    if (sheet.needs.empty() && !sheet.dynamic) out.may.remove(name);
  }
  add_products(out, sheet, in, generous);
  const Json& defaults = node.bot->settings["default_fields"];
  for (const auto& [name, value] : defaults.members()) {
    out.must.add(name);
    out.may.add(name);
  }
  if (sheet.dynamic) out.may.unite(FieldSet::any());
  return out;
}

namespace {

using Generous = std::vector<bool>;

std::vector<FieldFlow> at_sources(const Graph& graph) {
  std::vector<FieldFlow> flow(graph.nodes.size());
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    flow[i].reached = graph.is_source(i);
    if (graph.nodes[i].starts_outside) flow[i].may = FieldSet::any();
  }
  return flow;
}

/// Takes what comes over the edge to its end; whether that changed anything.
bool follow(const Graph& graph, const Edge& edge, const Generous& generous,
            std::vector<FieldFlow>& flow) {
  if (!flow[edge.from].reached || graph.nodes[edge.to].is(Kind::collector)) return false;
  const FieldFlow arriving =
      leaving(graph.nodes[edge.from], flow[edge.from], edge.path, generous[edge.from]);
  FieldFlow merged = flow[edge.to];
  merged.may.unite(arriving.may);
  if (merged.reached)
    merged.must.intersect(arriving.must);
  else
    merged.must = arriving.must;
  merged.reached = true;
  if (merged == flow[edge.to]) return false;
  flow[edge.to] = std::move(merged);
  return true;
}

std::vector<FieldFlow> fixpoint(const Graph& graph, const Generous& generous) {
  std::vector<FieldFlow> flow = at_sources(graph);
  for (bool changed = true; changed;) {
    changed = false;
    for (const Edge& edge : graph.edges) changed = follow(graph, edge, generous, flow) || changed;
  }
  return flow;
}

}  // namespace

std::vector<FieldFlow> field_flow(const Graph& graph) {
  Generous generous(graph.nodes.size(), false);
  std::vector<FieldFlow> flow = fixpoint(graph, generous);
  bool any = false;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    const Node& node = graph.nodes[i];
    generous[i] = node.bot && flow[i].reached && lacks_something(node.bot->sheet, flow[i].may);
    any = any || generous[i];
  }
  return any ? fixpoint(graph, generous) : flow;
}

}  // namespace intelmq
