// SPDX-License-Identifier: Apache-2.0
#include "type/date_members.hpp"

#include <algorithm>

#include "type/timestamp.hpp"

namespace intelmq {
namespace {

constexpr int absent = -1;
constexpr std::int64_t largest_day = 31;
constexpr std::int64_t largest_month = 12;

}  // namespace

std::int64_t full_year(std::int64_t year, int this_year) {
  if (year >= 100) return year;
  year += this_year / 100 * 100;
  if (year >= this_year + 50) return year - 100;
  return year < this_year - 50 ? year + 100 : year;
}

bool DateMembers::put(std::int64_t value, bool certain_year) {
  if (size_ == 3 || (certain_year && year_at_ != absent)) return false;
  if (certain_year) {
    exact_year_ = true;
    year_at_ = size_;
  }
  values_[static_cast<std::size_t>(size_++)] = value;
  return true;
}

bool DateMembers::add(std::int64_t value, bool above_hundred) { return put(value, above_hundred); }

bool DateMembers::add_text(std::string_view digits) {
  constexpr std::size_t most_digits = 15;
  if (digits.empty() || digits.size() > most_digits) return false;
  std::int64_t value = 0;
  for (const char c : digits) {
    if (c < '0' || c > '9') return false;
    value = value * 10 + (c - '0');
  }
  return put(value, digits.size() > 2);
}

bool DateMembers::add_month(int month) {
  if (month_at_ != absent || size_ == 3) return false;
  month_at_ = size_;
  return put(month, false);
}

bool DateMembers::could_be_day(std::int64_t value) const {
  if (value < 1) return false;
  if (!has_month_name()) return value <= largest_day;
  constexpr int any_leap_year = 2000;
  const std::int64_t year =
      year_at_ == absent ? any_leap_year : values_[static_cast<std::size_t>(year_at_)];
  const auto month = static_cast<int>(values_[static_cast<std::size_t>(month_at_)]);
  return value <= days_in_month(static_cast<int>(std::min<std::int64_t>(year, 9999)), month);
}

PartialDate DateMembers::by_role(int year_at, int month_at, int day_at) const {
  const auto member = [this](int at) -> std::optional<std::int64_t> {
    if (at == absent) return std::nullopt;
    return values_[static_cast<std::size_t>(at)];
  };
  return {member(year_at), member(month_at), member(day_at)};
}

PartialDate DateMembers::one() const {
  if (month_at_ == 0) return by_role(absent, 0, absent);
  return values_[0] > largest_day ? by_role(0, absent, absent) : by_role(absent, absent, 0);
}

PartialDate DateMembers::two() const {
  if (month_at_ != absent) {
    const int other = 1 - month_at_;
    const bool is_year = values_[static_cast<std::size_t>(other)] > largest_day;
    return is_year ? by_role(other, month_at_, absent) : by_role(absent, month_at_, other);
  }
  if (values_[0] > largest_day) return by_role(0, 1, absent);
  if (values_[1] > largest_day) return by_role(1, 0, absent);
  return by_role(absent, 0, 1);
}

PartialDate DateMembers::three_with_name() const {
  if (month_at_ == 0) return values_[1] > largest_day ? by_role(1, 0, 2) : by_role(2, 0, 1);
  if (month_at_ == 1) return values_[0] > largest_day ? by_role(0, 1, 2) : by_role(2, 1, 0);
  return values_[1] > largest_day ? by_role(1, 2, 0) : by_role(0, 2, 1);
}

PartialDate DateMembers::three() const {
  if (month_at_ != absent) return three_with_name();
  if (values_[0] > largest_day || year_at_ == 0) return by_role(0, 1, 2);
  return values_[0] > largest_month ? by_role(2, 1, 0) : by_role(2, 0, 1);
}

PartialDate DateMembers::assign() const {
  const int certain = (year_at_ != absent ? 1 : 0) + (month_at_ != absent ? 1 : 0);
  if (size_ == 3 && certain == 2) return by_role(year_at_, month_at_, 3 - year_at_ - month_at_);
  if (size_ == certain) return by_role(year_at_, month_at_, absent);
  if (size_ == 1) return one();
  return size_ == 2 ? two() : three();
}

PartialDate DateMembers::resolve(int this_year) const {
  if (size_ == 0) return {};
  PartialDate date = assign();
  if (date.year && !exact_year_) date.year = full_year(*date.year, this_year);
  return date;
}

}  // namespace intelmq
