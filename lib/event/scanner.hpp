// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <emmintrin.h>

#include <cstddef>
#include <cstdint>
#include <cstring>
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
/// `size` bytes at `line`, followed by at least 64 readable bytes.
class Scanner {
 public:
  static constexpr std::size_t padding = 64;
  static constexpr std::size_t max_depth = 128;

  Scanner(const char* line, std::size_t size)
      : line_{line},
        end_{line + size},
        scanned_{line},
        quote_{quotes_},
        quote_end_{quotes_},
        enough_{quotes_} {}

  /// Calls `visit(key, key_size, value, value_size)` for each member in order: the key without its
  /// quotes, perhaps with escapes; the value as its raw JSON text.
  template <class Visit>
  ScanError members(Visit&& visit);

  /// What a value was seen to be on the way.
  enum class Seen { text, number, other };

  /// The same for who foresees keys. `guess(p)` gets the start of a member and says where its value
  /// begins if the key is the one it expects, else nullptr; then `look(p, key_size, value)` is told
  /// what stands there: the member's start (the key's quote), the key's size and the value's start.
  /// `take(value, size, seen)` gets the value in both cases.
  template <class Guess, class Look, class Take>
  ScanError members(Guess&& guess, Look&& look, Take&& take);

  /// What a processor can do.
  enum class Processor : std::uint8_t { any, avx2, avx512 };
  /// Lets all scanners do no more than this, so that tests reach every way; at first they do what
  /// is best. False, and nothing changes: this processor cannot.
  static bool use(Processor kind);

  /// End of the last member, where another may be inserted; set by `members`.
  const char* tail() const { return tail_; }

 private:
  static constexpr std::size_t window_blocks = 64;
  static constexpr std::size_t window_quotes = window_blocks * 64;
  static constexpr std::uint32_t no_quote = 0xffffffff;

  bool refill();
  bool refill_member();
  void take_special_blocks(std::uint64_t special, std::size_t blocks, std::uint64_t& quotes);
  std::uint64_t take_block(const char* p, std::uint64_t mask, std::uint64_t in_string);
  const char* next_quote();
  const char* skip_blanks(const char* p) const;
  const char* word_end(const char* p) const;
  const char* scalar_end(const char* p);
  const char* nested_end(const char* p);
  const char* string_end(const char* p);
  const char* value_end(const char* p);
  ScanError failed(const char* reason, const char* at) const;
  ScanError finish(const char* p);

  const char* line_;
  const char* end_;
  const char* scanned_;             ///< End of the bytes looked at so far.
  const std::uint32_t* quote_;      ///< Offsets of the quotes not yet handed out, ...
  const std::uint32_t* quote_end_;  ///< ... of the bytes looked at; then `no_quote` a few times.
  const std::uint32_t* enough_;     ///< Up to here there are quotes for a whole member.
  std::uint64_t escape_carry_ = 0;
  std::uint64_t in_string_ = 0;
  bool non_ascii_ = false;
  const char* tail_ = nullptr;
  ScanError text_error_;
  std::uint64_t bits_[window_blocks];
  std::uint32_t quotes_[window_quotes + 32];  // 32: what flattening may write too much
};

/// Bytes of `text` that are valid UTF-8 from the start; equals `size` when all of it is.
std::size_t valid_utf8_prefix(const char* text, std::size_t size);

// ---------------------------------------------------------------------------------------------

inline const char* Scanner::skip_blanks(const char* p) const {
  while (p < end_ && (*p == ' ' || *p == '\t' || *p == '\r' || *p == '\n')) ++p;
  return p;
}

namespace detail {

/// Whether the text is a plain number: digits, perhaps a point and digits, at most 15 characters.
/// Without a loop, since the lengths of numbers cannot be foreseen; 16 bytes must be readable.
inline bool is_plain_number(const char* p, std::size_t size) {
  static constexpr std::uint16_t first_bytes[16] = {0,      0x0001, 0x0003, 0x0007, 0x000f, 0x001f,
                                                    0x003f, 0x007f, 0x00ff, 0x01ff, 0x03ff, 0x07ff,
                                                    0x0fff, 0x1fff, 0x3fff, 0x7fff};
  if (size - 1 >= 15) return false;
  const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  const __m128i value = _mm_sub_epi8(text, _mm_set1_epi8('0'));
  const auto digits = static_cast<unsigned>(
      _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(value, _mm_set1_epi8(9)), value)));
  const unsigned others = ~digits & first_bytes[size];
  if (!others) return *p != '0' || size == 1;
  const auto point = static_cast<unsigned>(__builtin_ctz(others));
  return !(others & (others - 1)) & (p[point] == '.') & (point != 0) & (point != size - 1) &
         ((*p != '0') | (point == 1));
}

inline std::uint32_t four_bytes(const char* p) {
  std::uint32_t all;
  std::memcpy(&all, p, 4);
  return all;
}

/// Whether the text is true, false or null; four bytes must be readable.
inline bool is_literal(const char* p, std::size_t size) {
  const std::uint32_t first = four_bytes(p);
  if (size == 4) return first == 0x65757274 || first == 0x6c6c756e;
  return size == 5 && first == 0x736c6166 && p[4] == 'e';
}

}  // namespace detail

template <class Guess, class Look, class Take>
inline ScanError Scanner::members(Guess&& guess, Look&& look, Take&& take) {
  const char* p = skip_blanks(line_);
  if (p == end_ || *p != '{') return failed("not a JSON object", p);
  p = skip_blanks(p + 1);
  tail_ = p;
  if (p < end_ && *p == '}') return finish(p);
  const std::uint32_t *quote = quote_, *enough = enough_;  // kept in registers
  const char* const line = line_;
  const auto refilled = [&](const std::uint32_t* from) __attribute__((always_inline)) {
    quote_ = from;
    const bool done = refill_member();
    quote = quote_;
    enough = enough_;
    return done;
  };
  if (!refilled(quote)) return text_error_;
  if (line + *quote != p) return failed("expected a name in quotes", p);
  // What stands between two members, the quote behind it included: `, "`, or as the line has it.
  std::uint32_t between = 0x22202c, mask = 0xffffff, gap = 2;
  for (;;) {
    // Where a member starts is taken from the quotes and not from the end of the one before, so
    // that the processor need not wait for that.
    p = line + *quote;
    const char* value = guess(p);
    if (!value) [[unlikely]] {
      const char* const key_end = line + quote[1] + 1;
      value = *key_end == ':' ? key_end : skip_blanks(key_end);
      if (value >= end_ || *value != ':') return failed("expected ':' after the name", value);
      ++value;
      value += *value == ' ';
      if (static_cast<unsigned char>(*value) <= ' ') value = skip_blanks(value);
      look(p, quote[1] - quote[0] - 1, value);
    }
    if (line + quote[2] == value) {
      p = line + quote[3] + 1;
      quote += 4;
      take(value, static_cast<std::size_t>(p - value), Seen::text);
      if ((detail::four_bytes(p) & mask) == between && quote < enough) continue;
    } else {
      p = line + quote[2] - gap;
      quote += 2;
      if (detail::is_plain_number(value, static_cast<std::size_t>(p - value)) &&
          (detail::four_bytes(p) & mask) == between) {
        take(value, static_cast<std::size_t>(p - value), Seen::number);
        if (quote < enough) continue;
      } else if (detail::is_literal(value, static_cast<std::size_t>(p - value)) &&
                 (detail::four_bytes(p) & mask) == between) {
        take(value, static_cast<std::size_t>(p - value), Seen::other);
        if (quote < enough) continue;
      } else {
        if (static_cast<unsigned char>(*value) <= ' ') {  // more blanks than foreseen
          value = skip_blanks(value);
          look(line + quote[-2], quote[-1] - quote[-2] - 1, value);
        }
        quote_ = quote;
        p = value_end(value);
        // Looking for the end may have found that the line's quotes do not pair.
        if (!p || text_error_.reason) return text_error_;
        quote = quote_;
        enough = enough_;
        take(value, static_cast<std::size_t>(p - value), Seen::other);
      }
    }
    tail_ = p;
    const char* const comma = p = skip_blanks(p);
    if (p >= end_) return failed("unterminated object", p);
    if (*p == '}') return finish(p);
    if (*p != ',') return failed("expected ',' or '}' after a value", p);
    p = skip_blanks(p + 1);
    if (quote >= enough && !refilled(quote)) return text_error_;
    if (line + *quote != p) return failed("expected a name in quotes", p);
    if (comma == tail_ && p - comma <= 2) {
      gap = static_cast<std::uint32_t>(p - comma);
      mask = gap == 2 ? 0xffffff : 0xffff;
      between = detail::four_bytes(comma) & mask;
    }
  }
}

template <class Visit>
inline ScanError Scanner::members(Visit&& visit) {
  const char* key = nullptr;
  std::size_t key_size = 0;
  return members(
      [](const char*) { return static_cast<const char*>(nullptr); },
      [&](const char* start, std::size_t size, const char*) {
        key = start + 1;
        key_size = size;
      },
      [&](const char* value, std::size_t size, Seen) { visit(key, key_size, value, size); });
}

}  // namespace intelmq
