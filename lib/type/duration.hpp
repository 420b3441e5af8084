// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <compare>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace intelmq {

/// A length of time, never negative when parsed, up to 292 years.
struct Duration {
  std::chrono::nanoseconds value{0};

  constexpr Duration() = default;
  /// From any chrono duration: `Duration timeout = 30s;`.
  template <class Count, class Period>
  constexpr Duration(std::chrono::duration<Count, Period> length)
      : value{std::chrono::duration_cast<std::chrono::nanoseconds>(length)} {}

  constexpr double seconds() const { return std::chrono::duration<double>(value).count(); }
  constexpr std::chrono::milliseconds milliseconds() const {
    return std::chrono::duration_cast<std::chrono::milliseconds>(value);
  }

  /// The whole number of the largest unit that loses nothing, such as `500ms`, `90s`, `2h`; parse
  /// it to get the same value.
  std::string text() const;
  /// As ISO 8601 has it: `PT30S`, `P8D`, `P1DT2H`, `PT0.5S`.
  std::string iso_text() const;

  constexpr bool operator==(const Duration&) const = default;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes what is generated for a 0
  constexpr auto operator<=>(const Duration&) const = default;
};

/// Reads `500ms`, `30s`, `5m`, `2h`, `1d`, `1.5h`; also the units ns, us and w. A plain number
/// counts seconds. What is finer than a nanosecond is cut off.
Result<Duration> parse_duration(std::string_view text);

/// Reads ISO 8601: `PT30S`, `P8D`, `P1DT2H30M`, `P2W`; the last number may have a fraction. Years
/// and months have no length and are refused.
Result<Duration> parse_iso_duration(std::string_view text);

}  // namespace intelmq
