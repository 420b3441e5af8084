// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace intelmq {

/// The 20 types of DHO 1; each has its own rules of sanitation and validity.
enum class FieldType : std::uint8_t {
  String,
  LowercaseString,
  UppercaseString,
  Registry,
  TLP,
  ClassificationTaxonomy,
  ClassificationType,
  Boolean,
  Integer,
  ASN,
  Float,
  Accuracy,
  DateTime,
  IPAddress,
  IPNetwork,
  FQDN,
  URL,
  Base64,
  JSON,
  JSONDict
};

/// The regular expressions that DHO 1 puts on fields, by meaning.
enum class FieldPattern : std::uint8_t {
  none,
  no_last_dot,
  printable_ascii,
  two_alphanumerics,
  uuid,
  hash_characters,
  transport
};

enum class MessageKind : std::uint8_t { event, report };

/// Which messages a field may occur in.
enum class FieldScope : std::uint8_t { event, both };

/// Number of a DHO 1 field in the order of fields.def.
enum class FieldId : std::uint16_t {};

/// One row of fields.def.
struct FieldRow {
  std::string_view name;
  FieldType type;
  std::uint16_t max_length;  ///< In characters of the value's text; 0: any.
  FieldPattern pattern;
  FieldScope scope;
};

inline constexpr std::array field_table = {
#define GROUP(Name)
#define SUBGROUP(Name)
#define FIELD(member, name, type, length, pattern, scope) \
  FieldRow{name, FieldType::type, length, FieldPattern::pattern, FieldScope::scope},
#define TOP(member, type, length, pattern, scope) \
  FIELD(member, #member, type, length, pattern, scope)
#define END(name)
#define SUBEND(name)
#include "event/fields.def"
#undef GROUP
#undef SUBGROUP
#undef FIELD
#undef TOP
#undef END
#undef SUBEND
};
inline constexpr std::size_t field_count = field_table.size();

constexpr std::size_t index_of(FieldId id) { return static_cast<std::size_t>(id); }
constexpr const FieldRow& row_of(FieldId id) { return field_table[index_of(id)]; }
constexpr std::string_view name_of(FieldId id) { return row_of(id).name; }

/// The id of a field's exact name, if DHO 1 has it.
constexpr std::optional<FieldId> find_field(std::string_view name) {
  for (std::size_t i = 0; i < field_count; ++i)
    if (field_table[i].name == name) return static_cast<FieldId>(i);
  return std::nullopt;
}

/// A field whose type the compiler knows: `field::source.asn`.
template <FieldType T>
struct Field {
  FieldId id;
  constexpr operator FieldId() const { return id; }
};

// NOLINTBEGIN(bugprone-macro-parentheses): what is made of the rows are declarations
namespace field {
#define GROUP(Name) inline constexpr struct Name {
#define SUBGROUP(Name) struct Name {
#define FIELD(member, name, type, length, pattern, scope) \
  Field<FieldType::type> member{*find_field(name)};
#define TOP(member, type, length, pattern, scope) \
  inline constexpr Field<FieldType::type> member{*find_field(#member)};
#define END(name) \
  }               \
  name{};
#define SUBEND(name) \
  }                  \
  name{};
#include "event/fields.def"
#undef GROUP
#undef SUBGROUP
#undef FIELD
#undef TOP
#undef END
#undef SUBEND
}  // namespace field
// NOLINTEND(bugprone-macro-parentheses)

/// A field name chosen at run time: a DHO 1 field, `extra.<name>`, or a field of the site's own
/// harmonization. Made once at start, so that a misspelt name never reaches the loop.
class FieldName {
 public:
  /// Error: "'source.pi' is not a field; did you mean 'source.ip'?"
  static Result<FieldName> parse(std::string_view text);
  FieldName(FieldId id) : id_{id} {}
  template <FieldType T>
  FieldName(Field<T> field) : FieldName(field.id) {}

  std::string_view text() const { return id_ ? name_of(*id_) : std::string_view{own_}; }
  std::optional<FieldId> id() const { return id_; }
  bool is_extra() const { return !id_ && own_.starts_with("extra."); }
  friend bool operator==(const FieldName& a, const FieldName& b) {
    return a.id_ == b.id_ && a.own_ == b.own_;
  }

 private:
  friend class Harmonization;
  explicit FieldName(std::string own) : own_{std::move(own)} {}
  std::string own_;  // empty for a field of DHO 1
  std::optional<FieldId> id_;
};

/// Whether DHO 1 accepts the name: `^[a-z_][a-z_0-9]+(\.[a-z_0-9]+)*$`.
bool is_well_formed_name(std::string_view name);

/// The field of DHO 1 whose name is nearest to `name`, for "did you mean".
std::string_view nearest_field(std::string_view name);

}  // namespace intelmq
