// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "event/field.hpp"

namespace intelmq {

class Json;
class Regex;

/// What one field must satisfy: DHO 1's row, or what the site's harmonization.conf says.
struct FieldRule {
  FieldType type = FieldType::String;
  std::size_t max_length = 0;  ///< In characters of Python's str(value); 0: any.
  FieldPattern pattern = FieldPattern::none;
  std::shared_ptr<const Regex> regex, iregex;  ///< Only from a site's own file.
  bool in_event = false, in_report = false;
};

/// The fields that events and reports may have, and their rules.
class Harmonization {
 public:
  /// DHO 1 as it comes.
  Harmonization();
  /// A site's harmonization.conf (JSON, or YAML when the module is there): sections `event` and
  /// `report`. Error: names the file, the field and what is wrong.
  static Result<Harmonization> load(const std::string& path);
  static Result<Harmonization> read(const Json& document);

  /// The rule of a field, or nullptr if messages of that kind do not have it.
  const FieldRule* rule(FieldId id, MessageKind kind) const {
    const FieldRule& rule = rules_[index_of(id)];
    return (kind == MessageKind::event ? rule.in_event : rule.in_report) ? &rule : nullptr;
  }
  const FieldRule* rule(std::string_view name, MessageKind kind) const;
  /// Whether a key may occur at all: a field, or `extra.<well-formed>`.
  bool accepts(std::string_view name, MessageKind kind) const;
  /// As FieldName::parse, knowing the site's own fields too.
  Result<FieldName> name(std::string_view text) const;
  /// Whether there are fields that DHO 1 does not have.
  bool has_own() const { return !own_.empty(); }
  /// Names of the fields that DHO 1 does not have.
  std::vector<std::string> own_names() const;

 private:
  std::array<FieldRule, field_count> rules_;
  std::map<std::string, FieldRule, std::less<>> own_;
};

/// Whether a raw value satisfies the rule; on failure `why` says which part does not hold.
bool satisfies(const FieldRule& rule, std::string_view raw, std::string* why = nullptr);

}  // namespace intelmq
