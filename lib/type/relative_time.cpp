// SPDX-License-Identifier: Apache-2.0
#include "type/relative_time.hpp"

#include <algorithm>
#include <cstdint>

namespace intelmq {
namespace {

struct Unit {
  std::string_view name;
  double minutes;
  double per;  // units that make up `minutes`
};

constexpr Unit units[] = {{"second", 1, 60},  {"minute", 1, 1},   {"hour", 60, 1},
                          {"day", 1440, 1},   {"week", 10080, 1}, {"month", 43200, 1},
                          {"year", 525600, 1}};

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1C && c <= 0x1F); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::optional<double> parse_relative_minutes(std::string_view text) {
  constexpr std::ptrdiff_t most_digits = 15;
  const auto* number_end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto* name = std::find_if_not(number_end, text.end(), is_space);
  const std::ptrdiff_t digits = number_end - text.begin();
  if (digits < 1 || digits > most_digits || name == number_end) return std::nullopt;
  std::int64_t count = 0;
  for (const auto* c = text.begin(); c != number_end; ++c) count = count * 10 + (*c - '0');
  std::string_view unit = text.substr(static_cast<std::size_t>(name - text.begin()));
  if (!unit.empty() && unit.back() == 's') unit.remove_suffix(1);
  const auto* found = std::find_if(std::begin(units), std::end(units),
                                   [unit](const Unit& u) { return u.name == unit; });
  if (found == std::end(units)) return std::nullopt;
  return static_cast<double>(count) * found->minutes / found->per;
}

bool is_relative(std::string_view text) {
  return std::any_of(std::begin(units), std::end(units),
                     [text](const Unit& unit) { return text.find(unit.name) != text.npos; });
}

}  // namespace intelmq
