// SPDX-License-Identifier: Apache-2.0
#include "type/regex_set.hpp"

#include <array>
#include <cstdio>
#include <initializer_list>
#include <span>
#include <string_view>

namespace intelmq {
namespace {

struct Range {
  char32_t first;
  char32_t last;
};

constexpr std::array unicode_space{
    Range{0x09, 0x0D},     Range{0x1C, 0x20},     Range{0x85, 0x85},     Range{0xA0, 0xA0},
    Range{0x1680, 0x1680}, Range{0x2000, 0x200A}, Range{0x2028, 0x2029}, Range{0x202F, 0x202F},
    Range{0x205F, 0x205F}, Range{0x3000, 0x3000}};
constexpr std::array ascii_space{Range{0x09, 0x0D}, Range{0x20, 0x20}};
constexpr std::array ascii_digit{Range{'0', '9'}};
constexpr std::array ascii_word{Range{'0', '9'}, Range{'A', 'Z'}, Range{'_', '_'}, Range{'a', 'z'}};

// Characters that are the same to Python under flag i, but not all of them to PCRE2.
constexpr std::array<std::array<char32_t, 4>, 4> case_families{{
    {'I', 'i', 0x130, 0x131},
    {0x390, 0x1FD3, 0x390, 0x1FD3},
    {0x3B0, 0x1FE3, 0x3B0, 0x1FE3},
    {0xFB05, 0xFB06, 0xFB05, 0xFB06},
}};

constexpr std::array<std::string_view, 14> posix_names{"alnum", "alpha", "ascii", "blank", "cntrl",
                                                       "digit", "graph", "lower", "print", "punct",
                                                       "space", "upper", "word",  "xdigit"};

void append_code(std::string& out, char32_t code) {
  if (is_ascii_letter(code) || is_ascii_digit(code)) {
    out.push_back(static_cast<char>(code));
    return;
  }
  char text[16];
  const int size = std::snprintf(text, sizeof text, "\\x{%x}", static_cast<unsigned>(code));
  out.append(text, static_cast<std::size_t>(size));
}

void append_range(std::string& out, Range range) {
  append_code(out, range.first);
  if (range.first == range.last) return;
  out.push_back('-');
  append_code(out, range.last);
}

// The ranges, or with `negated` all that lies between them. Not bracketed.
void append_ranges(std::string& out, std::span<const Range> ranges, bool negated) {
  char32_t next = 0;
  for (const Range range : ranges) {
    if (!negated) append_range(out, range);
    if (negated && range.first > next) append_range(out, {next, range.first - 1});
    next = range.last + 1;
  }
  if (negated) append_range(out, {next, 0x10FFFF});
}

std::span<const Range> ranges_of(char32_t category, bool ascii) noexcept {
  if (category == 's' || category == 'S') {
    return ascii ? std::span<const Range>(ascii_space) : std::span<const Range>(unicode_space);
  }
  if (category == 'd' || category == 'D') return ascii_digit;
  return ascii_word;
}

bool is_negated(char32_t category) noexcept { return category < 'a'; }

// What belongs between brackets for a category. PCRE2 has the \d and \w of Python, not its \s.
void append_category_items(std::string& out, char32_t category, CharacterMode mode) {
  const bool space = category == 's' || category == 'S';
  if (mode.ascii || space) {
    append_ranges(out, ranges_of(category, mode.ascii), is_negated(category));
    return;
  }
  out.push_back('\\');
  out.push_back(static_cast<char>(category));
}

bool contains(Range range, char32_t code) noexcept {
  return code >= range.first && code <= range.last;
}

// Appends what else `range` matches because case is ignored, beyond what PCRE2 adds.
void append_other_case(std::string& out, Range range, CharacterMode mode) {
  if (!mode.ignore_case) return;
  if (mode.ascii) {
    for (char32_t code = 'A'; code <= 'Z'; ++code) {
      if (contains(range, code)) append_code(out, code + 32);
      if (contains(range, code + 32)) append_code(out, code);
    }
    return;
  }
  for (const auto& family : case_families) {
    bool met = false;
    for (const char32_t code : family) met = met || contains(range, code);
    if (!met) continue;
    for (const char32_t code : family) append_code(out, code);
  }
}

// One end of a range, or a category.
Escape read_item(PatternCursor& cursor) {
  const char32_t code = cursor.take();
  if (code == '\\') return read_escape(cursor, true);
  return {Escape::Kind::literal, code};
}

void refuse_posix_class(const PatternCursor& cursor) {
  if (cursor.peek() != '[' || cursor.peek(1) != ':') return;
  std::size_t ahead = 2;
  std::string name;
  for (; is_ascii_letter(cursor.peek(ahead)); ++ahead) {
    name.push_back(static_cast<char>(cursor.peek(ahead)));
  }
  if (cursor.peek(ahead) != ':' || cursor.peek(ahead + 1) != ']') return;
  for (const std::string_view known : posix_names) {
    if (known != name) continue;
    PatternCursor::refuse(cursor.position(), "[:" + name +
                                                 ":] is no class to Python's re, it reads "
                                                 "a set of these letters; write \\w, \\d, \\s or "
                                                 "ranges such as a-z instead");
  }
}

}  // namespace

void append_literal(std::string& out, char32_t code, CharacterMode mode) {
  std::string other;
  append_other_case(other, {code, code}, mode);
  if (other.empty()) {
    append_code(out, code);
    return;
  }
  out.push_back('[');
  append_code(out, code);
  out.append(other).push_back(']');
}

void append_category(std::string& out, char32_t letter, CharacterMode mode) {
  if (!mode.ascii && letter != 's' && letter != 'S') {
    append_category_items(out, letter, mode);
    return;
  }
  out.append(is_negated(letter) ? "[^" : "[");
  append_ranges(out, ranges_of(letter, mode.ascii), false);
  out.push_back(']');
}

void append_set(std::string& out, PatternCursor& cursor, CharacterMode mode) {
  const std::size_t start = cursor.position() - 1;
  out.append(cursor.accept('^') ? "[^" : "[");
  for (bool first = true;; first = false) {
    if (!first && cursor.accept(']')) break;
    refuse_posix_class(cursor);
    const std::size_t item_start = cursor.position();
    if (cursor.peek() == end_of_pattern) {
      PatternCursor::refuse(start,
                            "the set [ is not closed; write ] at its end, or \\[ for a "
                            "bracket");
    }
    const Escape low = read_item(cursor);
    Escape high = low;
    const bool range =
        cursor.peek() == '-' && cursor.peek(1) != ']' && cursor.peek(1) != end_of_pattern;
    if (range) {
      cursor.take();
      high = read_item(cursor);
    }
    if (range && (low.kind != Escape::Kind::literal || high.kind != Escape::Kind::literal ||
                  high.value < low.value)) {
      PatternCursor::refuse(item_start, "bad character range " + cursor.since(item_start) +
                                            "; write \\- for a hyphen");
    }
    if (low.kind == Escape::Kind::category) {
      append_category_items(out, low.value, mode);
      continue;
    }
    append_range(out, {low.value, high.value});
    append_other_case(out, {low.value, high.value}, mode);
  }
  out.push_back(']');
}

}  // namespace intelmq
