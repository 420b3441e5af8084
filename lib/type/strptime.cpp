// SPDX-License-Identifier: Apache-2.0
#include "type/strptime.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

#include "type/calendar_names.hpp"

namespace intelmq {
namespace {

constexpr int minute_seconds = 60;
constexpr int hour_seconds = 3600;
constexpr int day_seconds = 86400;
constexpr std::string_view half_days[] = {"am", "pm"};
constexpr std::string_view zones[] = {"utc", "gmt"};

struct Digits {
  char directive;
  int widest;
  int narrowest;
  int least;
  int most;
};

constexpr Digits digit_directives[] = {
    {'d', 2, 1, 1, 31}, {'f', 6, 1, 0, 999999}, {'G', 4, 4, 0, 9999}, {'H', 2, 1, 0, 23},
    {'I', 2, 1, 1, 12}, {'j', 3, 1, 1, 366},    {'m', 2, 1, 1, 12},   {'M', 2, 1, 0, 59},
    {'S', 2, 1, 0, 61}, {'u', 1, 1, 1, 7},      {'U', 2, 1, 0, 53},   {'V', 2, 1, 0, 53},
    {'w', 1, 1, 0, 6},  {'W', 2, 1, 0, 53},     {'y', 2, 2, 0, 99},   {'Y', 4, 4, 0, 9999}};

const Digits* digits_of(char directive) {
  const auto* found =
      std::find_if(std::begin(digit_directives), std::end(digit_directives),
                   [directive](const Digits& row) { return row.directive == directive; });
  return found == std::end(digit_directives) ? nullptr : found;
}

bool is_space(char c) { return c == ' ' || (c >= '\t' && c <= '\r') || (c >= 0x1C && c <= 0x1F); }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
char small(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

bool same_letters(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return small(x) == small(y); });
}

// The composite directives, written out.
std::string_view expansion(char directive) {
  if (directive == 'c') return "%a %b %d %H:%M:%S %Y";
  if (directive == 'x') return "%m/%d/%y";
  return directive == 'X' ? "%H:%M:%S" : "";
}

// The day `days` after 1 January, as year, month and day of `civil`.
bool set_day_of_year(CivilTime& civil, int year, int days) {
  const auto start = from_civil({year, 1, 1, 0, 0, 0, 0});
  const auto day = start ? shifted(*start, std::int64_t{days} * day_seconds) : std::nullopt;
  if (!day) return false;
  const CivilTime date = to_civil(*day);
  civil.year = date.year;
  civil.month = date.month;
  civil.day = date.day;
  return true;
}

}  // namespace

// One attempt to fit a text; alternatives are tried in order, longest first, within a fixed number
// of steps.
class PatternMatch {
 public:
  PatternMatch(const std::vector<TimePattern::Item>& items, std::string_view text)
      : items_{items}, text_{text} {
    values_.fill(absent);
  }

  std::optional<PatternTime> run() {
    // The first fit counts, as in Python: text that is left over does not lead to another try.
    if (!fit(0, 0) || end_ != text_.size()) return std::nullopt;
    return compose();
  }

 private:
  static constexpr int absent = -1;
  static constexpr int most_steps = 20000;

  int& value(char directive) { return values_[static_cast<unsigned char>(directive) & 0x7FU]; }
  bool has(char directive) { return value(directive) != absent; }
  int value_or(char directive, int otherwise) {
    return has(directive) ? value(directive) : otherwise;
  }

  bool fit(std::size_t item, std::size_t at) {
    if (++steps_ > most_steps) return false;
    if (item == items_.size()) {
      end_ = at;
      return true;
    }
    const char directive = items_[item].directive;
    if (directive == 0) return literal(item, at);
    if (directive == ' ') return white_space(item, at);
    if (directive == 'z') return offset(item, at);
    if (const Digits* row = digits_of(directive)) return number(*row, item, at);
    return name(directive, item, at);
  }

  bool literal(std::size_t item, std::size_t at) {
    const std::string& wanted = items_[item].literal;
    return same_letters(text_.substr(at, wanted.size()), wanted) &&
           fit(item + 1, at + wanted.size());
  }

  bool white_space(std::size_t item, std::size_t at) {
    std::size_t end = at;
    while (end < text_.size() && is_space(text_[end])) ++end;
    for (; end > at; --end) {
      if (fit(item + 1, end)) return true;
    }
    return false;
  }

  bool number(const Digits& row, std::size_t item, std::size_t at) {
    if (row.directive == 'd' && at + 1 < text_.size() && text_[at] == ' ' && text_[at + 1] != '0') {
      return accept(row, item, at + 1, 1);
    }
    for (int width = row.widest; width >= row.narrowest; --width) {
      if (accept(row, item, at, width)) return true;
    }
    return false;
  }

  bool accept(const Digits& row, std::size_t item, std::size_t at, int width) {
    const auto size = static_cast<std::size_t>(width);
    if (size > text_.size() - at) return false;
    int number = 0;
    for (const char c : text_.substr(at, size)) {
      if (!is_digit(c)) return false;
      number = number * 10 + (c - '0');
    }
    if (number < row.least || number > row.most) return false;
    for (int i = width; row.directive == 'f' && i < row.widest; ++i) number *= 10;
    value(row.directive) = number;
    return fit(item + 1, at + size);
  }

  bool name(char directive, std::size_t item, std::size_t at) {
    if (directive == 'p') return one_of(half_days, false, directive, item, at);
    if (directive == 'Z') return one_of(zones, false, directive, item, at);
    const bool is_short = directive == 'a' || directive == 'b';
    if (directive == 'a' || directive == 'A') return one_of(weekday_names, is_short, 'a', item, at);
    return one_of(month_names, is_short, 'b', item, at);
  }

  template <class Names>
  bool one_of(const Names& names, bool is_short, char key, std::size_t item, std::size_t at) {
    int index = 0;
    for (const std::string_view full : names) {
      const std::string_view name = is_short ? short_name(full) : full;
      if (equals_ignoring_case(text_.substr(at, name.size()), name)) {
        value(key) = index;
        return fit(item + 1, at + name.size());
      }
      ++index;
    }
    return false;
  }

  bool offset(std::size_t item, std::size_t at) {
    if (at < text_.size() && text_[at] == 'Z') {
      offset_ = 0;
      return fit(item + 1, at + 1);
    }
    constexpr std::string_view shapes[] = {"sdd:dd:dd", "sdddddd", "sdd:dd", "sdddd"};
    for (const std::string_view shape : shapes) {
      if (!has_shape(text_.substr(at, shape.size()), shape)) continue;
      offset_ = offset_of(text_.substr(at, shape.size()));
      if (fit(item + 1, at + shape.size())) return true;
    }
    return false;
  }

  static bool has_shape(std::string_view text, std::string_view shape) {
    return text.size() == shape.size() &&
           std::equal(text.begin(), text.end(), shape.begin(), [](char c, char s) {
             if (s == 's') return c == '+' || c == '-';
             return s == 'd' ? is_digit(c) : c == s;
           });
  }

  // Minutes or seconds above 59 make an offset of a day, which no time can have.
  static int offset_of(std::string_view text) {
    int parts[3] = {0, 0, 0};
    int digits = 0;
    for (const char c : text) {
      if (!is_digit(c)) continue;
      parts[digits / 2] = parts[digits / 2] * 10 + (c - '0');
      ++digits;
    }
    if (parts[1] > 59 || parts[2] > 59) return day_seconds;
    const int seconds = parts[0] * hour_seconds + parts[1] * minute_seconds + parts[2];
    return text.front() == '-' ? -seconds : seconds;
  }

  std::optional<PatternTime> compose() {
    PatternTime time;
    CivilTime& civil = time.local;
    civil.year = year();
    civil.month = has('b') ? value('b') + 1 : value_or('m', 1);
    civil.day = value_or('d', 1);
    civil.hour = hour();
    civil.minute = value_or('M', 0);
    civil.second = value_or('S', 0);
    civil.micros = value_or('f', 0);
    if (!apply_day_count(civil) || !from_civil(civil)) return std::nullopt;
    time.offset = offset_;
    if (offset_ && (*offset_ <= -day_seconds || *offset_ >= day_seconds)) return std::nullopt;
    return time;
  }

  int year() {
    constexpr int first_of_last_century = 69;
    if (has('Y')) return value('Y');
    if (!has('y')) return 1900;
    return value('y') + (value('y') >= first_of_last_century ? 1900 : 2000);
  }

  int hour() {
    if (!has('I')) return value_or('H', 0);
    const bool afternoon = value_or('p', 0) == 1;
    return value('I') % 12 + (afternoon ? 12 : 0);
  }

  // 0 for Monday; absent when the text has no day of the week.
  int week_day() {
    if (has('a')) return value('a');
    if (has('u')) return value('u') - 1;
    return has('w') ? (value('w') + 6) % 7 : absent;
  }

  bool apply_day_count(CivilTime& civil) {
    if (has('j')) return set_day_of_year(civil, civil.year, value('j') - 1);
    const int day = week_day();
    if (has('G')) {
      if (!from_civil({value('G'), 1, 1, 0, 0, 0, 0})) return false;
      const int monday = 3 - weekday(value('G'), 1, 4);
      return set_day_of_year(civil, value('G'), monday + (value('V') - 1) * 7 + day);
    }
    if ((!has('U') && !has('W')) || day == absent || (!has('Y') && !has('y'))) return true;
    if (civil.year < 1) return false;
    const int sunday_first = has('U') ? 1 : 0;
    const int first = (weekday(civil.year, 1, 1) + sunday_first) % 7;
    const int in_week = (day + sunday_first) % 7;
    const int week = has('U') ? value('U') : value('W');
    return set_day_of_year(
        civil, civil.year,
        week == 0 ? in_week - first : (7 - first) % 7 + 7 * (week - 1) + in_week);
  }

  const std::vector<TimePattern::Item>& items_;
  std::string_view text_;
  std::array<int, 128> values_{};
  std::optional<int> offset_;
  std::size_t end_ = 0;
  int steps_ = 0;
};

bool TimePattern::uses(std::string_view directives) const {
  return std::any_of(items_.begin(), items_.end(), [directives](const Item& item) {
    return item.directive != 0 && directives.find(item.directive) != directives.npos;
  });
}

Result<bool> TimePattern::add_directive(char directive, std::string_view format) {
  constexpr std::string_view names = "aAbBpzZ";
  if (directive == '%') {
    items_.push_back({0, "%"});
    return true;
  }
  if (const std::string_view parts = expansion(directive); !parts.empty()) return add(parts);
  if (digits_of(directive) == nullptr && names.find(directive) == names.npos) {
    return fail(fmt::format(
        "time format '{}': %{} is not a directive; use those of strptime such as %Y-%m-%d", format,
        directive));
  }
  if (uses({&directive, 1})) {
    return fail(
        fmt::format("time format '{}': %{} occurs twice; name each part once", format, directive));
  }
  items_.push_back({directive, {}});
  return true;
}

Result<bool> TimePattern::add(std::string_view format) {
  for (std::size_t at = 0; at < format.size(); ++at) {
    if (is_space(format[at])) {
      if (items_.empty() || items_.back().directive != ' ' || !is_space(format[at - 1]))
        items_.push_back({' ', {}});
    } else if (format[at] != '%') {
      items_.push_back({0, std::string(1, format[at])});
    } else if (++at == format.size()) {
      return fail(
          fmt::format("time format '{}' ends in a lone %; write %% for the sign itself", format));
    } else if (auto added = add_directive(format[at], format); !added) {
      return added;
    }
  }
  return true;
}

Result<TimePattern> TimePattern::parse(std::string_view format) {
  constexpr std::size_t longest = 1000;
  if (format.empty()) return fail("time format '' is empty; write one such as %Y-%m-%d");
  if (format.size() > longest)
    return fail(
        fmt::format("time format of {} bytes is too long; at most {}", format.size(), longest));
  TimePattern pattern;
  if (auto added = pattern.add(format); !added) return tl::unexpected<Error>(added.error());
  const bool whole_week_date =
      pattern.uses("G") && pattern.uses("V") && pattern.uses("aAuw") && !pattern.uses("j");
  if (pattern.uses("GV") && !whole_week_date) {
    return fail(fmt::format(
        "time format '{}': %G, %V and a day of the week belong together, without %j", format));
  }
  return pattern;
}

std::optional<PatternTime> TimePattern::match(std::string_view text) const {
  return PatternMatch{items_, text}.run();
}

}  // namespace intelmq
