// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace intelmq {

/// A year within 50 years of `this_year` for a number below 100; any other number is itself.
std::int64_t full_year(std::int64_t year, int this_year);

/// What is known of a date; nothing is checked against the calendar.
struct PartialDate {
  std::optional<std::int64_t> year;
  std::optional<std::int64_t> month;
  std::optional<std::int64_t> day;
};

/// Up to three numbers of a date in the order in which they were written. Which is the year, the
/// month and the day is decided at the end: month first, unless a value or a month name tells
/// otherwise.
class DateMembers {
 public:
  /// A number. False when there is no room for it, or when it is above 100 and another year is
  /// certain.
  bool add(std::int64_t value, bool above_hundred);

  /// A written number, a year for certain when it has more than two digits. False also when it is
  /// no whole number.
  bool add_text(std::string_view digits);

  /// The month by its name, 1 to 12. False when there is one already.
  bool add_month(int month);

  int size() const { return size_; }
  bool has_month_name() const { return month_at_ >= 0; }

  /// Whether the number could be the day, given the month name and the certain year, if any.
  bool could_be_day(std::int64_t value) const;

  /// The members by their roles; two-digit years lie near `this_year`.
  PartialDate resolve(int this_year) const;

 private:
  bool put(std::int64_t value, bool certain_year);
  PartialDate by_role(int year_at, int month_at, int day_at) const;
  PartialDate one() const;
  PartialDate two() const;
  PartialDate three() const;
  PartialDate three_with_name() const;
  PartialDate assign() const;

  std::array<std::int64_t, 3> values_{};
  int size_ = 0;
  int year_at_ = -1;   // the certain year
  int month_at_ = -1;  // the month given by name
  bool exact_year_ = false;
};

}  // namespace intelmq
