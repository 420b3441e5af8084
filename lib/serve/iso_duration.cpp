// SPDX-License-Identifier: Apache-2.0
#include "serve/iso_duration.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace intelmq::serve {
namespace {

constexpr double most_seconds = 100 * 365.25 * 86400;

struct Unit {
  char letter;
  double seconds;
};
constexpr Unit date_units[] = {{'W', 604800}, {'D', 86400}};
constexpr Unit time_units[] = {{'H', 3600}, {'M', 60}, {'S', 1}};

/// Reads a number with its unit off the front; units come in their order, each once. Nothing: the
/// text is wrong.
template <std::size_t N>
std::optional<double> read_part(std::string_view& text, const Unit (&units)[N], std::size_t& next) {
  double number = 0, digit = 0;
  std::size_t at = 0;
  for (; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at)
    number = number * 10 + (text[at] - '0');
  bool some = at > 0, fraction = false;
  if (some && at < text.size() && (text[at] == '.' || text[at] == ',')) {
    some = false;
    fraction = true;
    digit = 0.1;
    for (++at; at < text.size() && text[at] >= '0' && text[at] <= '9'; ++at) {
      number += digit * (text[at] - '0');
      digit /= 10;
      some = true;
    }
  }
  if (!some || at == text.size()) return std::nullopt;
  for (; next < N; ++next) {
    if (units[next].letter != text[at]) continue;
    text.remove_prefix(at + 1);
    if (fraction && !text.empty()) return std::nullopt;  // only the last may have one
    return number * units[next++].seconds;
  }
  return std::nullopt;
}

}  // namespace

std::optional<double> parse_iso_duration(std::string_view text) {
  if (text.size() < 3 || text.front() != 'P') return std::nullopt;
  text.remove_prefix(1);
  double sum = 0;
  for (std::size_t next = 0; !text.empty() && text.front() != 'T';) {
    const auto part = read_part(text, date_units, next);
    if (!part) return std::nullopt;
    sum += *part;
  }
  if (!text.empty()) {
    text.remove_prefix(1);
    if (text.empty()) return std::nullopt;
    for (std::size_t next = 0; !text.empty();) {
      const auto part = read_part(text, time_units, next);
      if (!part) return std::nullopt;
      sum += *part;
    }
  }
  if (!(sum <= most_seconds)) return std::nullopt;
  return sum;
}

std::string iso_duration(double seconds) {
  auto left = static_cast<std::int64_t>(std::llround(std::max(seconds, 0.0) * 1000));
  std::string out = "P";
  if (left >= 86'400'000) {
    out += std::to_string(left / 86'400'000) + 'D';
    left %= 86'400'000;
  }
  if (left == 0) return out.size() > 1 ? out : "PT0S";
  out += 'T';
  if (left >= 3'600'000) out += std::to_string(left / 3'600'000) + 'H';
  left %= 3'600'000;
  if (left >= 60'000) out += std::to_string(left / 60'000) + 'M';
  left %= 60'000;
  if (left % 1000)
    out += fmt::format("{}S", static_cast<double>(left) / 1000);
  else if (left)
    out += std::to_string(left / 1000) + 'S';
  return out;
}

std::string span_text(double seconds) {
  if (seconds < 120) return fmt::format("{:.0f} s", std::max(seconds, 0.0));
  if (seconds < 7200) return fmt::format("{:.0f} min", std::floor(seconds / 60));
  if (seconds < 172800) return fmt::format("{:.0f} h", std::floor(seconds / 3600));
  return fmt::format("{:.0f} d", std::floor(seconds / 86400));
}

}  // namespace intelmq::serve
