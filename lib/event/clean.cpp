// SPDX-License-Identifier: Apache-2.0
#include "event/clean.hpp"

#include <emmintrin.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "base/short_text.hpp"
#include "event/classification.hpp"
#include "event/harmonise.hpp"
#include "event/name_index.hpp"
#include "type/fqdn.hpp"
#include "type/ip.hpp"
#include "type/timestamp.hpp"

namespace intelmq {
namespace {

unsigned mask_of(__m128i bytes) { return static_cast<unsigned>(_mm_movemask_epi8(bytes)); }

__m128i between(__m128i bytes, char first, char last) {
  return _mm_and_si128(_mm_cmpgt_epi8(bytes, _mm_set1_epi8(static_cast<char>(first - 1))),
                       _mm_cmplt_epi8(bytes, _mm_set1_epi8(static_cast<char>(last + 1))));
}

/// Whether `bad` marks none of the text's bytes.
template <class Bad>
bool is_free_of(std::string_view text, Bad bad) {
  const char* at = text.data();
  std::size_t left = text.size();
  if (left < 16) return (mask_of(bad(load_16({at, left}))) & ((1u << left) - 1)) == 0;
  __m128i found = bad(load_16({at + left - 16, 16}));
  for (; left > 16; at += 16, left -= 16) found = _mm_or_si128(found, bad(load_16({at, 16})));
  return mask_of(found) == 0;
}

/// Bytes that are not plain are set. A byte from 0x80 on counts as negative, so below a blank.
__m128i unplain(__m128i bytes) {
  const auto is = [bytes](char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
  return _mm_or_si128(_mm_or_si128(_mm_cmplt_epi8(bytes, _mm_set1_epi8(' ')), is(0x7f)),
                      _mm_or_si128(is('"'), is('\\')));
}

bool has_blank_ends(std::string_view text) { return text.front() == ' ' || text.back() == ' '; }

/// Whether a byte of the plain text lies between two letters.
bool has_between(std::string_view text, char first, char last) {
  return !is_free_of(text, [=](__m128i bytes) { return between(bytes, first, last); });
}

bool is_digits(std::string_view text) {
  for (const char c : text)
    if (c < '0' || c > '9') return false;
  return !text.empty();
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
  IpAddress address;
  if (!address.read(text)) return false;
  if (!address.v6) return text != "0.0.0.0";
  char canonical[IpAddress::max_text];
  return text == std::string_view{canonical, address.write(canonical)};
}

bool is_host_bytes(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
}

/// A bit for each of the first `size` (1 to 16) bytes that is a dot, or not one of a host name, or
/// neither a digit nor a dot.
struct HostBits {
  unsigned dots, bad, names;
};

HostBits host_bits(const char* from, std::size_t size) {
  const __m128i bytes = load_16({from, size});
  const auto is = [bytes](char c) { return _mm_cmpeq_epi8(bytes, _mm_set1_epi8(c)); };
  const __m128i letters = _mm_or_si128(between(bytes, 'a', 'z'), _mm_or_si128(is('-'), is('_')));
  const __m128i dots = is('.');
  const __m128i good = _mm_or_si128(_mm_or_si128(letters, dots), between(bytes, '0', '9'));
  const unsigned all = (1u << size) - 1;
  return {mask_of(dots), (mask_of(good) & all) ^ all, mask_of(letters)};
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

bool is_plain(std::string_view text) { return !text.empty() && is_free_of(text, unplain); }

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

namespace {

[[gnu::always_inline]] inline bool is_clean_value(FieldType type, std::string_view plain) {
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
    case FieldType::IPAddress: return is_address(plain);
    case FieldType::FQDN: return is_host_name(plain);
    case FieldType::URL: return is_web_address(plain);
    default: return false;
  }
}

}  // namespace

bool is_clean(FieldType type, std::string_view plain) { return is_clean_value(type, plain); }

/// Whether is_clean finds out by itself that a text is plain.
constexpr bool implies_plain(FieldType type) {
  return type == FieldType::IPAddress || type == FieldType::FQDN || type == FieldType::TLP ||
         type == FieldType::ClassificationType || type == FieldType::ClassificationTaxonomy ||
         type == FieldType::DateTime;
}

bool is_usual(const FieldRule& rule, std::string_view raw) {
  const bool bare = is_bare(rule.type);
  if (bare == (raw.front() == '"') || rule.regex || rule.iregex) return false;
  if (!bare) raw = raw.substr(1, raw.size() - 2);
  if (rule.max_length && raw.size() > rule.max_length) return false;
  return (bare || implies_plain(rule.type) || is_plain(raw)) && is_clean_value(rule.type, raw) &&
         plain_fits(rule.pattern, raw);
}

}  // namespace intelmq
