// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <emmintrin.h>

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace intelmq {

/// Where a line stops being one flat, well-formed JSON object.
struct ScanError {
  const char* reason = nullptr;  ///< nullptr: none.
  std::size_t offset = 0;        ///< In bytes from the start of the line.
};

/// Finds the members of one JSON object in a single pass and proves the line well-formed on the
/// way: grammar, escapes, control characters, UTF-8, nesting of at most 128. Numbers may also be
/// NaN, Infinity and -Infinity, as the Python original writes and reads them.
///
/// `size` bytes at `line`, followed by at least 64 readable bytes. Calls
/// `visit(key, key_size, value, value_size)` for each member in order: the key without its
/// quotes, the value as its raw JSON text. Keys may hold escapes: `key_escaped` tells.
class Scanner {
 public:
  static constexpr std::size_t padding = 64;
  static constexpr int max_depth = 128;

  Scanner(const char* line, std::size_t size);

  template <class Visit>
  ScanError members(Visit&& visit);

  /// End of the last member, where another may be inserted; set by `members`.
  const char* tail() const { return tail_; }
  /// Whether the line's separators carry a blank (`": "`), as Python writes them.
  bool spaced() const { return spaced_; }
  /// Whether any string holds a backslash.
  bool escaped() const { return escaped_; }

 private:
  static constexpr std::size_t window_blocks = 64;
  static constexpr std::size_t window_quotes = window_blocks * 64;

  bool refill();
  void take_block(std::size_t index, std::uint64_t mask);
  const char* next_quote();
  const char* skip_blanks(const char* p) const;
  const char* word_end(const char* p) const;
  const char* scalar_end(const char* p);
  const char* nested_end(const char* p);
  ScanError failed(const char* reason, const char* at) const;
  ScanError finish(const char* p);

  const char* line_;
  const char* end_;
  const char* scanned_;             ///< End of the bytes looked at so far.
  const std::uint32_t* quote_;      ///< Offsets of the quotes not yet handed out, ...
  const std::uint32_t* quote_end_;  ///< ... of the bytes looked at.
  std::uint64_t escape_carry_ = 0;
  std::uint64_t in_string_ = 0;
  bool escaped_ = false, spaced_ = false, non_ascii_ = false;
  const char* tail_ = nullptr;
  ScanError text_error_;
  std::uint64_t bits_[window_blocks];
  std::uint32_t quotes_[window_quotes + 24];  // 24: what flattening may write too much
};

/// Bytes of `text` that are valid UTF-8 from the start; equals `size` when all of it is.
std::size_t valid_utf8_prefix(const char* text, std::size_t size);

// ---------------------------------------------------------------------------------------------

inline const char* Scanner::next_quote() {
  while (quote_ == quote_end_)
    if (!refill()) return nullptr;
  return line_ + *quote_++;
}

inline const char* Scanner::skip_blanks(const char* p) const {
  while (p < end_ && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n')) ++p;
  return p;
}

namespace detail {

/// End of a plain number (digits, perhaps a point and digits; at most 15 characters, a comma
/// behind it), or nullptr if it is none or has another form. Without a loop, since the lengths of
/// numbers cannot be foreseen.
inline const char* plain_number_end(const char* p) {
  const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  const __m128i digit = _mm_and_si128(_mm_cmpgt_epi8(text, _mm_set1_epi8('0' - 1)),
                                      _mm_cmpgt_epi8(_mm_set1_epi8('9' + 1), text));
  const auto digits = static_cast<unsigned>(_mm_movemask_epi8(digit));
  const auto points =
      static_cast<unsigned>(_mm_movemask_epi8(_mm_cmpeq_epi8(text, _mm_set1_epi8('.'))));
  const auto size = static_cast<unsigned>(__builtin_ctz(~(digits | points)));
  if (size == 0) return nullptr;
  const unsigned inside = points & ((1u << size) - 1);
  const bool zero = (*p == '0') & (size > 1) & !(points & 2);
  const bool fits = (digits & 1) & (digits >> (size - 1) & 1) & !(inside & (inside - 1)) & !zero &
                    (p[size] == ',');
  return size < 16 && fits ? p + size : nullptr;
}

}  // namespace detail

template <class Visit>
ScanError Scanner::members(Visit&& visit) {
  const char* p = skip_blanks(line_);
  if (p == end_ || *p != '{') return failed("not a JSON object", p);
  p = skip_blanks(p + 1);
  tail_ = p;
  if (p < end_ && *p == '}') return finish(p);
  std::size_t blanks = 0;
  const std::uint32_t* quote = quote_;  // kept here, so that it stays in a register
  const std::uint32_t* quote_end = quote_end_;
  const auto leave = [&] { quote_ = quote; };
  const auto enter = [&] {
    quote = quote_;
    quote_end = quote_end_;
  };
  for (;;) {
    if (quote_end - quote < 4) {
      leave();
      while (quote_end_ - quote_ < 4 && refill()) {
      }
      enter();
    }
    if (quote_end - quote < 2 || line_ + *quote != p)
      return failed(quote_end - quote == 1 && line_ + *quote == p ? "unterminated string"
                                                                  : "expected a name in quotes",
                    p);
    const char* key = p + 1;
    const char* key_end = line_ + quote[1];
    quote += 2;
    p = key_end + 1;
    if (*p != ':') {
      p = skip_blanks(p);
      if (p >= end_ || *p != ':') return failed("expected ':' after the name", p);
    }
    ++p;
    blanks += *p == ' ';
    p += *p == ' ';
    if (static_cast<unsigned char>(*p) <= ' ') p = skip_blanks(p);
    const char* value = p;
    if (*p == '"') {
      if (quote_end - quote < 2 || line_ + *quote != p)
        return failed(p < end_ ? "unterminated string" : "expected a value", p);
      p = line_ + quote[1] + 1;
      quote += 2;
    } else if (const char* number = detail::plain_number_end(p); number && number < end_) {
      p = number;
    } else {
      leave();
      p = p < end_ && (*p == '{' || *p == '[') ? nested_end(p) : scalar_end(p);
      if (!p) return text_error_;
      enter();
    }
    visit(key, static_cast<std::size_t>(key_end - key), value, static_cast<std::size_t>(p - value));
    if (*p == ',' && p[1] == ' ' && p[2] == '"') {
      p += 2;  // if this was beyond the line, the quote is not one of the line's
      continue;
    }
    tail_ = p;
    spaced_ = blanks != 0;
    p = skip_blanks(p);
    if (p >= end_) return failed("unterminated object", p);
    if (*p == '}') return finish(p);
    if (*p != ',') return failed("expected ',' or '}' after a value", p);
    p = skip_blanks(p + 1);
  }
}

}  // namespace intelmq
