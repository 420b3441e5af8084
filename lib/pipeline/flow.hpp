// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "pipeline/catalogue.hpp"
#include "pipeline/finding.hpp"
#include "pipeline/graph.hpp"

namespace intelmq {

/// A set of field names that may hold all names but a few. `extra` stands for all of `extra.*`.
class FieldSet {
 public:
  FieldSet() = default;
  static FieldSet any();

  void add(std::string_view name);
  void remove(std::string_view name);
  /// A name may be there: `extra.a` also by `extra`, `extra` also by any `extra.a`.
  bool may_have(std::string_view name) const;
  void unite(const FieldSet& other);
  void intersect(const FieldSet& other);  ///< Of sets without `any`.

  bool is_any() const { return any_; }
  const std::set<std::string, std::less<>>& names() const { return names_; }
  friend bool operator==(const FieldSet&, const FieldSet&) = default;

 private:
  bool any_ = false;
  std::set<std::string, std::less<>> names_;
  std::set<std::string, std::less<>> without_;  ///< Of `any`.
};

/// The fields of the events at one place: those that all have, and those that some may have.
struct FieldFlow {
  bool reached = false;
  FieldSet must;
  FieldSet may;
  friend bool operator==(const FieldFlow&, const FieldFlow&) = default;
};

/// Whether a set has what a group asks for.
bool satisfies(const FieldSet& set, const NeededFields& needed);

/// What arrives at each node: the least fixpoint for `may`, the greatest for `must`. Bots that
/// cannot get what they need are treated generously.
std::vector<FieldFlow> field_flow(const Graph& graph);

/// What leaves a node on a path when `in` arrives. `generous`: as if the fields it needs and does
/// not get were there, so that one missing field is reported once, not at every bot behind it.
FieldFlow leaving(const Node& node, const FieldFlow& in, std::string_view path,
                  bool generous = false);

/// The rules about needed fields, in the order of the nodes; the catalogue gives suggestions.
std::vector<Finding> check_fields(const Graph& graph, const std::vector<FieldFlow>& flow,
                                  const Catalogue& catalogue);

}  // namespace intelmq
