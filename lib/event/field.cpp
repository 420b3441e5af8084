// SPDX-License-Identifier: Apache-2.0
#include "event/field.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace intelmq {
namespace {

bool is_word(char c) { return (c >= 'a' && c <= 'z') || c == '_'; }
bool is_word_or_digit(char c) { return is_word(c) || (c >= '0' && c <= '9'); }

constexpr auto field_names = [] {
  std::array<std::string_view, field_count> names{};
  for (std::size_t i = 0; i < field_count; ++i) names[i] = field_table[i].name;
  return names;
}();

}  // namespace

Result<FieldName> FieldName::parse(std::string_view text) {
  if (const auto id = find_field(text)) return FieldName(*id);
  const bool extra = text.starts_with("extra.");
  if (extra && is_well_formed_name(text)) return FieldName(std::string(text));
  const std::string quoted = quote_for_message(text);
  if (extra) {
    return fail(quoted +
                " is not a field: the parts of a name below extra consist of a-z, 0-9 and _");
  }
  return fail(quoted + " is not a field" + did_you_mean(nearest_field(text)));
}

bool is_well_formed_name(std::string_view name) {
  bool first = true;
  for (const std::string_view part : split(name, '.')) {
    if (part.size() < (first ? 2U : 1U) || (first && !is_word(part.front()))) return false;
    if (!std::all_of(part.begin(), part.end(), is_word_or_digit)) return false;
    first = false;
  }
  return true;
}

std::string_view nearest_field(std::string_view name) { return nearest(name, field_names); }

}  // namespace intelmq
