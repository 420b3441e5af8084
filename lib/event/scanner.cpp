// SPDX-License-Identifier: Apache-2.0
#include "event/scanner.hpp"

#include <emmintrin.h>

#include <cstdint>
#include <cstring>

namespace intelmq {
namespace {

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

/// The first quote, backslash or control character from `p` on; up to 64 bytes behind `end` may be
/// read.
const char* text_end(const char* p, const char* end) {
  for (; p < end; p += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
    const __m128i found = _mm_or_si128(
        _mm_or_si128(_mm_cmpeq_epi8(v, _mm_set1_epi8('"')), _mm_cmpeq_epi8(v, _mm_set1_epi8('\\'))),
        _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v));
    if (const auto bits = static_cast<unsigned>(_mm_movemask_epi8(found)))
      return p + static_cast<unsigned>(__builtin_ctz(bits));
  }
  return p;
}

}  // namespace

const char* Scanner::value_end(const char* p) {
  if (p < end_ && *p == '"') return string_end(p);
  return p < end_ && (*p == '{' || *p == '[') ? nested_end(p) : scalar_end(p);
}

const char* Scanner::string_end(const char* p) {
  for (const char* at = p + 1;; at += 2) {
    at = text_end(at, end_);
    if (at >= end_) return none("unterminated string", p);
    if (*at == '"') return at + 1;
    if (*at != '\\') return none("control character in a string", at);
    if (at + 1 < end_ && !is_escape(at + 1, end_)) return none("invalid escape", at);
  }
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
  const char* to = p < end_ && (is_digit(*p) || *p == '-') ? number_end(p, end_) : nullptr;
  if (!to) to = word_end(p);
  return to && (to == end_ || ends_value(*to)) ? to : none("expected a value", p);
}

const char* Scanner::nested_end(const char* p) {
  char closers[max_depth];
  closers[0] = *p == '{' ? '}' : ']';
  std::size_t depth = 1;
  enum { value, name, separator } expect = *p == '{' ? name : value;
  bool may_close = true;
  ++p;
  for (;;) {
    p = skip_blanks(p);
    if (p >= end_) return none("unterminated object or array", p);
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
      if (*p != ',') return none("expected ',' or the end of an object or array", p);
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
        if (p >= end_ || *p != ':') return none("expected ':' after the name", p);
        ++p;
        expect = value;
      } else {
        expect = separator;
      }
      continue;
    }
    if (expect == name) return none("expected a name in quotes", p);
    if (*p == '{' || *p == '[') {
      if (depth == max_depth - 1) return none("nesting deeper than 128", p);
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
  if (at > end_) return {"unterminated object", static_cast<std::size_t>(end_ - line_)};
  return {reason, static_cast<std::size_t>(at - line_)};
}

const char* Scanner::none(const char* reason, const char* at) {
  value_error_ = failed(reason, at);
  return nullptr;
}

ScanError Scanner::finish(const char* p) const {
  const char* rest = skip_blanks(p + 1);
  if (rest != end_) return failed("text after the object", rest);
  const auto size = static_cast<std::size_t>(end_ - line_);
  const std::size_t valid = valid_utf8_prefix(line_, size);
  if (valid != size) return {"invalid UTF-8", valid};
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
