// SPDX-License-Identifier: Apache-2.0
#include "pipeline/graph.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace intelmq {
namespace {

constexpr std::size_t nowhere = static_cast<std::size_t>(-1);

/// For each node the one it was first reached from (itself: a source).
std::vector<std::size_t> parents(const Graph& graph) {
  std::vector<std::size_t> parent(graph.nodes.size(), nowhere);
  std::vector<std::size_t> queue;
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    if (graph.is_source(i)) {
      parent[i] = i;
      queue.push_back(i);
    }
  for (std::size_t at = 0; at < queue.size(); ++at)
    for (const Edge& edge : graph.edges)
      if (edge.from == queue[at] && parent[edge.to] == nowhere) {
        parent[edge.to] = edge.from;
        queue.push_back(edge.to);
      }
  return parent;
}

std::vector<bool> below(const Graph& graph, std::size_t start) {
  std::vector<bool> seen(graph.nodes.size(), false);
  std::vector<std::size_t> queue{start};
  for (std::size_t at = 0; at < queue.size(); ++at)
    for (const Edge& edge : graph.edges)
      if (edge.from == queue[at] && !seen[edge.to]) {
        seen[edge.to] = true;
        queue.push_back(edge.to);
      }
  return seen;
}

std::string dot_text(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + '"';
}

std::string_view shape_of(const Node& node) {
  if (!node.bot) return "diamond";
  if (node.is(Kind::collector)) return "cds";
  return node.is(Kind::output) ? "cylinder" : "box";
}

}  // namespace

std::string Node::setting(std::string_view name) const {
  return bot ? bot->settings[name].text() : std::string();
}

bool Graph::has_predecessor(std::size_t node) const {
  return std::any_of(edges.begin(), edges.end(), [&](const Edge& e) { return e.to == node; });
}

bool Graph::has_successor(std::size_t node) const {
  return std::any_of(edges.begin(), edges.end(), [&](const Edge& e) { return e.from == node; });
}

bool Graph::is_source(std::size_t node) const {
  const Node& one = nodes[node];
  return one.is(Kind::collector) || one.starts_outside;
}

std::vector<bool> Graph::reached() const {
  std::vector<bool> out;
  for (const std::size_t parent : parents(*this)) out.push_back(parent != nowhere);
  return out;
}

std::vector<std::size_t> Graph::way_to(std::size_t node) const {
  const auto parent = parents(*this);
  std::vector<std::size_t> out;
  if (parent[node] == nowhere) return out;
  for (out.push_back(node); parent[out.back()] != out.back();) out.push_back(parent[out.back()]);
  std::reverse(out.begin(), out.end());
  return out;
}

std::vector<std::vector<std::size_t>> Graph::cycles() const {
  std::vector<std::vector<bool>> reach;
  for (std::size_t i = 0; i < nodes.size(); ++i) reach.push_back(below(*this, i));
  std::vector<std::vector<std::size_t>> out;
  std::vector<bool> done(nodes.size(), false);
  for (std::size_t i = 0; i < nodes.size(); ++i) {
    if (done[i] || !reach[i][i]) continue;
    std::vector<std::size_t> part;
    for (std::size_t j = i; j < nodes.size(); ++j)
      if (reach[i][j] && reach[j][i]) {
        part.push_back(j);
        done[j] = true;
      }
    out.push_back(std::move(part));
  }
  return out;
}

std::string to_dot(const Graph& graph) {
  std::string out = "digraph pipeline {\n  rankdir=LR;\n";
  for (const Node& node : graph.nodes)
    out += fmt::format("  {} [label={}, shape={}];\n", dot_text(node.id),
                       dot_text(node.id == node.program ? node.id : node.id + " | " + node.program),
                       shape_of(node));
  for (const Edge& edge : graph.edges) {
    out += fmt::format("  {} -> {}", dot_text(graph.nodes[edge.from].id),
                       dot_text(graph.nodes[edge.to].id));
    out += edge.path == "_default" ? ";\n" : fmt::format(" [label={}];\n", dot_text(edge.path));
  }
  return out + "}\n";
}

}  // namespace intelmq
