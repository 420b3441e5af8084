// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.hpp"

// Inner parts of type/regex.hpp: a pattern as code points, and its escapes. Patterns are compiled
// at start-up only, so that a pattern that is wrong is thrown as PatternError and becomes a Result
// in translate_pattern.

namespace intelmq {

/// What is wrong with a pattern, with the column (in code points, from 1) where it starts.
struct PatternError {
  std::string text;
};

/// What stands for the end of the pattern; no code point.
inline constexpr char32_t end_of_pattern = 0xFFFFFFFF;

/// Reads a pattern code point by code point.
class PatternCursor {
 public:
  /// Throws PatternError if the pattern is not UTF-8 or has lone surrogates.
  explicit PatternCursor(std::string_view pattern);

  char32_t peek(std::size_t ahead = 0) const noexcept;
  /// The next code point, or end_of_pattern, which is not passed.
  char32_t take() noexcept;
  bool accept(char32_t wanted) noexcept;
  std::size_t position() const noexcept { return at_; }
  void seek(std::size_t position) noexcept { at_ = position; }
  /// The text from `from` up to the current position, UTF-8.
  std::string since(std::size_t from) const;

  /// Throws PatternError "column N: text", N belonging to `position`.
  [[noreturn]] static void refuse(std::size_t position, const std::string& text);

 private:
  std::u32string codes_;
  std::size_t at_ = 0;
};

/// What a backslash sequence stands for.
struct Escape {
  enum class Kind { literal, category, position, group };
  Kind kind;
  /// The code point of a literal, the letter of a category (dDsSwW) or position (AbBZ), or the
  /// number of a group.
  char32_t value;
};

/// Reads an escape whose backslash is passed already; `in_set` says whether within brackets.
Escape read_escape(PatternCursor& cursor, bool in_set);

bool is_ascii_digit(char32_t code) noexcept;
bool is_ascii_letter(char32_t code) noexcept;

}  // namespace intelmq
