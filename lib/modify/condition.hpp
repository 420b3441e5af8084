// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"
#include "event/event.hpp"
#include "sieve/value.hpp"
#include "type/regex.hpp"

namespace intelmq::modify {

/// What a regular expression is searched in: single values, or arrays and objects too, as Python
/// writes them.
enum class Searched : std::uint8_t { scalars, anything };

/// What is asked of one field: that it is absent, that a regular expression is found in the text of
/// its value (numbers and booleans as Python writes them), or that it has a certain value.
class Condition {
 public:
  /// As a rules file writes it: "" for absent, another text for a regular expression, else the
  /// value wanted. Error: why the value is no condition, with a remedy.
  static Result<Condition> compile(FieldName field, const Json& value, Case letters);
  static Condition equals(FieldName field, const Json& value);
  static Result<Condition> search(FieldName field, std::string_view pattern, Case letters,
                                  Searched searched);

  const FieldName& field() const { return field_; }
  const std::optional<Regex>& regex() const { return regex_; }
  /// From now on groups are kept for `group`.
  void keep_groups() { keeps_groups_ = true; }

  /// Whether it holds. Error: that cannot be said, because a regular expression meets an array or
  /// takes too long. An invalid value rejects the event, as it does everywhere.
  Result<bool> holds(Event& event);

  /// A group of the last search, by number or name: nothing if there is none or it took no part.
  std::optional<std::string_view> group(std::string_view key) const;
  /// Whether the regular expression has such a group.
  bool has_group(std::string_view key) const;

 private:
  explicit Condition(FieldName field) : field_{std::move(field)} {}
  Result<bool> found(Event& event, std::string_view raw);

  FieldName field_;
  bool absent_ = false, keeps_groups_ = false;
  std::optional<Regex> regex_;
  Searched searched_ = Searched::scalars;
  std::optional<sieve::Text> text_;  // wanted
  std::string json_;                 // wanted, if it is no text
  std::string scratch_;
  Captures captures_;
};

}  // namespace intelmq::modify
