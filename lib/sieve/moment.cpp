// SPDX-License-Identifier: Apache-2.0
#include "sieve/moment.hpp"

#include <cmath>

#include "type/relative_time.hpp"

namespace intelmq::sieve {
namespace {

constexpr std::int64_t day_seconds = 86400;

/// Takes a text apart from its front.
class Reader {
 public:
  explicit Reader(std::string_view text) : rest_{text} {}
  bool done() const { return rest_.empty(); }
  std::size_t digits() const {
    const std::size_t end = rest_.find_first_not_of("0123456789");
    return end == rest_.npos ? rest_.size() : end;
  }
  bool accept(char c) {
    if (!rest_.starts_with(c)) return false;
    rest_.remove_prefix(1);
    return true;
  }
  bool number(std::size_t size, int& out) {
    if (digits() < size) return false;
    out = 0;
    for (std::size_t i = 0; i < size; ++i) out = out * 10 + (rest_[i] - '0');
    rest_.remove_prefix(size);
    return true;
  }
  char front() const { return rest_.empty() ? '\0' : rest_.front(); }

 private:
  std::string_view rest_;
};

bool read_week(Reader& in, CivilTime& out, int& days) {
  int week = 0, day = 1;
  if (!in.number(2, week) || week < 1 || week > 53) return false;
  if (in.accept('-') ? !in.number(1, day) : in.digits() == 1 && !in.number(1, day)) return false;
  if (day < 1 || day > 7) return false;
  out.month = out.day = 1;
  // Week 1 holds the fourth of January.
  days = 3 - weekday(out.year, 1, 4) + (week - 1) * 7 + day - 1;
  return true;
}

bool read_ordinal(Reader& in, CivilTime& out, int& days) {
  const bool leap = days_in_month(out.year, 2) == 29;
  return in.number(3, days) && days >= 1 && days-- <= (leap ? 366 : 365);
}

/// `days` are to be added to the date.
bool read_date(Reader& in, CivilTime& out, int& days) {
  if (!in.number(4, out.year)) return false;
  if (in.done()) return true;
  const char separator = in.front();
  const bool separated = separator == '-' || separator == '/';
  if (separated) in.accept(separator);
  if (in.accept('W')) return read_week(in, out, days);
  if (in.digits() == 3) return read_ordinal(in, out, days);
  if (!in.number(2, out.month)) return false;
  if (separated ? !in.accept(separator) : in.digits() == 0) return true;
  return in.number(2, out.day);
}

bool read_fraction(Reader& in, int& micros) {
  if (!in.accept('.') && !in.accept(',')) return true;
  const std::size_t digits = in.digits();
  if (digits == 0 || digits > 9) return false;
  int unit = 100000, digit = 0;
  for (std::size_t i = 0; i < digits; ++i, unit /= 10) {
    in.number(1, digit);
    micros += digit * unit;
  }
  return true;
}

bool read_time(Reader& in, CivilTime& out) {
  if (!in.number(2, out.hour)) return false;
  const bool colon = in.accept(':');
  if (!colon && in.digits() == 0) return true;
  if (!in.number(2, out.minute)) return false;
  if (colon ? !in.accept(':') : in.digits() == 0) return true;
  return in.number(2, out.second) && read_fraction(in, out.micros);
}

bool read_offset(Reader& in, std::int64_t& seconds) {
  seconds = 0;
  if (in.done() || in.accept('Z') || in.accept('z')) return true;
  const bool west = in.front() == '-';
  if (!in.accept('+') && !in.accept('-')) return false;
  int hours = 0, minutes = 0;
  if (!in.number(2, hours) || hours > 23) return false;
  if (in.accept(':') || in.digits() > 0)
    if (!in.number(2, minutes) || minutes > 59) return false;
  seconds = (west ? -1 : 1) * (hours * 3600 + minutes * 60);
  return true;
}

std::optional<Timestamp> parse_instant(std::string_view text) {
  Reader in(text);
  CivilTime civil;
  int days = 0;
  std::int64_t offset = 0;
  if (!read_date(in, civil, days)) return std::nullopt;
  if (!in.done()) {
    if (!in.accept('T') && !in.accept(' ')) return std::nullopt;
    if (!read_time(in, civil) || !read_offset(in, offset)) return std::nullopt;
  }
  const auto at = from_civil(civil);
  if (!in.done() || !at) return std::nullopt;
  return shifted(*at, days * day_seconds - offset);
}

std::optional<Timestamp> parse_time_of_day(std::string_view text) {
  if (text.size() < 5 || text[2] != ':') return std::nullopt;
  Reader in(text);
  CivilTime civil;
  if (!read_time(in, civil) || !in.done()) return std::nullopt;
  return from_civil(civil);
}

}  // namespace

std::optional<Moment> Moment::parse(std::string_view text) {
  if (const auto at = parse_instant(text)) return Moment{Kind::instant, *at};
  if (const auto at = parse_time_of_day(text)) return Moment{Kind::today, *at};
  if (const auto span = parse_span(text)) return Moment{Kind::ago, {*span, 0}};
  return std::nullopt;
}

Timestamp Moment::resolve(Timestamp now) const {
  if (kind == Kind::instant) return at;
  if (kind == Kind::ago) return {now.seconds - at.seconds, now.micros};
  return {now.seconds - now.seconds % day_seconds + at.seconds, at.micros};
}

std::optional<std::int64_t> parse_span(std::string_view text) {
  constexpr double most = 10000.0 * 365 * day_seconds;
  const auto minutes = parse_relative_minutes(text);
  if (!minutes || *minutes * 60 > most) return std::nullopt;
  return std::llround(*minutes * 60);
}

}  // namespace intelmq::sieve
