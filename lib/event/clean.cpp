// SPDX-License-Identifier: Apache-2.0
#include "event/clean.hpp"

#ifdef __SSE2__
#include <emmintrin.h>
#endif

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "event/classification.hpp"
#include "event/harmonise.hpp"
#include "type/fqdn.hpp"
#include "type/ip.hpp"
#include "type/timestamp.hpp"

namespace intelmq {
namespace {

constexpr std::uint64_t every(unsigned char byte) { return 0x0101010101010101u * byte; }

/// High bits where a byte is below `limit` (at most 0x80); bytes above 0x7f may be marked too.
constexpr std::uint64_t below(std::uint64_t word, unsigned char limit) {
  return (word - every(limit)) & ~word & every(0x80);
}

constexpr bool is_plain_word(std::uint64_t word) {
  const std::uint64_t bad = (word & every(0x80)) | below(word, 0x20) | below(word ^ every('"'), 1) |
                            below(word ^ every('\\'), 1) | below(word ^ every(0x7f), 1);
  return bad == 0;
}

/// Up to eight bytes; the missing ones are zero.
std::uint64_t load(const char* from, std::size_t size) {
  std::uint64_t word = 0;
  std::memcpy(&word, from, size);
  return word;
}

#ifdef __SSE2__
/// Bytes that are not plain are set. A byte from 0x80 on counts as negative, so below a blank.
__m128i unplain(const char* from) {
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  const auto is = [bytes](char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
  return _mm_or_si128(_mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(' ')), is(0x7f)),
                      _mm_or_si128(is('"'), is('\\')));
}
#endif

bool has_blank_ends(std::string_view text) { return text.front() == ' ' || text.back() == ' '; }

/// Whether a byte of the plain text lies between two letters.
bool has_between(std::string_view text, char first, char last) {
  std::uint64_t found = 0;
  const auto look = [&](std::uint64_t word) {
    const std::uint64_t from_first = word + every(static_cast<unsigned char>(0x80 - first));
    const std::uint64_t after_last = word + every(static_cast<unsigned char>(0x7f - last));
    found |= from_first & ~after_last;
  };
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) look(load(text.data() + at, 8));
  if (at < text.size()) look(load(text.data() + at, text.size() - at));
  return (found & every(0x80)) != 0;
}

bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

bool is_natural(std::string_view text) {
  return text.size() <= 18 && is_digits(text) && (text[0] != '0' || text.size() == 1);
}

bool is_as_number(std::string_view text) {
  if (!is_natural(text) || text.size() > 10 || text[0] == '0') return false;
  std::uint64_t value = 0;
  for (const char c : text) value = value * 10 + static_cast<unsigned>(c - '0');
  return value <= 4294967295u;
}

/// A decimal fraction that is its own shortest spelling: at most 15 digits, no zero too many.
bool is_decimal(std::string_view text) {
  if (text.front() == '-') text.remove_prefix(1);
  const std::size_t point = text.find('.');
  if (point == text.npos || text.size() > 16 || !is_natural(text.substr(0, point))) return false;
  const std::string_view fraction = text.substr(point + 1);
  if (!is_digits(fraction) || (fraction.back() == '0' && fraction.size() > 1)) return false;
  return text[0] != '0' || !fraction.starts_with("000");
}

/// A decimal from 0.0 to 100.0.
bool is_percentage(std::string_view text) {
  return text == "100.0" || (text.front() != '-' && text.find('.') <= 2 && is_decimal(text));
}

bool is_address(std::string_view text) {
  if (text.find(':') == text.npos) return false;
  const auto address = IpAddress::parse(text);
  if (!address || !address->v6) return false;
  char canonical[IpAddress::max_text];
  return text == std::string_view{canonical, address->write(canonical)};
}

bool is_host_bytes(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

/// Four numbers up to 255 without leading zeros.
bool is_dotted_quad(std::string_view text) {
  unsigned value = 0, digits = 0, dots = 0;
  for (const char c : text) {
    const auto digit = static_cast<unsigned>(c - '0');
    if (digit <= 9) {
      if (digits && value == 0) return false;
      value = value * 10 + digit;
      if (++digits > 3 || value > 255) return false;
    } else {
      if (c != '.' || digits == 0 || ++dots > 3) return false;
      value = digits = 0;
    }
  }
  return dots == 3 && digits != 0 && text != "0.0.0.0";
}

#ifdef __SSE2__
/// A bit for each of the first `size` (1 to 16) bytes that is a dot, or not one of a host name, or
/// neither a digit nor a dot.
struct HostBits {
  unsigned dots, bad, names;
};

HostBits host_bits(const char* from, std::size_t size) {
  alignas(16) char copy[16] = {};
  if (size < 16) std::memcpy(copy, from, size);
  const __m128i bytes = _mm_loadu_si128(reinterpret_cast<const __m128i*>(size < 16 ? copy : from));
  const auto is = [bytes](char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
  const auto between = [bytes](char first, char last) {
    return _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8(static_cast<char>(first - 1))),
                         _mm_cmplt_epi8(bytes, _mm_set1_epi8(static_cast<char>(last + 1))));
  };
  const __m128i letters = _mm_or_si128(between('a', 'z'), _mm_or_si128(is('-'), is('_')));
  const __m128i dots = is('.');
  const __m128i good = _mm_or_si128(_mm_or_si128(letters, dots), between('0', '9'));
  const unsigned all = (1u << size) - 1;
  const auto mask = [all](__m128i m) { return static_cast<unsigned>(_mm_movemask_epi8(m)) & all; };
  return {mask(dots), mask(good) ^ all, mask(letters)};
}

/// Labels of small letters, digits, hyphens and underscores, not all of them numbers; a label
/// cannot be too long in a text of 63 bytes, and longer ones are left to the thorough test.
bool is_host_name(std::string_view text) {
  if (text.size() > 63) return valid_fqdn(text) && is_host_bytes(text);
  std::uint64_t dots = 0, bad = 0, names = 0;
  for (std::size_t at = 0; at < text.size(); at += 16) {
    const HostBits bits = host_bits(text.data() + at, std::min<std::size_t>(16, text.size() - at));
    dots |= std::uint64_t{bits.dots} << at;
    bad |= bits.bad;
    names |= bits.names;
  }
  const std::uint64_t ends = 1 | std::uint64_t{1} << (text.size() - 1);
  return bad == 0 && names != 0 && (dots & (dots << 1 | ends)) == 0;
}
#else
bool is_host_name(std::string_view text) { return is_host_bytes(text) && valid_fqdn(text); }
#endif

/// `x` is the rarer letter to look for.
bool has_hxxp(std::string_view text) {
  for (std::size_t at = text.find('x', 1); at != text.npos; at = text.find('x', at + 1))
    if (text.substr(at - 1).starts_with("hxxp")) return true;
  return false;
}

enum class UrlByte : unsigned char { host, end, odd };

constexpr std::array<UrlByte, 256> url_bytes = [] {
  std::array<UrlByte, 256> out{};
  for (const unsigned char c : {'/', '?', '#'}) out[c] = UrlByte::end;
  for (const unsigned char c : {' ', '[', ']'}) out[c] = UrlByte::odd;
  return out;
}();

/// `http://h` or `https://h`, the host without blanks and brackets.
bool is_web_address(std::string_view text) {
  if (!text.starts_with("http")) return false;
  text.remove_prefix(text.substr(4).starts_with('s') ? 5 : 4);
  if (!text.starts_with("://")) return false;
  std::size_t at = 3;
  UrlByte kind = UrlByte::host;
  for (; at < text.size() && kind == UrlByte::host; ++at)
    kind = url_bytes[static_cast<unsigned char>(text[at])];
  return kind != UrlByte::odd && at > (kind == UrlByte::end ? 4u : 3u) && !has_hxxp(text);
}

}  // namespace

bool is_plain(std::string_view text) {
  const char* at = text.data();
  std::size_t left = text.size();
#ifdef __SSE2__
  __m128i bad = _mm_setzero_si128();
  for (; left >= 16; at += 16, left -= 16) bad = _mm_or_si128(bad, unplain(at));
  if (left && text.size() >= 16) {
    bad = _mm_or_si128(bad, unplain(at + left - 16));
    left = 0;
  }
  if (_mm_movemask_epi8(bad)) return false;
#endif
  for (; left >= 8; at += 8, left -= 8)
    if (!is_plain_word(load(at, 8))) return false;
  return left == 0 ? !text.empty() : is_plain_word(load(at, left) | every('a') << (8 * left));
}

bool plain_fits(FieldPattern pattern, std::string_view plain) {
  switch (pattern) {
    case FieldPattern::none:
    case FieldPattern::printable_ascii: return true;
    case FieldPattern::no_last_dot: return plain.back() != '.';
    case FieldPattern::transport:
      return plain == "tcp" || plain == "udp" || matches(pattern, plain);
    default: return matches(pattern, plain);
  }
}

bool is_clean(FieldType type, std::string_view plain) {
  if (plain.empty() || has_blank_ends(plain)) return false;
  switch (type) {
    case FieldType::String: return true;
    case FieldType::LowercaseString: return !has_between(plain, 'A', 'Z');
    case FieldType::UppercaseString: return !has_between(plain, 'a', 'z');
    case FieldType::ClassificationTaxonomy:
      return std::find(taxonomies.begin(), taxonomies.end(), plain) != taxonomies.end();
    case FieldType::ClassificationType: return !taxonomy_of(plain).empty();
    case FieldType::Integer: return is_natural(plain);
    case FieldType::ASN: return is_as_number(plain);
    case FieldType::Float: return is_decimal(plain);
    case FieldType::Accuracy: return is_percentage(plain);
    case FieldType::TLP:
      return std::find(tlp_levels.begin(), tlp_levels.end(), plain) != tlp_levels.end();
    case FieldType::DateTime: return plain.size() >= 25 && valid_timestamp(plain);
    case FieldType::IPAddress: return is_dotted_quad(plain) || is_address(plain);
    case FieldType::FQDN: return is_host_name(plain);
    case FieldType::URL: return is_web_address(plain);
    default: return false;
  }
}

}  // namespace intelmq
