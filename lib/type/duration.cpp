// SPDX-License-Identifier: Apache-2.0
#include "type/duration.hpp"

#include <cstdint>
#include <limits>

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

}  // namespace

std::string Duration::text() const {
  const auto count = value.count();
  if (count == 0) return "0s";
  const auto amount = static_cast<std::uint64_t>(count);
  if (count < 0) return "-" + quantity_text(0 - amount, written_units);
  return quantity_text(amount, written_units);
}

Result<Duration> parse_duration(std::string_view text) {
  constexpr auto limit = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  const auto amount = parse_quantity(text, read_units, second, limit, false);
  if (!amount) {
    return fail("'" + std::string{text} + "' is not a duration such as 500ms, 30s or 5m");
  }
  return Duration{std::chrono::nanoseconds{static_cast<std::int64_t>(*amount)}};
}

}  // namespace intelmq
