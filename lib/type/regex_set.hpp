// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "type/regex_cursor.hpp"

// Inner part of type/regex.hpp: single characters and character sets for PCRE2.

namespace intelmq {

/// How characters compare at one place of a pattern.
struct CharacterMode {
  /// Flag i.
  bool ignore_case = false;
  /// Flag a: \w \d \s \b and the case of letters are those of ASCII.
  bool ascii = false;

  /// Whether PCRE2 itself is to ignore case; with flag a the translation lists both cases.
  bool native_ignore_case() const noexcept { return ignore_case && !ascii; }
};

/// Appends one literal character.
void append_literal(std::string& out, char32_t code, CharacterMode mode);

/// Appends \d \D \s \S \w or \W; `letter` is the letter.
void append_category(std::string& out, char32_t letter, CharacterMode mode);

/// Appends a set whose opening bracket is passed already, up to and with its closing bracket.
void append_set(std::string& out, PatternCursor& cursor, CharacterMode mode);

/// Word characters of flag a, as a set.
inline constexpr const char* ascii_word_set = "[0-9A-Z_a-z]";

}  // namespace intelmq
