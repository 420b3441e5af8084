// SPDX-License-Identifier: Apache-2.0
#include "type/fuzzy_words.hpp"

#include <algorithm>
#include <cstddef>

namespace intelmq {
namespace {

using Kind = DateWord::Kind;

enum class CharClass : std::uint8_t { letter, digit, space, other };

struct Character {
  CharClass type = CharClass::other;
  std::size_t size = 1;
};

struct Range {
  char32_t first;
  char32_t last;
};

constexpr Range spaces[] = {{0x09, 0x0D},     {0x1C, 0x20},     {0x85, 0x85},     {0xA0, 0xA0},
                            {0x1680, 0x1680}, {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F},
                            {0x205F, 0x205F}, {0x3000, 0x3000}};

// The blocks of punctuation, symbols, marks and pictures; everything else beyond ASCII counts as a
// letter.
constexpr Range symbols[] = {
    {0x80, 0xA9},     {0xAB, 0xB4},     {0xB6, 0xB9},     {0xBB, 0xBF},       {0xD7, 0xD7},
    {0xF7, 0xF7},     {0x300, 0x36F},   {0x200B, 0x2070}, {0x2074, 0x207E},   {0x2080, 0x208F},
    {0x20A0, 0x20FF}, {0x2190, 0x2BFF}, {0x3001, 0x3004}, {0x3007, 0x3030},   {0xD800, 0xF8FF},
    {0xFE00, 0xFE6F}, {0xFEFF, 0xFF20}, {0xFFE0, 0xFFFF}, {0x1F000, 0x1FAFF}, {0xE0000, 0x10FFFF}};

template <std::size_t size>
bool in_any(const Range (&ranges)[size], char32_t code) {
  return std::any_of(std::begin(ranges), std::end(ranges), [code](const Range& range) {
    return code >= range.first && code <= range.last;
  });
}

CharClass classify(char32_t code) {
  if (in_any(spaces, code)) return CharClass::space;
  if (code < 0x80) {
    if (code >= '0' && code <= '9') return CharClass::digit;
    const char32_t small = code | 0x20;
    return small >= 'a' && small <= 'z' ? CharClass::letter : CharClass::other;
  }
  // Superscripts join a number and so spoil it.
  if (code == 0xB2 || code == 0xB3 || code == 0xB9) return CharClass::digit;
  return in_any(symbols, code) ? CharClass::other : CharClass::letter;
}

Character character_at(std::string_view text, std::size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  if (lead < 0x80) return {classify(lead), 1};
  const std::size_t size = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2;
  if (lead < 0xC2 || lead > 0xF4 || size > text.size() - at) return {};
  char32_t code = lead & (0xFFU >> (size + 1));
  for (std::size_t i = 1; i < size; ++i) {
    const auto next = static_cast<unsigned char>(text[at + i]);
    if ((next & 0xC0U) != 0x80U) return {};
    code = (code << 6U) | (next & 0x3FU);
  }
  return {classify(code), size};
}

class Splitter {
 public:
  explicit Splitter(std::string_view text) : text_{text} {}

  std::vector<DateWord> split() {
    words_.reserve(text_.size() / 2 + 1);
    while (at_ < text_.size()) word();
    return std::move(words_);
  }

 private:
  void word() {
    const Character first = character_at(text_, at_);
    const std::size_t begin = at_;
    if (first.type == CharClass::space || first.type == CharClass::other) {
      at_ += first.size;
      add(first.type == CharClass::space ? Kind::space : Kind::other, begin, at_);
      return;
    }
    run(first.type);
    const bool letters = first.type == CharClass::letter;
    if (starts_dotted(letters, begin)) {
      dotted(letters, begin);
    } else {
      add(letters ? Kind::letters : Kind::number, begin, at_);
    }
  }

  void run(CharClass type) {
    while (at_ < text_.size()) {
      const Character next = character_at(text_, at_);
      if (next.type != type) return;
      at_ += next.size;
    }
  }

  bool starts_dotted(bool letters, std::size_t begin) const {
    if (at_ >= text_.size()) return false;
    return text_[at_] == '.' || (!letters && text_[at_] == ',' && at_ - begin >= 2);
  }

  // After the first point letters and digits may change places behind each further point.
  void dotted(bool letters, std::size_t begin) {
    const bool began_with_letters = letters;
    ++at_;
    std::size_t last = at_;
    while (at_ < text_.size()) {
      const Character next = character_at(text_, at_);
      const bool after_point = text_[at_ - 1] == '.';
      const bool letter = next.type == CharClass::letter;
      const bool digit = next.type == CharClass::digit;
      if (letter || digit) {
        if (letter != letters && !after_point) break;
        letters = letter;
        last = at_;
      } else if (text_[at_] != '.') {
        break;
      }
      at_ += next.size;
    }
    const std::string_view whole = text_.substr(begin, at_ - begin);
    const bool open = whole.back() == '.' || whole.back() == ',';
    const bool many = std::count(whole.begin(), whole.end(), '.') > 1;
    // The original leaves a lone letter alone when it ends the text, as in `5.b`.
    const bool lone =
        letters && !began_with_letters && !many && at_ == text_.size() && text_[last - 1] == '.';
    if (lone) {
      add(Kind::other, begin, at_);
    } else if (letters || began_with_letters || open || many) {
      add_parts(begin);
    } else {
      add(Kind::number, begin, at_);
    }
  }

  void add_parts(std::size_t begin) {
    const std::size_t end = at_;
    for (at_ = begin; at_ < end;) {
      const std::size_t start = at_;
      const Character first = character_at(text_, at_);
      if (first.type == CharClass::other) {
        add(Kind::other, start, ++at_);
        continue;
      }
      run(first.type);
      add(first.type == CharClass::letter ? Kind::letters : Kind::number, start, at_);
    }
  }

  void add(Kind kind, std::size_t begin, std::size_t end) {
    words_.push_back(DateWord{kind, text_.substr(begin, end - begin)});
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::vector<DateWord> words_;
};

bool is_digit(char c) { return c >= '0' && c <= '9'; }

}  // namespace

std::vector<DateWord> split_date_words(std::string_view text) { return Splitter{text}.split(); }

int DateNumber::sixtieths() const {
  std::int64_t value = 0;
  std::int64_t scale = 1;
  for (const char c : fraction.substr(0, 16)) {
    value = value * 10 + (c - '0');
    scale *= 10;
  }
  return static_cast<int>(value * 60 / scale);
}

int DateNumber::micros() const {
  int value = 0;
  for (std::size_t i = 0; i < 6; ++i)
    value = value * 10 + (i < fraction.size() ? fraction[i] - '0' : 0);
  return value;
}

DateNumber read_date_number(std::string_view word) {
  constexpr std::int64_t cap = 1'000'000'000'000'000;
  const std::size_t point = std::min(word.find_first_of(".,"), word.size());
  DateNumber number;
  const std::string_view whole = word.substr(0, point);
  if (point < word.size()) number.fraction = word.substr(point + 1);
  number.valid = !whole.empty() && std::all_of(whole.begin(), whole.end(), is_digit) &&
                 std::all_of(number.fraction.begin(), number.fraction.end(), is_digit) &&
                 (point == word.size() || !number.fraction.empty());
  if (!number.valid) return number;
  for (const char c : whole) number.whole = std::min(number.whole * 10 + (c - '0'), cap);
  return number;
}

}  // namespace intelmq
