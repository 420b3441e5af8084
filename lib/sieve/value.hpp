// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// Values are raw JSON text, as in type/json_text.hpp; they compare as Python's do.

namespace intelmq::sieve {

/// A number as Python compares it: whole numbers within 64 bits exactly, others as doubles.
struct Number {
  double real = 0;
  std::optional<std::int64_t> whole;

  bool operator==(const Number& other) const {
    return whole && other.whole ? *whole == *other.whole : real == other.real;
  }
  std::partial_ordering operator<=>(const Number& other) const {
    if (whole && other.whole) return *whole <=> *other.whole;
    return real <=> other.real;
  }
};

/// A whole number of few digits, as most numbers are; nothing for any other value.
inline std::optional<std::int64_t> short_whole(std::string_view raw) {
  if (raw.size() > 15) return std::nullopt;
  std::int64_t value = 0;
  for (const char c : raw) {
    const auto digit = static_cast<unsigned char>(c - '0');
    if (digit > 9) return std::nullopt;
    value = value * 10 + digit;
  }
  return value;
}

/// The value of a number or boolean (true is 1); nothing for any other value.
std::optional<Number> number_of(std::string_view raw);

/// The value of a number as a rules file writes it, and its JSON text in Python's spelling.
Number number_written(std::string_view text);
std::string number_json(std::string_view text);

/// Whether Python's == holds for two values.
bool equal_values(std::string_view a, std::string_view b);

/// The elements of an array, in order.
void split_array(std::string_view raw, std::vector<std::string_view>& out);

/// The names of an object's members, decoded.
std::vector<std::string> member_names(std::string_view raw);

/// The text of a JSON string: its own slice, else `scratch`.
std::string_view decoded(std::string_view raw, std::string& scratch);

/// The text that :contains and =~ look at: of an object its JSON text, else Python's str().
std::string_view searchable(std::string_view raw, std::string& scratch);

/// A text to compare with JSON strings.
class Text {
 public:
  explicit Text(std::string text);
  const std::string& text() const { return text_; }
  /// Whether the raw value is a string with this text.
  bool equals(std::string_view raw, std::string& scratch) const {
    if (raw.front() != '"') return false;
    const std::size_t size = raw.size() - 2;
    const char* p = raw.data() + 1;
    std::size_t same = 0;
    while (same < size && same < plain_ && p[same] == text_[same]) ++same;
    if (same == text_.size()) return size == same;
    // An escape may stand for what comes next.
    return same < size && p[same] == '\\' && decoded(raw, scratch) == text_;
  }

 private:
  std::string text_;
  std::size_t plain_;  // bytes before the first backslash
};

/// Many texts to find a JSON string in.
class TextSet {
 public:
  explicit TextSet(std::vector<std::string> texts);
  bool holds(std::string_view raw, std::string& scratch) const {
    for (const Text& text : few_)
      if (text.equals(raw, scratch)) return true;
    return !texts_.empty() && found(raw, scratch);
  }

 private:
  bool found(std::string_view raw, std::string& scratch) const;

  std::vector<std::string> texts_;  // sorted
  std::vector<Text> few_;           // instead of texts_, up to a handful
};

}  // namespace intelmq::sieve
