// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "event/field.hpp"
#include "type/timestamp.hpp"

namespace intelmq {

/// The value of DHO 1's type rules, on raw JSON text: what an event may carry as it is ...
bool is_valid(FieldType type, std::string_view raw);

/// ... and what any other value becomes, as raw JSON text in Python's spelling; nothing if the type
/// cannot take it. The result may still be invalid (`0.0.0.0`). `now` completes partial dates.
std::optional<std::string> sanitise(FieldType type, std::string_view raw, Timestamp now);

/// Whether the value is one that DHO 1 ignores: null, "", "-" or "N/A".
constexpr bool is_ignored(std::string_view raw) {
  return raw.size() <= 5 && (raw == "null" || raw == "\"\"" || raw == "\"-\"" || raw == "\"N/A\"");
}

/// Whether the text (Python's str() of a value) satisfies one of DHO 1's own patterns.
bool matches(FieldPattern pattern, std::string_view text);

/// The taxonomy that a classification.type belongs to; empty for a type that DHO 1 does not know.
std::string_view taxonomy_of(std::string_view classification_type);

/// The text of a raw JSON value as Python's str() gives it; a plain string's own slice, else
/// `scratch`.
std::string_view python_text(std::string_view raw, std::string& scratch);

}  // namespace intelmq
