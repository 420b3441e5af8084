// SPDX-License-Identifier: Apache-2.0
#include "type/format_spec.hpp"

#include <array>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <ctime>
#include <optional>

namespace intelmq {
namespace {

struct Time {
  std::tm fields{};
  unsigned microseconds = 0;
  // Minutes east of UTC; nothing without a time zone.
  std::optional<int> offset;
};

// Takes exactly `count` digits off the start of `text`.
bool take_digits(std::string_view& text, std::size_t count, int& value) {
  if (text.size() < count) return false;
  for (const char c : text.substr(0, count)) {
    if (c < '0' || c > '9') return false;
  }
  std::from_chars(text.data(), text.data() + count, value);
  text.remove_prefix(count);
  return true;
}

bool take(std::string_view& text, char wanted) {
  if (text.empty() || text.front() != wanted) return false;
  text.remove_prefix(1);
  return true;
}

bool read_date(std::string_view& text, std::tm& fields) {
  int year = 0;
  int month = 0;
  int day = 0;
  if (!take_digits(text, 4, year) || !take(text, '-') || !take_digits(text, 2, month) ||
      !take(text, '-') || !take_digits(text, 2, day)) {
    return false;
  }
  using namespace std::chrono;
  const year_month_day date{std::chrono::year{year},
                            std::chrono::month{static_cast<unsigned>(month)},
                            std::chrono::day{static_cast<unsigned>(day)}};
  if (!date.ok()) return false;
  const sys_days days{date};
  fields.tm_year = year - 1900;
  fields.tm_mon = month - 1;
  fields.tm_mday = day;
  fields.tm_wday = static_cast<int>(weekday{days}.c_encoding());
  fields.tm_yday = static_cast<int>((days - sys_days{date.year() / January / 1}).count());
  return true;
}

// Fraction of a second, digits beyond the sixth are cut off.
bool read_fraction(std::string_view& text, unsigned& microseconds) {
  if (!take(text, '.')) return true;
  std::size_t count = 0;
  for (; !text.empty() && text.front() >= '0' && text.front() <= '9'; text.remove_prefix(1)) {
    if (count < 6) microseconds = microseconds * 10 + static_cast<unsigned>(text.front() - '0');
    ++count;
  }
  for (std::size_t i = count; i < 6; ++i) microseconds *= 10;
  return count > 0;
}

bool read_clock(std::string_view& text, Time& time) {
  std::tm& fields = time.fields;
  if (!take_digits(text, 2, fields.tm_hour) || !take(text, ':') ||
      !take_digits(text, 2, fields.tm_min)) {
    return false;
  }
  if (take(text, ':') && !take_digits(text, 2, fields.tm_sec)) return false;
  if (fields.tm_hour > 23 || fields.tm_min > 59 || fields.tm_sec > 59) return false;
  return read_fraction(text, time.microseconds);
}

bool read_zone(std::string_view& text, std::optional<int>& offset) {
  if (text.empty()) return true;
  if (take(text, 'Z')) {
    offset = 0;
    return true;
  }
  const bool west = text.front() == '-';
  if (!take(text, '+') && !take(text, '-')) return false;
  int hours = 0;
  int minutes = 0;
  if (!take_digits(text, 2, hours)) return false;
  take(text, ':');
  if (!text.empty() && !take_digits(text, 2, minutes)) return false;
  offset = (west ? -1 : 1) * (hours * 60 + minutes);
  return true;
}

std::optional<Time> read_time(std::string_view text) {
  Time time;
  if (!read_date(text, time.fields)) return std::nullopt;
  if (take(text, 'T') || take(text, ' ')) {
    if (!read_clock(text, time)) return std::nullopt;
  }
  if (!read_zone(text, time.offset) || !text.empty()) return std::nullopt;
  return time;
}

std::string offset_text(int offset, const char* form) {
  std::array<char, 32> text{};
  const int minutes = offset < 0 ? -offset : offset;
  std::snprintf(text.data(), text.size(), form, offset < 0 ? '-' : '+', minutes / 60, minutes % 60);
  return text.data();
}

bool append_directive(std::string& out, char letter, const Time& time) {
  std::array<char, 64> text{};
  switch (letter) {
    case '%': out.push_back('%'); return true;
    case 'f':
      std::snprintf(text.data(), text.size(), "%06u", time.microseconds);
      out.append(text.data());
      return true;
    case 'z':
      if (time.offset) out.append(offset_text(*time.offset, "%c%02d%02d"));
      return true;
    case 'Z':
      if (time.offset) out.append("UTC");
      if (time.offset.value_or(0) != 0) out.append(offset_text(*time.offset, "%c%02d:%02d"));
      return true;
    default: break;
  }
  constexpr std::string_view known = "aAbBcdDeFGHIjmMnprRStTuUVwWxXyY";
  if (known.find(letter) == std::string_view::npos) return false;
  const std::array<char, 3> form{'%', letter, '\0'};
  out.append(text.data(), std::strftime(text.data(), text.size(), form.data(), &time.fields));
  return true;
}

}  // namespace

Result<void> append_strftime(std::string& out, std::string_view format, std::string_view time) {
  const auto read = read_time(time);
  if (!read)
    return fail("'" + std::string(time) + "' is no time such as 2026-11-24T02:38:58+00:00");
  for (std::size_t at = 0; at < format.size(); ++at) {
    if (format[at] != '%') {
      out.push_back(format[at]);
      continue;
    }
    ++at;
    if (at == format.size() || !append_directive(out, format[at], *read)) {
      return fail("'" + std::string(format) +
                  "' has an unknown directive; write %% for a percent sign");
    }
  }
  return {};
}

}  // namespace intelmq
