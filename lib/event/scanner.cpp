// SPDX-License-Identifier: Apache-2.0
#include "event/scanner.hpp"

#include <immintrin.h>

#include <array>
#include <cstring>

namespace intelmq {
namespace {

/// What one block of 64 bytes holds, a bit for each byte.
struct BlockBits {
  std::uint64_t quotes, backslashes, controls, high;
};

/// What a run of blocks holds, beside the positions of its quotes.
struct Survey {
  std::uint64_t special = 0;  ///< Blocks with a backslash or control character, a bit each.
  std::uint64_t quotes = 0;   ///< All quote bits, exclusive or.
  bool high = false;          ///< A byte that is not ASCII somewhere.
};

/// The three steps of looking at a window, each as this processor does it best.
struct Steps {
  BlockBits (*read)(const char* block);
  Survey (*survey)(const char* blocks, std::size_t count, std::uint64_t* quotes);
  /// Writes the offset of every set bit; up to 32 entries more than that are touched.
  std::uint32_t* (*flatten)(const std::uint64_t* bits, std::size_t blocks, std::uint32_t offset,
                            std::uint32_t* out);
};

// --- any processor -------------------------------------------------------------------------------

BlockBits read_any(const char* p) {
  const __m128i quote = _mm_set1_epi8('"'), backslash = _mm_set1_epi8('\\');
  const __m128i last_control = _mm_set1_epi8(0x1f);
  BlockBits out{};
  for (int i = 0; i < 4; ++i) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + 16 * i));
    const auto put = [i](std::uint64_t& to, __m128i mask) {
      to |= static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm_movemask_epi8(mask)))
            << (16 * i);
    };
    put(out.quotes, _mm_cmpeq_epi8(v, quote));
    put(out.backslashes, _mm_cmpeq_epi8(v, backslash));
    put(out.controls, _mm_cmpeq_epi8(_mm_min_epu8(v, last_control), v));
    put(out.high, v);
  }
  return out;
}

Survey survey_any(const char* p, std::size_t blocks, std::uint64_t* quotes) {
  Survey out;
  for (std::size_t i = 0; i < blocks; ++i, p += 64) {
    const BlockBits bits = read_any(p);
    quotes[i] = bits.quotes;
    out.quotes ^= bits.quotes;
    out.special |= std::uint64_t{(bits.backslashes | bits.controls) != 0} << i;
    out.high |= bits.high != 0;
  }
  return out;
}

std::uint32_t* flatten_any(const std::uint64_t* bits, std::size_t blocks, std::uint32_t offset,
                           std::uint32_t* out) {
  for (std::size_t i = 0; i < blocks; ++i, offset += 64)
    for (std::uint64_t word = bits[i]; word; word &= word - 1)
      *out++ = offset + static_cast<std::uint32_t>(__builtin_ctzll(word));
  return out;
}

// --- AVX2 and BMI --------------------------------------------------------------------------------

__attribute__((target("avx2"))) BlockBits read_avx2(const char* p) {
  const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 32));
  const __m256i last_control = _mm256_set1_epi8(0x1f);
#define BITS(of_a, of_b)                                    \
  (static_cast<std::uint32_t>(_mm256_movemask_epi8(of_a)) | \
   static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_epi8(of_b))) << 32)
#define EQUAL(c) \
  BITS(_mm256_cmpeq_epi8(a, _mm256_set1_epi8(c)), _mm256_cmpeq_epi8(b, _mm256_set1_epi8(c)))
  return {EQUAL('"'), EQUAL('\\'),
          BITS(_mm256_cmpeq_epi8(_mm256_min_epu8(a, last_control), a),
               _mm256_cmpeq_epi8(_mm256_min_epu8(b, last_control), b)),
          BITS(a, b)};
#undef EQUAL
#undef BITS
}

__attribute__((target("avx2"))) Survey survey_avx2(const char* p, std::size_t blocks,
                                                   std::uint64_t* quotes) {
  const __m256i quote = _mm256_set1_epi8('"'), backslash = _mm256_set1_epi8('\\');
  const __m256i last_control = _mm256_set1_epi8(0x1f);
  __m256i high = _mm256_setzero_si256();
  Survey out;
  for (std::size_t i = 0; i < blocks; ++i, p += 64) {
    const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
    const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 32));
    const auto low = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(a, quote)));
    const auto top = static_cast<std::uint32_t>(_mm256_movemask_epi8(_mm256_cmpeq_epi8(b, quote)));
    quotes[i] = low | static_cast<std::uint64_t>(top) << 32;
    out.quotes ^= quotes[i];
    const __m256i slashes =
        _mm256_or_si256(_mm256_cmpeq_epi8(a, backslash), _mm256_cmpeq_epi8(b, backslash));
    const __m256i lowest = _mm256_min_epu8(a, b);
    const __m256i special =
        _mm256_or_si256(slashes, _mm256_cmpeq_epi8(_mm256_min_epu8(lowest, last_control), lowest));
    out.special |= std::uint64_t{_mm256_testz_si256(special, special) == 0} << i;
    high = _mm256_or_si256(high, _mm256_or_si256(a, b));
  }
  out.high = _mm256_movemask_epi8(high) != 0;
  return out;
}

__attribute__((target("bmi,popcnt"))) std::uint32_t* flatten_bmi(const std::uint64_t* bits,
                                                                 std::size_t blocks,
                                                                 std::uint32_t offset,
                                                                 std::uint32_t* out) {
  for (std::size_t i = 0; i < blocks; ++i, offset += 64) {
    std::uint64_t word = bits[i];
    const auto count = static_cast<std::size_t>(__builtin_popcountll(word));
    // Writing some too many costs less than counting.
    const auto put = [&](std::size_t from) __attribute__((target("bmi,popcnt"), always_inline)) {
#pragma GCC unroll 8
      for (std::size_t k = from; k < from + 8; ++k) {
        out[k] = offset + static_cast<std::uint32_t>(_tzcnt_u64(word));
        word &= word - 1;
      }
    };
    put(0);
    if (count > 8) put(8);
    if (__builtin_expect(count > 16, 0))
      for (std::size_t k = 16; k < count; ++k) {
        out[k] = offset + static_cast<std::uint32_t>(_tzcnt_u64(word));
        word &= word - 1;
      }
    out += count;
  }
  return out;
}

// --- AVX-512 -------------------------------------------------------------------------------------

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12's own header (its bug 105593)
#define AVX512 __attribute__((target("avx512f,avx512bw,avx512vbmi,avx512vbmi2,popcnt")))

AVX512 BlockBits read_avx512(const char* p) {
  const __m512i v = _mm512_loadu_si512(p);
  return {_mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"')),
          _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\')),
          _mm512_cmple_epu8_mask(v, _mm512_set1_epi8(0x1f)), _mm512_movepi8_mask(v)};
}

AVX512 Survey survey_avx512(const char* p, std::size_t blocks, std::uint64_t* quotes) {
  const __m512i quote = _mm512_set1_epi8('"'), backslash = _mm512_set1_epi8('\\');
  const __m512i last_control = _mm512_set1_epi8(0x1f);
  __m512i high = _mm512_setzero_si512();
  Survey out;
  for (std::size_t i = 0; i < blocks; ++i, p += 64) {
    const __m512i v = _mm512_loadu_si512(p);
    quotes[i] = _mm512_cmpeq_epi8_mask(v, quote);
    out.quotes ^= quotes[i];
    const __mmask64 special =
        _mm512_cmpeq_epi8_mask(v, backslash) | _mm512_cmple_epu8_mask(v, last_control);
    out.special |= std::uint64_t{special != 0} << i;
    high = _mm512_or_si512(high, v);
  }
  out.high = _mm512_movepi8_mask(high) != 0;
  return out;
}

AVX512 std::uint32_t* flatten_avx512(const std::uint64_t* bits, std::size_t blocks,
                                     std::uint32_t offset, std::uint32_t* out) {
  alignas(64) static constexpr auto numbers = [] {
    std::array<char, 64> all{};
    for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<char>(i);
    return all;
  }();
  const __m512i order = _mm512_load_si512(numbers.data());
  for (std::size_t i = 0; i < blocks; ++i, offset += 64) {
    const auto count = static_cast<std::size_t>(__builtin_popcountll(bits[i]));
    const __m512i found = _mm512_maskz_compress_epi8(bits[i], order);
    const __m512i base = _mm512_set1_epi32(static_cast<int>(offset));
    const auto put = [&](std::size_t at, __m128i sixteen) AVX512 {
      _mm512_storeu_si512(out + at, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(sixteen)));
    };
    put(0, _mm512_castsi512_si128(found));
    if (__builtin_expect(count > 16, 0)) {
      put(16, _mm512_extracti32x4_epi32(found, 1));
      if (count > 32) {
        put(32, _mm512_extracti32x4_epi32(found, 2));
        put(48, _mm512_extracti32x4_epi32(found, 3));
      }
    }
    out += count;
  }
  return out;
}
#undef AVX512
#pragma GCC diagnostic pop

bool can(Scanner::Processor kind) {
  __builtin_cpu_init();
  switch (kind) {
    case Scanner::Processor::any: return true;
    case Scanner::Processor::avx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
             __builtin_cpu_supports("popcnt");
    case Scanner::Processor::avx512:
      return __builtin_cpu_supports("avx512vbmi2") && __builtin_cpu_supports("avx512vbmi") &&
             __builtin_cpu_supports("avx512bw");
  }
  return false;
}

Steps steps_of(Scanner::Processor kind) {
  switch (kind) {
    case Scanner::Processor::avx512: return {read_avx512, survey_avx512, flatten_avx512};
    case Scanner::Processor::avx2: return {read_avx2, survey_avx2, flatten_bmi};
    default: return {read_any, survey_any, flatten_any};
  }
}

Steps steps = steps_of(can(Scanner::Processor::avx512) ? Scanner::Processor::avx512
                       : can(Scanner::Processor::avx2) ? Scanner::Processor::avx2
                                                       : Scanner::Processor::any);

/// For each bit, the parity of the bits up to and including it.
std::uint64_t prefix_parity(std::uint64_t bits) {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

/// Bits of the bytes that a backslash escapes; `carry` tells whether the first byte is one.
std::uint64_t escaped_bytes(std::uint64_t backslashes, std::uint64_t& carry) {
  std::uint64_t escaped = 0;
  std::uint64_t rest = backslashes;
  if (carry) {
    escaped |= 1;
    rest &= ~std::uint64_t{1};
  }
  carry = 0;
  while (rest) {
    const auto at = static_cast<unsigned>(__builtin_ctzll(rest));
    if (at == 63) {
      carry = 1;
      break;
    }
    escaped |= std::uint64_t{2} << at;
    rest &= ~(std::uint64_t{3} << at);
  }
  return escaped;
}

bool is_hex(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || (c >= 'A' && c <= 'F');
}

/// Whether the character after a backslash (with its digits) makes an escape of JSON.
bool is_escape(const char* p, const char* end) {
  switch (*p) {
    case '"':
    case '\\':
    case '/':
    case 'b':
    case 'f':
    case 'n':
    case 'r':
    case 't': return true;
    case 'u': return end - p > 4 && is_hex(p[1]) && is_hex(p[2]) && is_hex(p[3]) && is_hex(p[4]);
    default: return false;
  }
}

bool starts_with(const char* p, const char* end, std::string_view word) {
  return static_cast<std::size_t>(end - p) >= word.size() &&
         std::memcmp(p, word.data(), word.size()) == 0;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// End of the number at `p`, or nullptr where it is none. The line's padding ends the digits.
const char* number_end(const char* p, const char* end) {
  if (*p == '-') ++p;
  if (p >= end || !is_digit(*p)) return nullptr;
  if (*p == '0')
    ++p;
  else
    while (p < end && is_digit(*p)) ++p;
  if (p < end && *p == '.') {
    if (++p == end || !is_digit(*p)) return nullptr;
    while (p < end && is_digit(*p)) ++p;
  }
  if (p < end && (*p == 'e' || *p == 'E')) {
    if (++p < end && (*p == '+' || *p == '-')) ++p;
    if (p == end || !is_digit(*p)) return nullptr;
    while (p < end && is_digit(*p)) ++p;
  }
  return p;
}

/// What may stand behind a value that is no string.
constexpr bool ends_value(char c) {
  return c == ',' || c == '}' || c == ']' || c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

}  // namespace

bool Scanner::use(Processor kind) {
  if (!can(kind)) return false;
  steps = steps_of(kind);
  return true;
}

/// Looks at the next window; false at the line's end.
bool Scanner::refill() {
  if (scanned_ >= end_) return false;
  const auto waiting = static_cast<std::size_t>(quote_end_ - quote_);
  std::memmove(quotes_, quote_, waiting * sizeof *quotes_);
  quote_ = quotes_;
  const char* window = scanned_;
  const auto left = static_cast<std::size_t>(end_ - scanned_);
  const std::size_t most = (window_quotes - waiting) / 64;
  std::size_t blocks = left / 64 < most ? left / 64 : most;
  const Survey found = steps.survey(scanned_, blocks, bits_);
  non_ascii_ |= found.high;
  std::uint64_t quotes = found.quotes;
  if (found.special || escape_carry_) take_special_blocks(found.special, blocks, quotes);
  if (__builtin_parityll(quotes)) in_string_ = ~in_string_;
  scanned_ += 64 * blocks;
  if (blocks < most && scanned_ < end_) {
    const std::uint64_t mask = (std::uint64_t{1} << (end_ - scanned_)) - 1;
    bits_[blocks] = take_block(scanned_, mask, in_string_);
    if (__builtin_parityll(bits_[blocks++])) in_string_ = ~in_string_;
    scanned_ = end_;
  }
  std::uint32_t* const quote_end =
      steps.flatten(bits_, blocks, static_cast<std::uint32_t>(window - line_), quotes_ + waiting);
  quote_end_ = quote_end;
  for (int i = 0; i < 5; ++i) quote_end[i] = no_quote;
  // At the end of the line there is an even number of quotes, so none is too few for a member.
  enough_ = scanned_ == end_ ? quote_end : quote_end - quote_ < 5 ? quotes_ : quote_end - 4;
  if (scanned_ == end_ && in_string_ && !text_error_.reason)
    text_error_ = failed("unterminated string", quote_end > quotes_ ? line_ + quote_end[-1] : end_);
  return true;
}

/// Gets the quotes of a whole member, if the line has them; false if there is an error already.
bool Scanner::refill_member() {
  while (quote_ >= enough_ && refill()) {
  }
  return !text_error_.reason;
}

/// Goes through the blocks of a window that hold more than quotes. `quotes` is what Survey says of
/// the window and is put right here.
void Scanner::take_special_blocks(std::uint64_t special, std::size_t blocks,
                                  std::uint64_t& quotes) {
  std::uint64_t in_string = in_string_;  // before the block
  for (std::size_t i = 0, done = 0; i < blocks; ++i) {
    if (!escape_carry_) {
      special &= ~std::uint64_t{0} << i;
      if (!special) break;
      i = static_cast<std::size_t>(__builtin_ctzll(special));
    }
    std::uint64_t between = 0;
    for (; done < i; ++done) between ^= bits_[done];
    if (__builtin_parityll(between)) in_string = ~in_string;
    const std::uint64_t found = take_block(scanned_ + 64 * i, ~std::uint64_t{0}, in_string);
    quotes ^= bits_[i] ^ found;
    bits_[i] = found;
  }
}

/// One block with everything that may be in it: the bits of its quotes. `mask` has the bytes that
/// belong to the line, `in_string` is set if the block begins inside a string.
std::uint64_t Scanner::take_block(const char* p, std::uint64_t mask, std::uint64_t in_string) {
  BlockBits bits = steps.read(p);
  bits = {bits.quotes & mask, bits.backslashes & mask, bits.controls & mask, bits.high & mask};
  non_ascii_ |= bits.high != 0;
  if (bits.backslashes | escape_carry_) {
    std::uint64_t escaped = escaped_bytes(bits.backslashes, escape_carry_);
    bits.quotes &= ~escaped;
    for (; escaped && !text_error_.reason; escaped &= escaped - 1) {
      const char* at = p + static_cast<unsigned>(__builtin_ctzll(escaped));
      if (at < end_ && !is_escape(at, end_)) text_error_ = failed("invalid escape", at - 1);
    }
  }
  if (bits.controls) {
    const std::uint64_t inside = prefix_parity(bits.quotes) ^ in_string;
    if (const std::uint64_t bad = bits.controls & inside; bad && !text_error_.reason)
      text_error_ =
          failed("control character in a string", p + static_cast<unsigned>(__builtin_ctzll(bad)));
  }
  return bits.quotes;
}

const char* Scanner::value_end(const char* p) {
  if (p < end_ && *p == '"') return string_end(p);
  return p < end_ && (*p == '{' || *p == '[') ? nested_end(p) : scalar_end(p);
}

const char* Scanner::string_end(const char* p) {
  if (next_quote() != p) {
    text_error_ = failed("expected a value", p);
    return nullptr;
  }
  const char* const to = next_quote();
  if (to) return to + 1;
  text_error_ = failed("unterminated string", p);
  return nullptr;
}

const char* Scanner::next_quote() {
  while (quote_ == quote_end_)
    if (!refill()) return nullptr;
  return line_ + *quote_++;
}

const char* Scanner::word_end(const char* p) const {
  if (p >= end_) return nullptr;
  const auto is = [&](std::string_view word) {
    return starts_with(p, end_, word) ? p + word.size() : nullptr;
  };
  switch (*p) {
    case 't': return is("true");
    case 'f': return is("false");
    case 'n': return is("null");
    case 'N': return is("NaN");
    case 'I': return is("Infinity");
    case '-': return is("-Infinity");
    default: return nullptr;
  }
}

const char* Scanner::scalar_end(const char* p) {
  const char* to = is_digit(*p) || *p == '-' ? number_end(p, end_) : nullptr;
  if (!to) to = word_end(p);
  if (!to || (to != end_ && !ends_value(*to))) {
    text_error_ = failed("expected a value", p);
    return nullptr;
  }
  return to;
}

const char* Scanner::nested_end(const char* p) {
  char closers[max_depth];
  closers[0] = *p == '{' ? '}' : ']';
  std::size_t depth = 1;
  enum { value, name, separator } expect = *p == '{' ? name : value;
  bool may_close = true;
  ++p;
  const auto error = [&](const char* reason, const char* at) -> const char* {
    text_error_ = failed(reason, at);
    return nullptr;
  };
  for (;;) {
    p = skip_blanks(p);
    if (p >= end_) return error("unterminated object or array", p);
    if (may_close || expect == separator) {
      if (*p == closers[depth - 1]) {
        ++p;
        if (--depth == 0) return p;
        expect = separator;
        may_close = false;
        continue;
      }
    }
    if (expect == separator) {
      if (*p != ',') return error("expected ',' or the end of an object or array", p);
      ++p;
      expect = closers[depth - 1] == '}' ? name : value;
      may_close = false;
      continue;
    }
    may_close = false;
    if (*p == '"') {
      p = string_end(p);
      if (!p) return nullptr;
      if (expect == name) {
        p = skip_blanks(p);
        if (p >= end_ || *p != ':') return error("expected ':' after the name", p);
        ++p;
        expect = value;
      } else {
        expect = separator;
      }
      continue;
    }
    if (expect == name) return error("expected a name in quotes", p);
    if (*p == '{' || *p == '[') {
      if (depth == max_depth - 1) return error("nesting deeper than 128", p);
      closers[depth++] = *p == '{' ? '}' : ']';
      expect = *p == '{' ? name : value;
      may_close = true;
      ++p;
      continue;
    }
    p = scalar_end(p);
    if (!p) return nullptr;
    expect = separator;
  }
}

ScanError Scanner::failed(const char* reason, const char* at) const {
  if (text_error_.reason) return text_error_;
  if (at > end_) return {"unterminated object", static_cast<std::size_t>(end_ - line_)};
  return {reason, static_cast<std::size_t>(at - line_)};
}

ScanError Scanner::finish(const char* p) {
  const char* rest = skip_blanks(p + 1);
  if (rest != end_) return failed("text after the object", rest);
  while (refill()) {
  }
  if (text_error_.reason) return text_error_;
  if (non_ascii_) {
    const auto size = static_cast<std::size_t>(end_ - line_);
    const std::size_t valid = valid_utf8_prefix(line_, size);
    if (valid != size) return {"invalid UTF-8", valid};
  }
  return {};
}

std::size_t valid_utf8_prefix(const char* text, std::size_t size) {
  const auto* p = reinterpret_cast<const unsigned char*>(text);
  std::size_t i = 0;
  const auto tail = [&](std::size_t at, unsigned lo, unsigned hi) {
    return at < size && p[at] >= lo && p[at] <= hi;
  };
  while (i < size) {
    if (i + 8 <= size) {
      std::uint64_t word;
      std::memcpy(&word, p + i, 8);
      if (!(word & 0x8080808080808080u)) {
        i += 8;
        continue;
      }
    }
    const unsigned c = p[i];
    if (c < 0x80) {
      ++i;
    } else if (c >= 0xc2 && c <= 0xdf && tail(i + 1, 0x80, 0xbf)) {
      i += 2;
    } else if (c >= 0xe0 && c <= 0xef &&
               tail(i + 1, c == 0xe0 ? 0xa0 : 0x80, c == 0xed ? 0x9f : 0xbf) &&
               tail(i + 2, 0x80, 0xbf)) {
      i += 3;
    } else if (c >= 0xf0 && c <= 0xf4 &&
               tail(i + 1, c == 0xf0 ? 0x90 : 0x80, c == 0xf4 ? 0x8f : 0xbf) &&
               tail(i + 2, 0x80, 0xbf) && tail(i + 3, 0x80, 0xbf)) {
      i += 4;
    } else {
      return i;
    }
  }
  return size;
}

}  // namespace intelmq
