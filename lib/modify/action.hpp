// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "event/event.hpp"
#include "modify/condition.hpp"
#include "type/python_format.hpp"

namespace intelmq::modify {

/// What a rule does to one field: gives it a constant, a text made from a template, or takes it
/// away ("" and the other values that DHO 1 ignores).
class Action {
 public:
  /// A text is a template of Python's str.format over `msg[FIELD]` and `matches[FIELD][GROUP]`,
  /// where FIELD is one of the conditions that are regular expressions; they are told to keep
  /// their groups. Error: why the value is no action, with a remedy.
  static Result<Action> compile(FieldName field, const Json& value, const Harmonization& fields,
                                std::vector<Condition>& conditions);

  const FieldName& field() const { return field_; }
  bool removes() const { return removes_; }
  /// Fields that the template inserts.
  const std::vector<FieldName>& inserted() const { return inserted_; }

  /// Error: a value that is missing or that the field cannot hold.
  Result<void> run(Event& event, Existing existing, const std::vector<Condition>& conditions) const;

 private:
  explicit Action(FieldName field) : field_{std::move(field)} {}
  Result<void> set_constant(std::string json, const Harmonization& fields);
  Result<void> check_insert(const FieldPath& path, const Harmonization& fields,
                            std::vector<Condition>& conditions);
  Result<void> store(Event& event, std::string_view json, Existing existing) const;
  std::optional<FormatValue> value_of(Event& event, const FieldPath& path,
                                      const std::vector<Condition>& conditions) const;

  FieldName field_;
  std::string json_;  // of a constant
  bool removes_ = false;
  bool is_checked_ = false;  // the constant is what events may hold
  std::optional<FormatTemplate> text_;
  std::vector<FieldName> inserted_;
};

}  // namespace intelmq::modify
