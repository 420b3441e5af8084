// SPDX-License-Identifier: Apache-2.0
#include "event/scanner.hpp"

#include <immintrin.h>

#include <cstring>

namespace intelmq {
namespace {

/// What one block of 64 bytes holds, a bit for each byte.
struct BlockBits {
  std::uint64_t quotes, backslashes, controls, high;
};

using ReadBlock = BlockBits (*)(const char*);

__attribute__((target("avx2"))) BlockBits read_block_avx2(const char* p) {
  const __m256i a = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  const __m256i b = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p + 32));
  const auto bits = [](__m256i lo, __m256i hi) __attribute__((target("avx2"))) {
    return static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_epi8(lo))) |
           static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_epi8(hi))) << 32;
  };
  const __m256i quote = _mm256_set1_epi8('"'), backslash = _mm256_set1_epi8('\\');
  const __m256i last_control = _mm256_set1_epi8(0x1f);
  BlockBits out;
  out.quotes = bits(_mm256_cmpeq_epi8(a, quote), _mm256_cmpeq_epi8(b, quote));
  out.backslashes = bits(_mm256_cmpeq_epi8(a, backslash), _mm256_cmpeq_epi8(b, backslash));
  out.controls = bits(_mm256_cmpeq_epi8(_mm256_min_epu8(a, last_control), a),
                      _mm256_cmpeq_epi8(_mm256_min_epu8(b, last_control), b));
  out.high = bits(a, b);
  return out;
}

BlockBits read_block_sse2(const char* p) {
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

ReadBlock best_read_block() {
  return __builtin_cpu_supports("avx2") ? read_block_avx2 : read_block_sse2;
}

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
    case '"': case '\\': case '/': case 'b': case 'f': case 'n': case 'r': case 't':
      return true;
    case 'u':
      return end - p > 4 && is_hex(p[1]) && is_hex(p[2]) && is_hex(p[3]) && is_hex(p[4]);
    default:
      return false;
  }
}

bool starts_with(const char* p, const char* end, std::string_view word) {
  return static_cast<std::size_t>(end - p) >= word.size() &&
         std::memcmp(p, word.data(), word.size()) == 0;
}

bool is_digit(char c) { return c >= '0' && c <= '9'; }

/// End of the number at `p`, or nullptr where it is none.
const char* number_end(const char* p, const char* end) {
  if (p < end && *p == '-') ++p;
  if (p == end || !is_digit(*p)) return nullptr;
  if (*p == '0') ++p;
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

}  // namespace

Scanner::Scanner(const char* line, std::size_t size)
    : line_{line}, end_{line + size}, scanned_{line} {}

bool Scanner::refill() {
  static const ReadBlock read_block = best_read_block();
  if (scanned_ >= end_) return false;
  window_ = scanned_;
  blocks_ = 0;
  block_ = 0;
  while (blocks_ < window_blocks && scanned_ < end_) {
    BlockBits bits = read_block(scanned_);
    const auto left = static_cast<std::size_t>(end_ - scanned_);
    if (left < 64) {
      const std::uint64_t mask = (std::uint64_t{1} << left) - 1;
      bits = {bits.quotes & mask, bits.backslashes & mask, bits.controls & mask, bits.high & mask};
    }
    if (bits.backslashes | escape_carry_) {
      escaped_ = true;
      std::uint64_t escaped = escaped_bytes(bits.backslashes, escape_carry_);
      bits.quotes &= ~escaped;
      for (; escaped && !text_error_.reason; escaped &= escaped - 1) {
        const char* at = scanned_ + static_cast<unsigned>(__builtin_ctzll(escaped));
        if (at < end_ && !is_escape(at, end_)) text_error_ = failed("invalid escape", at - 1);
      }
    }
    if (bits.controls) {
      const std::uint64_t inside = prefix_parity(bits.quotes) ^ in_string_;
      if (const std::uint64_t bad = bits.controls & inside; bad && !text_error_.reason)
        text_error_ = failed("control character in a string",
                             scanned_ + static_cast<unsigned>(__builtin_ctzll(bad)));
    }
    if (__builtin_parityll(bits.quotes)) in_string_ = ~in_string_;
    non_ascii_ |= bits.high != 0;
    bits_[blocks_++] = bits.quotes;
    scanned_ += 64;
  }
  return true;
}

const char* Scanner::scalar_end(const char* p) {
  const char* to = nullptr;
  if (p >= end_) to = nullptr;
  else if (starts_with(p, end_, "true") || starts_with(p, end_, "null")) to = p + 4;
  else if (starts_with(p, end_, "false")) to = p + 5;
  else if (starts_with(p, end_, "NaN")) to = p + 3;
  else if (starts_with(p, end_, "Infinity")) to = p + 8;
  else if (starts_with(p, end_, "-Infinity")) to = p + 9;
  else to = number_end(p, end_);
  const bool ends = to && (to == end_ || *to == ',' || *to == '}' || *to == ']' || *to == ' ' ||
                           *to == '\t' || *to == '\r' || *to == '\n');
  if (!ends) {
    text_error_ = failed("expected a value", p);
    return nullptr;
  }
  return to;
}

const char* Scanner::nested_end(const char* p) {
  char closers[max_depth];
  int depth = 0;
  enum { value, name, separator } expect = value;
  bool may_close = false;
  const auto error = [&](const char* reason, const char* at) -> const char* {
    text_error_ = failed(reason, at);
    return nullptr;
  };
  for (;;) {
    p = skip_blanks(p);
    if (p >= end_) return error("unterminated object or array", p);
    if (may_close || expect == separator) {
      if (depth && *p == closers[depth - 1]) {
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
      if (next_quote() != p) return error("expected a value", p);
      const char* to = next_quote();
      if (!to) return error("unterminated string", p);
      p = to + 1;
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
