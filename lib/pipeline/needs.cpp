// SPDX-License-Identifier: Apache-2.0
// The rules about needed fields.
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "pipeline/flow.hpp"

namespace intelmq {
namespace {

constexpr std::size_t most_suggestions = 3;

struct Place {
  const Graph& graph;
  std::size_t node;
  const FieldFlow& flow;
};

std::vector<std::string> names_of(const Graph& graph, const std::vector<std::size_t>& nodes) {
  std::vector<std::string> out;
  out.reserve(nodes.size());
  for (const std::size_t node : nodes) out.push_back(graph.nodes[node].id);
  return out;
}

bool makes(const Sheet& sheet, const NeededFields& needed) {
  return std::any_of(sheet.makes.begin(), sheet.makes.end(), [&](const MadeField& made) {
    return std::find(needed.names.begin(), needed.names.end(), made.name) != needed.names.end();
  });
}

/// Whether a bot could work where `flow` arrives.
bool would_work(const Sheet& sheet, const FieldFlow& flow) {
  return std::all_of(sheet.needs.begin(), sheet.needs.end(),
                     [&](const NeededFields& own) { return satisfies(flow.may, own); });
}

bool has_parser_before(const Place& place) {
  for (const std::size_t node : place.graph.way_to(place.node))
    if (node != place.node && place.graph.nodes[node].is(Kind::parser)) return true;
  return false;
}

std::vector<std::string> suggestions(const Place& place, const NeededFields& needed,
                                     const Catalogue& catalogue) {
  const std::string& own = place.graph.nodes[place.node].program;
  std::vector<std::string> out;
  const auto collect = [&](Kind kind, bool anywhere) {
    for (const CatalogueEntry& entry : catalogue.entries()) {
      if (out.size() == most_suggestions) return;
      const Sheet& sheet = entry.sheet;
      if (sheet.kind != kind || sheet.program == own || !makes(sheet, needed)) continue;
      if (anywhere || would_work(sheet, place.flow)) out.push_back(sheet.program);
    }
  };
  if (!has_parser_before(place)) collect(Kind::parser, true);
  collect(Kind::expert, false);
  return out;
}

Finding missing(const Place& place, const NeededFields& needed, const Catalogue& catalogue) {
  Finding finding{rule::needs_missing,
                  Severity::fail,
                  place.graph.nodes[place.node].id,
                  "",
                  names_of(place.graph, place.graph.way_to(place.node)),
                  suggestions(place, needed, catalogue)};
  const bool one = needed.names.size() == 1;
  finding.message =
      fmt::format("needs {}; nothing before it produces {}", needed.text(), one ? "it" : "them");
  return finding;
}

Finding uncertain(const Place& place, const NeededFields& needed) {
  const auto known = [&](const std::string& name) { return place.flow.may.names().contains(name); };
  const bool guessed = std::none_of(needed.names.begin(), needed.names.end(), known);
  const std::string_view why =
      guessed ? "whether it arrives is not known: a program before it may set any field"
              : "no event is promised to have it: it depends on the data";
  return {rule::needs_uncertain,
          Severity::warn,
          place.graph.nodes[place.node].id,
          fmt::format("needs {}; {}", needed.text(), why),
          names_of(place.graph, place.graph.way_to(place.node)),
          {}};
}

/// Of a group of which all are needed, only what is missing; else the group.
NeededFields lacking_in(const FieldSet& set, const NeededFields& needed) {
  NeededFields out = needed;
  if (needed.all)
    std::erase_if(out.names, [&](const std::string& name) { return set.may_have(name); });
  return out;
}

}  // namespace

std::vector<Finding> check_fields(const Graph& graph, const std::vector<FieldFlow>& flow,
                                  const Catalogue& catalogue) {
  std::vector<Finding> out;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i) {
    if (!graph.nodes[i].bot || !flow[i].reached) continue;
    const Place place{graph, i, flow[i]};
    for (const NeededFields& needed : graph.nodes[i].bot->sheet.needs) {
      if (satisfies(flow[i].must, needed)) continue;
      if (satisfies(flow[i].may, needed))
        out.push_back(uncertain(place, lacking_in(flow[i].must, needed)));
      else
        out.push_back(missing(place, lacking_in(flow[i].may, needed), catalogue));
    }
  }
  return out;
}

}  // namespace intelmq
