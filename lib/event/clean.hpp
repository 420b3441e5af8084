// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "event/harmonization.hpp"

namespace intelmq {

/// Whether the text consists of printable ASCII without `"` and `\`, so that a JSON string literal
/// holds it byte for byte. An empty text is not plain.
bool is_plain(std::string_view text);

/// Whether a value of this type that is given as plain text is valid and stays exactly this text
/// (of numbers: these digits) when it is sanitised. False only means that it is not known: the
/// test is quick and looks for the usual spelling alone.
bool is_clean(FieldType type, std::string_view plain);

/// Whether raw JSON surely satisfies the rule; like is_clean, it only knows the usual spelling.
bool is_usual(const FieldRule& rule, std::string_view raw);

/// As `matches`, for plain text.
bool plain_fits(FieldPattern pattern, std::string_view plain);

/// Whether raw JSON of the type is the bare text instead of a string: integers and numbers.
constexpr bool is_bare(FieldType type) {
  return type == FieldType::Integer || type == FieldType::ASN || type == FieldType::Float ||
         type == FieldType::Accuracy;
}

}  // namespace intelmq
