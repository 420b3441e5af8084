// SPDX-License-Identifier: Apache-2.0
#include "type/quantity.hpp"

#include <algorithm>

#include "type/python_text.hpp"

namespace intelmq {
namespace {

__extension__ using Wide = unsigned __int128;

bool is_digit(char c) { return c >= '0' && c <= '9'; }

std::string_view take_digits(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
  const auto count = static_cast<std::size_t>(end - text.begin());
  const std::string_view digits = text.substr(0, count);
  text.remove_prefix(count);
  return digits;
}

std::optional<std::uint64_t> unit_size(std::string_view name, std::span<const Unit> units,
                                       std::uint64_t bare, bool any_case) {
  if (name.empty()) return bare;
  for (const Unit& unit : units) {
    if (unit.name == name || (any_case && lower(unit.name) == lower(name))) return unit.size;
  }
  return std::nullopt;
}

// The fraction `0.digits` of `size`, cut off.
std::uint64_t part_of(std::uint64_t size, std::string_view digits) {
  Wide numerator = 0;
  Wide denominator = 1;
  for (const char c : digits.substr(0, 18)) {
    numerator = numerator * 10 + static_cast<unsigned>(c - '0');
    denominator *= 10;
  }
  return static_cast<std::uint64_t>(numerator * size / denominator);
}

}  // namespace

std::optional<std::uint64_t> parse_quantity(std::string_view text, std::span<const Unit> units,
                                            std::uint64_t bare, std::uint64_t limit,
                                            bool any_case) {
  text = strip(text);
  const std::string_view whole = take_digits(text);
  std::string_view fraction;
  if (!text.empty() && text.front() == '.') {
    text.remove_prefix(1);
    fraction = take_digits(text);
    if (fraction.empty()) return std::nullopt;
  }
  const auto size = unit_size(strip(text), units, bare, any_case);
  if (whole.empty() || !size) return std::nullopt;
  Wide amount = 0;
  for (const char c : whole) {
    amount = amount * 10 + static_cast<unsigned>(c - '0');
    if (amount > limit) return std::nullopt;
  }
  amount = amount * *size + part_of(*size, fraction);
  if (amount > limit) return std::nullopt;
  return static_cast<std::uint64_t>(amount);
}

std::string quantity_text(std::uint64_t amount, std::span<const Unit> units) {
  for (const Unit& unit : units) {
    if (amount % unit.size == 0) return std::to_string(amount / unit.size).append(unit.name);
  }
  return std::to_string(amount);
}

}  // namespace intelmq
