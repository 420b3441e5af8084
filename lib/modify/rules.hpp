// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "event/event.hpp"
#include "modify/action.hpp"
#include "modify/condition.hpp"

namespace intelmq::modify {

struct RuleOptions {
  bool case_sensitive = true;       ///< Of regular expressions.
  bool overwrite = true;            ///< Whether actions replace values that are there.
  std::size_t maximum_matches = 0;  ///< Rules applied to an event at most; 0: any number.
};

/// Rules that change events: an array of `{"rulename": ..., "if": {FIELD: CONDITION, ...},
/// "then": {FIELD: ACTION, ...}}`. Every rule all of whose conditions hold is applied, in order;
/// later rules see what earlier ones did.
class Rules {
 public:
  /// Reads a file in JSON or YAML. Error: file, rule, field and what is wrong with it.
  static Result<Rules> load(const std::string& path, const RuleOptions& options,
                            const Harmonization& fields);
  static Result<Rules> compile(const Json& document, const RuleOptions& options,
                               const Harmonization& fields);

  /// Changes the event; rejects it, naming the rule, if one cannot be carried out.
  void apply(Event& event);

  const std::vector<FieldName>& reads() const { return reads_; }
  const std::vector<FieldName>& sets() const { return sets_; }
  const std::vector<FieldName>& removes() const { return removes_; }

 private:
  struct Rule {
    std::string name;
    std::vector<Condition> conditions;
    std::vector<Action> actions;
  };

  Result<void> add(const Json& json, const Harmonization& fields);
  Result<void> add_conditions(Rule& rule, const Json& json, const Harmonization& fields);
  Result<void> add_actions(Rule& rule, const Json& json, const Harmonization& fields);
  Result<bool> run(Rule& rule, Event& event) const;

  RuleOptions options_;
  std::vector<Rule> rules_;
  std::vector<FieldName> reads_, sets_, removes_;
};

}  // namespace intelmq::modify
