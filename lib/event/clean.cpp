// SPDX-License-Identifier: Apache-2.0
#include "event/clean.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>

#include "event/harmonise.hpp"
#include "type/ip.hpp"
#include "type/timestamp.hpp"
#include "type/url.hpp"

namespace intelmq {
namespace {

constexpr std::uint64_t every(unsigned char byte) { return 0x0101010101010101u * byte; }

/// High bits where a byte is below `limit` (at most 0x80); bytes above 0x7f may be marked too.
constexpr std::uint64_t below(std::uint64_t word, unsigned char limit) {
  return (word - every(limit)) & ~word & every(0x80);
}

constexpr bool is_plain_word(std::uint64_t word) {
  const std::uint64_t bad = (word & every(0x80)) | below(word, 0x20) |
                            below(word ^ every('"'), 1) | below(word ^ every('\\'), 1) |
                            below(word ^ every(0x7f), 1);
  return bad == 0;
}

/// Up to eight bytes; the missing ones are zero.
std::uint64_t load(const char* from, std::size_t size) {
  std::uint64_t word = 0;
  std::memcpy(&word, from, size);
  return word;
}

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

bool is_address(std::string_view text) {
  if (text.find(':') == text.npos) return false;
  const auto address = IpAddress::parse(text);
  if (!address || !address->v6) return false;
  char canonical[IpAddress::max_text];
  return text == std::string_view{canonical, address->write(canonical)};
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

enum HostByte : unsigned char { other, letter, digit_or_sign, dot };

constexpr std::array<HostByte, 256> host_bytes = [] {
  std::array<HostByte, 256> out{};
  for (int c = 'a'; c <= 'z'; ++c) out[static_cast<std::size_t>(c)] = letter;
  for (int c = '0'; c <= '9'; ++c) out[static_cast<std::size_t>(c)] = digit_or_sign;
  out['-'] = out['_'] = letter;
  out['.'] = dot;
  return out;
}();

/// Labels of small letters, digits, hyphens and underscores, at least one that is no number.
bool is_host_name(std::string_view text) {
  std::size_t label = 0;
  bool letters = false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    const HostByte kind = host_bytes[static_cast<unsigned char>(text[at])];
    if (kind == other) return false;
    letters |= kind == letter;
    if (kind != dot) continue;
    if (at == label || at - label > 63) return false;
    label = at + 1;
  }
  return letters && label < text.size() && text.size() - label <= 63;
}

/// `x` is the rarer letter to look for.
bool has_hxxp(std::string_view text) {
  for (std::size_t at = text.find('x', 1); at != text.npos; at = text.find('x', at + 1))
    if (text.substr(at - 1).starts_with("hxxp")) return true;
  return false;
}

bool is_web_address(std::string_view text) {
  return text.starts_with("http") && valid_url(text) && !has_hxxp(text);
}

}  // namespace

bool is_plain(std::string_view text) {
  std::size_t at = 0;
  std::uint64_t word;
  for (; at + 8 <= text.size(); at += 8) {
    std::memcpy(&word, text.data() + at, 8);
    if (!is_plain_word(word)) return false;
  }
  if (at == text.size()) return at != 0;
  word = every('a');
  std::memcpy(&word, text.data() + at, text.size() - at);
  return is_plain_word(word);
}

bool is_clean(FieldType type, std::string_view plain) {
  if (plain.empty() || has_blank_ends(plain)) return false;
  switch (type) {
    case FieldType::String: return true;
    case FieldType::LowercaseString: return !has_between(plain, 'A', 'Z');
    case FieldType::UppercaseString: return !has_between(plain, 'a', 'z');
    case FieldType::ClassificationType: return !taxonomy_of(plain).empty();
    case FieldType::Integer: return is_natural(plain);
    case FieldType::ASN: return is_as_number(plain);
    case FieldType::Float: return is_decimal(plain);
    case FieldType::DateTime: return plain.size() >= 25 && valid_timestamp(plain);
    case FieldType::IPAddress: return is_dotted_quad(plain) || is_address(plain);
    case FieldType::FQDN: return is_host_name(plain);
    case FieldType::URL: return is_web_address(plain);
    default: return false;
  }
}

}  // namespace intelmq
