// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "type/fuzzy_words.hpp"

namespace intelmq {

enum class ClockUnit { hour, minute, second, none };
enum class HalfDay { am, pm };

/// The words of free-form dates, in either case: nothing (or `none`, or false) for any other word.
std::optional<int> month_of(std::string_view text);     ///< 1 for `Jan` or `January`.
std::optional<int> week_day_of(std::string_view text);  ///< 0 for `Mon` or `Monday`.
ClockUnit unit_of(std::string_view text);               ///< `h`, `hour`, `hours` and so on.
std::optional<HalfDay> half_day_of(std::string_view text);

/// Whether the word may stand between the parts of a date and means nothing: white space, `,`,
/// `at`, `th`.
bool is_filler(const DateWord& word);

/// The names of UTC itself, in this case only: `UTC`, `GMT`, `Z`, `z`.
bool is_utc_name(std::string_view text);

/// Whether the text may name a time zone: one of the above, or at most five capitals.
bool looks_like_zone(std::string_view text);

/// `nan`, `inf`, `infinity`: numbers to Python, and never part of a date.
bool is_no_finite_number(std::string_view text);

/// The hour from 0 to 23 for one from 0 to 12 in its half of the day; larger ones stay.
std::int64_t on_half_day(std::int64_t hour, HalfDay half);

}  // namespace intelmq
