// SPDX-License-Identifier: Apache-2.0
#include "type/regex_cursor.hpp"

#include <array>

#include "type/utf8.hpp"

namespace intelmq {
namespace {

struct Hint {
  char32_t letter;
  std::string_view instead;
};

// Escapes of other dialects, and how the same is said to Python.
constexpr std::array foreign_escapes{
    Hint{'C', "."},
    Hint{'E', "a backslash before each special character"},
    Hint{'G', "\\A"},
    Hint{'H', "[^ \\t]"},
    Hint{'K', "a lookbehind such as (?<=...)"},
    Hint{'L', "the characters themselves"},
    Hint{'P', "[\\W\\d_] or the characters themselves"},
    Hint{'Q', "a backslash before each special character"},
    Hint{'R', "(?:\\r\\n|\\n|\\r)"},
    Hint{'V', "[^\\n\\v\\f\\r]"},
    Hint{'X', "."},
    Hint{'e', "\\x1b"},
    Hint{'g', "(?P=name) or \\1"},
    Hint{'h', "[ \\t]"},
    Hint{'k', "(?P=name)"},
    Hint{'o', "\\xhh"},
    Hint{'p', "[^\\W\\d_] or the characters themselves"},
    Hint{'z', "\\Z"},
};

int digit_value(char32_t code, unsigned base) noexcept {
  unsigned value = 99;
  if (code >= '0' && code <= '9') value = code - '0';
  if (code >= 'a' && code <= 'f') value = code - 'a' + 10;
  if (code >= 'A' && code <= 'F') value = code - 'A' + 10;
  return value < base ? static_cast<int>(value) : -1;
}

// Up to `most` digits.
char32_t read_number(PatternCursor& cursor, std::size_t most, unsigned base, std::size_t& count) {
  char32_t value = 0;
  for (count = 0; count < most; ++count) {
    const int digit = digit_value(cursor.peek(), base);
    if (digit < 0) break;
    value = value * base + static_cast<char32_t>(digit);
    cursor.take();
  }
  return value;
}

char32_t checked(char32_t code, std::size_t start) {
  if (is_surrogate(code)) {
    PatternCursor::refuse(start,
                          "half of a surrogate pair never matches here; write the whole "
                          "character, such as \\U0001F600, instead");
  }
  if (code > 0x10FFFF) {
    PatternCursor::refuse(start, "no character has this number; the last one is \\U0010FFFF");
  }
  return code;
}

Escape read_hex(PatternCursor& cursor, std::size_t start, std::size_t digits) {
  std::size_t count = 0;
  const char32_t code = read_number(cursor, digits, 16, count);
  if (count != digits) {
    PatternCursor::refuse(start, "incomplete escape " + cursor.since(start) + "; write exactly " +
                                     std::to_string(digits) + " hexadecimal digits");
  }
  return {Escape::Kind::literal, checked(code, start)};
}

Escape octal(char32_t value, PatternCursor& cursor, std::size_t start) {
  if (value > 0377) {
    PatternCursor::refuse(
        start, "octal escape " + cursor.since(start) + " is above \\377; write \\uhhhh instead");
  }
  return {Escape::Kind::literal, value};
}

Escape read_number_escape(PatternCursor& cursor, std::size_t start, bool in_set) {
  std::size_t count = 0;
  const char32_t first = cursor.peek();
  if (in_set || first == '0') {
    const char32_t value = read_number(cursor, 3, 8, count);
    if (count == 0) {
      cursor.take();
      PatternCursor::refuse(start, "bad escape " + cursor.since(start) + " within [...]");
    }
    return octal(value, cursor, start);
  }
  if (digit_value(first, 8) >= 0 && digit_value(cursor.peek(1), 8) >= 0 &&
      digit_value(cursor.peek(2), 8) >= 0) {
    return octal(read_number(cursor, 3, 8, count), cursor, start);
  }
  return {Escape::Kind::group, read_number(cursor, 2, 10, count)};
}

// \a \f \n \r \t \v, and within brackets \b; 0 if it is none of them.
char32_t control(char32_t letter, bool in_set) noexcept {
  switch (letter) {
    case 'a': return 7;
    case 'b': return in_set ? 8 : 0;
    case 'f': return 12;
    case 'n': return 10;
    case 'r': return 13;
    case 't': return 9;
    case 'v': return 11;
    default: return 0;
  }
}

[[noreturn]] void refuse_letter(char32_t letter, std::size_t start) {
  const std::string escape = std::string("\\") + static_cast<char>(letter);
  for (const Hint& hint : foreign_escapes) {
    if (hint.letter != letter) continue;
    PatternCursor::refuse(start, escape + " is not an escape of Python's re; write " +
                                     std::string(hint.instead) + " instead");
  }
  PatternCursor::refuse(start, "bad escape " + escape + "; write " + escape.substr(1) + " or \\\\" +
                                   escape.substr(1) + " instead");
}

bool one_of(char32_t code, std::string_view letters) noexcept {
  return code < 0x80 && letters.find(static_cast<char>(code)) != std::string_view::npos;
}

}  // namespace

bool is_ascii_digit(char32_t code) noexcept { return code >= '0' && code <= '9'; }

bool is_ascii_letter(char32_t code) noexcept {
  return (code >= 'a' && code <= 'z') || (code >= 'A' && code <= 'Z');
}

PatternCursor::PatternCursor(std::string_view pattern) {
  for (std::size_t at = 0; at < pattern.size();) {
    const CodePoint point = code_point_at(pattern, at);
    if (!point.valid || is_surrogate(point.code)) {
      refuse(codes_.size(), "the pattern is not UTF-8 here; save it as UTF-8");
    }
    codes_.push_back(point.code);
    at += point.size;
  }
}

char32_t PatternCursor::peek(std::size_t ahead) const noexcept {
  return at_ + ahead < codes_.size() ? codes_[at_ + ahead] : end_of_pattern;
}

char32_t PatternCursor::take() noexcept {
  return at_ < codes_.size() ? codes_[at_++] : end_of_pattern;
}

bool PatternCursor::accept(char32_t wanted) noexcept {
  if (peek() != wanted) return false;
  ++at_;
  return true;
}

std::string PatternCursor::since(std::size_t from) const {
  std::string text;
  for (; from < at_; ++from) append_utf8(text, codes_[from]);
  return text;
}

void PatternCursor::refuse(std::size_t position, const std::string& text) {
  throw PatternError{"column " + std::to_string(position + 1) + ": " + text};
}

Escape read_escape(PatternCursor& cursor, bool in_set) {
  const std::size_t start = cursor.position() - 1;
  const char32_t letter = cursor.peek();
  if (letter == end_of_pattern) {
    PatternCursor::refuse(start,
                          "a backslash at the end of the pattern; write \\\\ for a backslash");
  }
  if (is_ascii_digit(letter)) return read_number_escape(cursor, start, in_set);
  cursor.take();
  if (!is_ascii_letter(letter)) return {Escape::Kind::literal, letter};
  if (letter == 'x') return read_hex(cursor, start, 2);
  if (letter == 'u') return read_hex(cursor, start, 4);
  if (letter == 'U') return read_hex(cursor, start, 8);
  if (const char32_t code = control(letter, in_set); code != 0)
    return {Escape::Kind::literal, code};
  if (one_of(letter, "dDsSwW")) return {Escape::Kind::category, letter};
  if (one_of(letter, "AbBZ") && !in_set) return {Escape::Kind::position, letter};
  if (letter == 'N') {
    PatternCursor::refuse(start,
                          cursor.peek() == '{'
                              ? "\\N{...} is not supported: names of characters are not known "
                                "here; write \\uhhhh instead"
                              : "bad escape \\N; write [^\\n] instead");
  }
  refuse_letter(letter, start);
}

}  // namespace intelmq
