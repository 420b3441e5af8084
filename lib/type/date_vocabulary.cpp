// SPDX-License-Identifier: Apache-2.0
#include "type/date_vocabulary.hpp"

#include <algorithm>
#include <array>

#include "type/calendar_names.hpp"

namespace intelmq {
namespace {

template <std::size_t size>
bool among(std::string_view text, const std::string_view (&list)[size]) {
  return std::any_of(std::begin(list), std::end(list),
                     [text](std::string_view item) { return equals_ignoring_case(text, item); });
}

template <std::size_t size>
std::optional<int> index_of(const std::array<std::string_view, size>& names,
                            std::string_view text) {
  for (std::size_t i = 0; i < size; ++i) {
    if (equals_ignoring_case(text, names[i]) || equals_ignoring_case(text, short_name(names[i]))) {
      return static_cast<int>(i);
    }
  }
  return std::nullopt;
}

}  // namespace

std::optional<int> month_of(std::string_view text) {
  if (equals_ignoring_case(text, "sept")) return 9;
  const auto index = index_of(month_names, text);
  if (!index) return std::nullopt;
  return *index + 1;
}

ClockUnit unit_of(std::string_view text) {
  constexpr std::string_view names[3][3] = {
      {"h", "hour", "hours"}, {"m", "minute", "minutes"}, {"s", "second", "seconds"}};
  for (int i = 0; i < 3; ++i) {
    if (among(text, names[i])) return static_cast<ClockUnit>(i);
  }
  return ClockUnit::none;
}

std::optional<HalfDay> half_day_of(std::string_view text) {
  constexpr std::string_view am[] = {"am", "a"};
  constexpr std::string_view pm[] = {"pm", "p"};
  if (among(text, am)) return HalfDay::am;
  if (among(text, pm)) return HalfDay::pm;
  return std::nullopt;
}

// Words between the parts of a date that mean nothing.
bool is_filler(const DateWord& word) {
  constexpr std::string_view fillers[] = {".",  ",", ";", "-",  "/",  "'",  "at", "on", "and",
                                          "ad", "m", "t", "of", "st", "nd", "rd", "th"};
  return word.kind == DateWord::Kind::space || among(word.text, fillers);
}

std::optional<int> week_day_of(std::string_view text) { return index_of(weekday_names, text); }

bool is_utc_name(std::string_view text) {
  return text == "UTC" || text == "GMT" || text == "Z" || text == "z";
}

bool looks_like_zone(std::string_view text) {
  if (is_utc_name(text)) return true;
  return text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool is_no_finite_number(std::string_view text) {
  constexpr std::string_view names[] = {"nan", "inf", "infinity"};
  return among(text, names);
}

std::int64_t on_half_day(std::int64_t hour, HalfDay half) {
  if (half == HalfDay::pm) return hour < 12 ? hour + 12 : hour;
  return hour == 12 ? 0 : hour;
}

}  // namespace intelmq
