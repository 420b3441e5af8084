// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <string_view>

namespace intelmq {

/// English names in small letters; index 0 is January or Monday.
inline constexpr std::array<std::string_view, 12> month_names = {
    "january", "february", "march",     "april",   "may",      "june",
    "july",    "august",   "september", "october", "november", "december"};
inline constexpr std::array<std::string_view, 7> weekday_names = {
    "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"};

/// The three letters every one of these names begins with.
constexpr std::string_view short_name(std::string_view name) { return name.substr(0, 3); }

/// Whether `text` is `small`, whatever the case of its ASCII letters. `small` has no capitals.
constexpr bool equals_ignoring_case(std::string_view text, std::string_view small) {
  if (text.size() != small.size()) return false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if ((c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c) != small[i]) return false;
  }
  return true;
}

}  // namespace intelmq
