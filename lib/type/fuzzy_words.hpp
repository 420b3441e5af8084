// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

namespace intelmq {

/// A piece of a free-form date: a run of letters, a number, one white space, or any other single
/// character.
struct DateWord {
  enum class Kind : std::uint8_t { letters, number, space, other };
  Kind kind = Kind::other;
  std::string_view text;  ///< Points into the text that was split.

  bool is(char c) const { return text.size() == 1 && text.front() == c; }
};

/// Splits `text`. A number keeps its decimal point, or its decimal comma after two digits or more;
/// texts such as `1.2.2020` or `p.m.` fall into their parts. Bytes that are not UTF-8 are single
/// characters.
std::vector<DateWord> split_date_words(std::string_view text);

/// A number word taken apart.
struct DateNumber {
  std::int64_t whole = 0;     ///< Capped at 10^15, far beyond every field of a date.
  std::string_view fraction;  ///< The digits after the point; empty when there is no point.
  bool valid = false;         ///< False for words that are no decimal number, such as `12,.5`.

  bool is_integer() const { return valid && fraction.empty(); }
  int sixtieths() const;  ///< The fraction in sixtieths, rounded down: 30 for `.5`.
  int micros() const;     ///< The fraction in millionths, cut off after six digits.
};

DateNumber read_date_number(std::string_view word);

}  // namespace intelmq
