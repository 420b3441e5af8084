// SPDX-License-Identifier: Apache-2.0
#include "type/duration.hpp"

#include <cstdint>
#include <limits>
#include <optional>
#include <span>

#include "type/quantity.hpp"

namespace intelmq {
namespace {

constexpr std::uint64_t second = 1'000'000'000;

constexpr Unit read_units[] = {
    {"ns", 1},          {"us", 1'000},        {"ms", 1'000'000},     {"s", second},
    {"m", 60 * second}, {"h", 3600 * second}, {"d", 86400 * second}, {"w", 604800 * second}};

constexpr Unit written_units[] = {
    {"d", 86400 * second}, {"h", 3600 * second}, {"m", 60 * second}, {"s", second},
    {"ms", 1'000'000},     {"us", 1'000},        {"ns", 1}};

constexpr auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

constexpr Unit iso_days[] = {{"w", 604800 * second}, {"d", 86400 * second}};
constexpr Unit iso_times[] = {{"h", 3600 * second}, {"m", 60 * second}, {"s", second}};

/// Adds what stands on one side of the T, each unit once and in their order; nothing: it is wrong.
std::optional<std::uint64_t> add_parts(std::string_view text, std::span<const Unit> units,
                                       std::uint64_t sum, bool& fraction) {
  while (!text.empty()) {
    const std::size_t letter = text.find_first_not_of("0123456789.");
    if (letter == text.npos || letter == 0 || fraction) return std::nullopt;
    const std::string_view number = text.substr(0, letter);
    const char name = text[letter] >= 'A' && text[letter] <= 'Z'
                          ? static_cast<char>(text[letter] - 'A' + 'a')
                          : ' ';
    while (!units.empty() && units.front().name.front() != name) units = units.subspan(1);
    if (units.empty()) return std::nullopt;
    const auto amount = parse_quantity(number, {}, units.front().size, limit - sum, false);
    if (!amount) return std::nullopt;
    fraction = number.find('.') != number.npos;
    sum += *amount;
    units = units.subspan(1);
    text.remove_prefix(letter + 1);
  }
  return sum;
}

std::optional<std::uint64_t> iso_amount(std::string_view text) {
  if (!text.starts_with('P')) return std::nullopt;
  const std::size_t time = text.find('T');
  if (text.size() < 2 || time == text.size() - 1) return std::nullopt;
  bool fraction = false;
  const std::string_view days = text.substr(1, time == text.npos ? text.npos : time - 1);
  auto sum = add_parts(days, iso_days, 0, fraction);
  if (!sum || time == text.npos) return sum;
  return add_parts(text.substr(time + 1), iso_times, *sum, fraction);
}

}  // namespace

std::string Duration::text() const {
  const auto count = value.count();
  if (count == 0) return "0s";
  const auto amount = static_cast<std::uint64_t>(count);
  if (count < 0) return "-" + quantity_text(0 - amount, written_units);
  return quantity_text(amount, written_units);
}

std::string Duration::iso_text() const {
  if (value.count() <= 0) return "PT0S";
  auto left = static_cast<std::uint64_t>(value.count());
  std::string out = "P";
  const auto part = [&](std::uint64_t size, char name) {
    if (left >= size) out += std::to_string(left / size) + name;
    left %= size;
  };
  part(86400 * second, 'D');
  if (left == 0) return out;
  out += 'T';
  part(3600 * second, 'H');
  part(60 * second, 'M');
  if (left % second == 0) {
    part(second, 'S');
    return out;
  }
  std::string fraction = std::to_string(second + left % second).substr(1);
  fraction.erase(fraction.find_last_not_of('0') + 1);
  return out + std::to_string(left / second) + "." + fraction + "S";
}

Result<Duration> parse_duration(std::string_view text) {
  const auto amount = parse_quantity(text, read_units, second, limit, false);
  if (!amount) {
    return fail("'" + std::string{text} + "' is not a duration such as 500ms, 30s or 5m");
  }
  return Duration{std::chrono::nanoseconds{static_cast<std::int64_t>(*amount)}};
}

Result<Duration> parse_iso_duration(std::string_view text) {
  const auto amount = iso_amount(text);
  if (!amount)
    return fail("'" + std::string{text} + "' is not an ISO 8601 duration such as PT30S or P8D");
  return Duration{std::chrono::nanoseconds{static_cast<std::int64_t>(*amount)}};
}

}  // namespace intelmq
