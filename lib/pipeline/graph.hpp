// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/inspect_bot.hpp"

namespace intelmq {

/// A bot, or a program that is none, at its place in a pipeline.
struct Node {
  std::string id;                    ///< Unique in its graph.
  std::string label;                 ///< As messages call it: `stage 3 intelmq-expert-url`.
  std::string program;               ///< Or an IntelMQ module that no program stands for.
  std::optional<ConfiguredBot> bot;  ///< Nothing: unknown, it may set and remove any field.
  bool starts_outside = false;       ///< Reads what the pipeline knows nothing about.
  bool ends_outside = false;         ///< Its `_default` need not lead to a bot.
  std::int64_t instances = 1;

  bool is(Kind kind) const { return bot && bot->sheet.kind == kind; }
  /// The text of a setting; empty when it is not known.
  std::string setting(std::string_view name) const;
};

/// Events of `path` go from one node to another.
struct Edge {
  std::size_t from;
  std::size_t to;
  std::string path;
};

/// Bots and the ways between them.
struct Graph {
  std::vector<Node> nodes;
  std::vector<Edge> edges;

  bool has_predecessor(std::size_t node) const;
  bool has_successor(std::size_t node) const;
  /// Where events begin: collectors, and what reads from outside.
  bool is_source(std::size_t node) const;
  /// Which nodes events can reach.
  std::vector<bool> reached() const;
  /// The nodes on a shortest way from a source; empty when there is none.
  std::vector<std::size_t> way_to(std::size_t node) const;
  /// The nodes of each cycle, one list for each strongly connected part with a cycle.
  std::vector<std::vector<std::size_t>> cycles() const;
};

/// The graph in the language of Graphviz.
std::string to_dot(const Graph& graph);

}  // namespace intelmq
