// SPDX-License-Identifier: Apache-2.0
#include "type/iso_duration.hpp"

#include <fmt/format.h>

#include <cstdint>
#include <optional>

#include "base/text.hpp"

namespace intelmq {
namespace {

constexpr std::int64_t milli = 1'000'000;  // in nanoseconds
constexpr std::int64_t second = 1000 * milli, minute = 60 * second, hour = 60 * minute,
                       day = 24 * hour;

struct Unit {
  char letter;
  bool time;  // behind the T
  std::int64_t length;
};
// In the order in which they may come.
constexpr Unit units[] = {{'W', false, 7 * day},
                          {'D', false, day},
                          {'H', true, hour},
                          {'M', true, minute},
                          {'S', true, second}};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// A number at the beginning of `text`, which is moved behind it, in millionths.
std::optional<std::int64_t> take_number(std::string_view& text, bool& fraction) {
  std::int64_t value = 0;
  std::size_t digits = 0;
  for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1), ++digits)
    if (digits < 9) value = 10 * value + (text.front() - '0');
  if (digits == 0 || digits > 9) return std::nullopt;
  value *= 1'000'000;
  fraction = !text.empty() && (text.front() == '.' || text.front() == ',');
  if (!fraction) return value;
  text.remove_prefix(1);
  std::int64_t place = 100'000;
  if (text.empty() || !is_digit(text.front())) return std::nullopt;
  for (; !text.empty() && is_digit(text.front()); text.remove_prefix(1), place /= 10)
    value += place * (text.front() - '0');
  return value;
}

std::optional<std::int64_t> nanoseconds(std::string_view text) {
  if (text.size() < 3 || text.front() != 'P') return std::nullopt;
  text.remove_prefix(1);
  std::int64_t sum = 0;
  const Unit* next = std::begin(units);
  bool time = false, fraction = false;
  while (!text.empty()) {
    if (fraction) return std::nullopt;  // only the last may have one
    if (text.front() == 'T') {
      if (time) return std::nullopt;
      time = true;
      text.remove_prefix(1);
    }
    const auto number = take_number(text, fraction);
    if (!number || text.empty()) return std::nullopt;
    while (next != std::end(units) && (next->letter != text.front() || next->time != time)) ++next;
    if (next == std::end(units)) return std::nullopt;
    const std::int64_t unit = next++->length / 1'000'000;
    if (*number > (INT64_MAX - sum) / unit) return std::nullopt;
    sum += *number * unit;
    text.remove_prefix(1);
  }
  return sum;
}

}  // namespace

Result<Duration> parse_iso_duration(std::string_view text) {
  if (const auto length = nanoseconds(text)) return Duration(std::chrono::nanoseconds(*length));
  return fail(quote_for_message(text) +
              " is no duration; write it as ISO 8601 does: PT30S, PT10M, PT1H30M, P1D");
}

std::string iso_duration(Duration length) {
  std::int64_t left = length.value.count();
  std::string date = "P", time = "T";
  for (const auto& [letter, is_time, size] : units) {
    if (letter == 'W' || letter == 'S') continue;
    if (left >= size) (is_time ? time : date) += fmt::format("{}{}", left / size, letter);
    left %= size;
  }
  const std::int64_t millis = left / milli;
  if (millis % 1000 != 0) {
    std::string fraction = fmt::format("{:03}", millis % 1000);
    while (fraction.back() == '0') fraction.pop_back();
    time += fmt::format("{}.{}S", millis / 1000, fraction);
  } else if (millis != 0 || (date.size() == 1 && time.size() == 1)) {
    time += fmt::format("{}S", millis / 1000);
  }
  return time.size() == 1 ? date : date + time;
}

}  // namespace intelmq
