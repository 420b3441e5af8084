// SPDX-License-Identifier: Apache-2.0
#include "type/timestamp.hpp"

#include <emmintrin.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstring>

#include "type/fuzzy_date.hpp"

namespace intelmq {
namespace {

using std::chrono::sys_days;
using std::chrono::year_month_day;

constexpr std::int64_t day_seconds = 86400;
constexpr std::int64_t first_second = -62135596800;  // 0001-01-01T00:00:00
constexpr std::int64_t last_second = 253402300799;   // 9999-12-31T23:59:59

sys_days to_days(int year, int month, int day) {
  return sys_days{year_month_day{std::chrono::year{year},
                                 std::chrono::month{static_cast<unsigned>(month)},
                                 std::chrono::day{static_cast<unsigned>(day)}}};
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

char* put(char* out, int value, int width) {
  for (int i = width - 1; i >= 0; --i, value /= 10) out[i] = static_cast<char>('0' + value % 10);
  return out + width;
}

char* put(char* out, char c) {
  *out = c;
  return out + 1;
}

// A cursor over the strict form; after a mismatch `ok` stays false.
struct Cursor {
  std::string_view rest;
  bool ok = true;

  bool next_is(char c) const { return !rest.empty() && rest.front() == c; }

  void literal(char c) {
    ok = ok && next_is(c);
    if (ok) rest.remove_prefix(1);
  }

  int digits(int least, int most) {
    int value = 0;
    int count = 0;
    while (count < most && !rest.empty() && is_digit(rest.front())) {
      value = value * 10 + (rest.front() - '0');
      rest.remove_prefix(1);
      ++count;
    }
    ok = ok && count >= least;
    return value;
  }
};

int day_of_month(Cursor& cursor) {
  if (!cursor.next_is(' ')) return cursor.digits(1, 2);
  cursor.literal(' ');
  return cursor.digits(1, 1);
}

int fraction(Cursor& cursor) {
  cursor.literal('.');
  const std::size_t before = cursor.rest.size();
  int micros = cursor.digits(1, 6);
  for (std::size_t used = before - cursor.rest.size(); used < 6; ++used) micros *= 10;
  return micros;
}

std::optional<Timestamp> parse_lax(std::string_view text) {
  Cursor cursor{text};
  CivilTime civil;
  civil.year = cursor.digits(4, 4);
  cursor.literal('-');
  civil.month = cursor.digits(1, 2);
  cursor.literal('-');
  civil.day = day_of_month(cursor);
  cursor.literal(cursor.next_is('t') ? 't' : 'T');
  civil.hour = cursor.digits(1, 2);
  cursor.literal(':');
  civil.minute = cursor.digits(1, 2);
  cursor.literal(':');
  civil.second = cursor.digits(1, 2);
  if (cursor.next_is('.')) civil.micros = fraction(cursor);
  if (!cursor.ok || cursor.rest != "+00:00") return std::nullopt;
  return from_civil(civil);
}

constexpr std::string_view padded_shape = "dddd-dd-ddTdd:dd:dd+00:00";

/// Whether each of 16 bytes lies in the range that the shape has at that place.
bool fits_shape(std::string_view text, std::size_t at) {
  static constexpr auto lowest = [] {
    std::array<char, padded_shape.size()> out{};
    for (std::size_t i = 0; i < out.size(); ++i)
      out[i] = padded_shape[i] == 'd' ? '0' : padded_shape[i];
    return out;
  }();
  static constexpr auto above = [] {
    std::array<char, padded_shape.size()> out{};
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = padded_shape[i] == 'd' ? 9 : 0;
    return out;
  }();
  const auto load = [at](const char* p) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + at));
  };
  const __m128i over = _mm_sub_epi8(load(text.data()), load(lowest.data()));
  return _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(over, load(above.data())), over)) == 0xffff;
}

bool is_padded(std::string_view text) {
  return text.size() == padded_shape.size() && fits_shape(text, 0) &&
         fits_shape(text, padded_shape.size() - 16);
}

int two(const char* at) { return (at[0] - '0') * 10 + (at[1] - '0'); }

}  // namespace

int days_in_month(int year, int month) {
  constexpr int days[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
  if (month < 1 || month > 12) return 0;
  return month == 2 && std::chrono::year{year}.is_leap() ? 29 : days[month - 1];
}

int weekday(int year, int month, int day) {
  return static_cast<int>(std::chrono::weekday{to_days(year, month, day)}.iso_encoding()) - 1;
}

std::optional<Timestamp> from_civil(const CivilTime& civil) {
  if (civil.year < 1 || civil.year > 9999 || civil.day < 1 ||
      civil.day > days_in_month(civil.year, civil.month)) {
    return std::nullopt;
  }
  if (civil.hour < 0 || civil.hour > 23 || civil.minute < 0 || civil.minute > 59 ||
      civil.second < 0 || civil.second > 59 || civil.micros < 0 || civil.micros > 999999) {
    return std::nullopt;
  }
  const std::int64_t days = to_days(civil.year, civil.month, civil.day).time_since_epoch().count();
  return Timestamp{days * day_seconds + civil.hour * 3600 + civil.minute * 60 + civil.second,
                   civil.micros};
}

CivilTime to_civil(Timestamp instant) {
  std::int64_t days = instant.seconds / day_seconds;
  std::int64_t rest = instant.seconds % day_seconds;
  if (rest < 0) {
    rest += day_seconds;
    --days;
  }
  const year_month_day date{sys_days{std::chrono::days{days}}};
  CivilTime civil;
  civil.year = static_cast<int>(date.year());
  civil.month = static_cast<int>(static_cast<unsigned>(date.month()));
  civil.day = static_cast<int>(static_cast<unsigned>(date.day()));
  civil.hour = static_cast<int>(rest / 3600);
  civil.minute = static_cast<int>(rest / 60 % 60);
  civil.second = static_cast<int>(rest % 60);
  civil.micros = instant.micros;
  return civil;
}

std::optional<Timestamp> shifted(Timestamp instant, std::int64_t seconds) {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(instant.seconds, seconds, &sum)) return std::nullopt;
  if (sum < first_second || sum > last_second) return std::nullopt;
  return Timestamp{sum, instant.micros};
}

std::size_t Timestamp::write(char* out) const {
  Timestamp inside = *this;
  if (seconds < first_second) inside = {first_second, 0};
  if (seconds > last_second) inside = {last_second, 999999};
  const CivilTime civil = to_civil(inside);
  char* end = put(put(out, civil.year, 4), '-');
  end = put(put(end, civil.month, 2), '-');
  end = put(put(end, civil.day, 2), 'T');
  end = put(put(end, civil.hour, 2), ':');
  end = put(put(end, civil.minute, 2), ':');
  end = put(end, civil.second, 2);
  if (civil.micros > 0) end = put(put(end, '.'), civil.micros, 6);
  std::copy_n("+00:00", 6, end);
  return static_cast<std::size_t>(end + 6 - out);
}

std::string Timestamp::text() const {
  char buffer[max_text];
  return std::string(buffer, write(buffer));
}

std::optional<Timestamp> parse_strict(std::string_view text) {
  if (!is_padded(text)) return parse_lax(text);
  const char* at = text.data();
  CivilTime civil;
  civil.year = two(at) * 100 + two(at + 2);
  civil.month = two(at + 5);
  civil.day = two(at + 8);
  civil.hour = two(at + 11);
  civil.minute = two(at + 14);
  civil.second = two(at + 17);
  return from_civil(civil);
}

// A text equal to its own normal form is always strict, so the strict test covers both.
bool valid_timestamp(std::string_view text) { return parse_strict(text).has_value(); }

std::optional<std::string> sanitise_timestamp(std::string_view text, Timestamp now) {
  if (valid_timestamp(text)) return std::string(text);
  const auto found = parse_fuzzy(text, now);
  if (!found) return std::nullopt;
  return found->text();
}

}  // namespace intelmq
