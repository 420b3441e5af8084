// SPDX-License-Identifier: Apache-2.0
#include "event/clean.hpp"

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "event/harmonise.hpp"
#include "type/fqdn.hpp"
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

bool has_blank_ends(std::string_view text) { return text.front() == ' ' || text.back() == ' '; }

bool has_upper(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= 'A' && c <= 'Z'; });
}

bool has_lower(std::string_view text) {
  return std::any_of(text.begin(), text.end(), [](char c) { return c >= 'a' && c <= 'z'; });
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
  const auto address = IpAddress::parse(text);
  if (!address) return false;
  if (!address->v6) return text != "0.0.0.0";
  char canonical[IpAddress::max_text];
  return text == std::string_view{canonical, address->write(canonical)};
}

bool is_host_name(std::string_view text) {
  const bool ordinary = std::all_of(text.begin(), text.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' || c == '_';
  });
  return ordinary && valid_fqdn(text);
}

bool is_web_address(std::string_view text) {
  return text.starts_with("http") && text.find("hxxp") == text.npos && valid_url(text);
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
    case FieldType::LowercaseString: return !has_upper(plain);
    case FieldType::UppercaseString: return !has_lower(plain);
    case FieldType::ClassificationType: return !taxonomy_of(plain).empty();
    case FieldType::Integer: return is_natural(plain);
    case FieldType::ASN: return is_as_number(plain);
    case FieldType::Float: return is_decimal(plain);
    case FieldType::DateTime: return plain.size() >= 25 && valid_timestamp(plain);
    case FieldType::IPAddress: return is_address(plain);
    case FieldType::FQDN: return is_host_name(plain);
    case FieldType::URL: return is_web_address(plain);
    default: return false;
  }
}

}  // namespace intelmq
