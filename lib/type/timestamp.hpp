// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace intelmq {

/// An instant in UTC, years 1 to 9999, microsecond resolution.
struct Timestamp {
  std::int64_t seconds = 0;  ///< Since 1970-01-01T00:00:00 UTC.
  std::int32_t micros = 0;   ///< 0 to 999999, always added to `seconds`.

  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes what is generated for a 0
  auto operator<=>(const Timestamp&) const = default;

  /// The longest text `write` produces.
  static constexpr std::size_t max_text = 32;

  /// The normal form `YYYY-MM-DDTHH:MM:SS[.ffffff]+00:00`; the fraction appears only when it is not
  /// zero.
  std::string text() const;

  /// Writes the normal form to `out` (room for `max_text` bytes, no terminator) and returns its
  /// length. An instant outside the years 1 to 9999 is written as the nearest one inside.
  std::size_t write(char* out) const;
};

/// The calendar fields of an instant, in UTC.
struct CivilTime {
  int year = 1970;
  int month = 1;
  int day = 1;
  int hour = 0;
  int minute = 0;
  int second = 0;
  int micros = 0;
};

/// Nothing unless every field is in range (year 1 to 9999, a day the month has, 23:59:59.999999 at
/// most).
std::optional<Timestamp> from_civil(const CivilTime& civil);

/// The calendar fields of an instant between the years 1 and 9999.
CivilTime to_civil(Timestamp instant);

/// The same instant `seconds` later (or earlier when negative); nothing outside the years 1 to
/// 9999.
std::optional<Timestamp> shifted(Timestamp instant, std::int64_t seconds);

/// 28 to 31; 0 when there is no such month.
int days_in_month(int year, int month);

/// 0 for Monday to 6 for Sunday.
int weekday(int year, int month, int day);

/// Reads `YYYY-MM-DDTHH:MM:SS[.f]+00:00` with 1 to 6 fraction digits. Only the year needs its zero
/// padding, the T may be small, and a one-digit day may follow a blank. The offset is taken
/// literally.
std::optional<Timestamp> parse_strict(std::string_view text);

/// Whether an event may carry the text as a time just as it is.
bool valid_timestamp(std::string_view text);

/// The text itself when it is valid, else the normal form of the date found in it (see
/// fuzzy_date.hpp), else nothing. `now` supplies the fields the text lacks.
std::optional<std::string> sanitise_timestamp(std::string_view text, Timestamp now);

}  // namespace intelmq
