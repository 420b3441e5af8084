// SPDX-License-Identifier: Apache-2.0
#include "type/python_text.hpp"

#include <unicase.h>
#include <unictype.h>

#include <cstdint>
#include <cstdlib>
#include <memory>

#include "type/utf8.hpp"

namespace intelmq {
namespace {

using CaseMapping = std::uint8_t* (*)(const std::uint8_t*, std::size_t, const char*, uninorm_t,
                                      std::uint8_t*, std::size_t*);

struct Free {
  void operator()(std::uint8_t* memory) const noexcept { std::free(memory); }
};

// `text` must be strict UTF-8.
void append_mapped(std::string& out, std::string_view text, CaseMapping mapping) {
  if (text.empty()) return;
  std::size_t size = 0;
  const std::unique_ptr<std::uint8_t, Free> mapped{
      mapping(reinterpret_cast<const std::uint8_t*>(text.data()), text.size(), nullptr, nullptr,
              nullptr, &size)};
  if (mapped == nullptr) {
    out.append(text);
  } else {
    out.append(reinterpret_cast<const char*>(mapped.get()), size);
  }
}

bool is_case_ignorable(char32_t code) {
  return uc_is_property_case_ignorable(static_cast<ucs4_t>(code));
}

bool is_cased(char32_t code) { return uc_is_property_cased(static_cast<ucs4_t>(code)); }

std::size_t start_of_last(std::string_view text) noexcept {
  std::size_t at = text.size() - 1;
  while (at > 0 && text.size() - at < 4 && (static_cast<unsigned char>(text[at]) & 0xC0U) == 0x80) {
    --at;
  }
  return at;
}

bool cased_before(std::string_view text) {
  while (!text.empty()) {
    const std::size_t at = start_of_last(text);
    const char32_t code = code_point_at(text, at).code;
    if (!is_case_ignorable(code)) return is_cased(code);
    text = text.substr(0, at);
  }
  return false;
}

bool cased_after(std::string_view text) {
  while (!text.empty()) {
    const CodePoint point = code_point_at(text, 0);
    if (!is_case_ignorable(point.code)) return is_cased(point.code);
    text.remove_prefix(point.size);
  }
  return false;
}

// Python looks past U+0345 around a sigma, u8_tolower does not; so sigma is decided here.
std::string_view lower_sigma(std::string_view before, std::string_view after) {
  return cased_before(before) && !cased_after(after) ? "\xCF\x82" : "\xCF\x83";
}

std::string map_case(std::string_view text, CaseMapping mapping) {
  constexpr char32_t capital_sigma = 0x3A3;
  std::string out;
  out.reserve(text.size() + 8);
  std::size_t start = 0;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    const std::size_t next = at + point.size;
    const bool sigma = mapping == u8_tolower && point.code == capital_sigma;
    if (!point.valid || is_surrogate(point.code) || sigma) {
      append_mapped(out, text.substr(start, at - start), mapping);
      out +=
          sigma ? lower_sigma(text.substr(0, at), text.substr(next)) : text.substr(at, point.size);
      start = next;
    }
    at = next;
  }
  append_mapped(out, text.substr(start), mapping);
  return out;
}

bool is_ascii_space(char32_t code) noexcept {
  return (code >= 9 && code <= 13) || (code >= 0x1C && code <= 0x20);
}

}  // namespace

bool is_space(char32_t code) noexcept {
  if (code < 0x80) return is_ascii_space(code);
  if (code == 0x85 || code == 0xA0 || code == 0x1680) return true;
  if (code >= 0x2000 && code <= 0x200A) return true;
  return code == 0x2028 || code == 0x2029 || code == 0x202F || code == 0x205F || code == 0x3000;
}

std::string_view strip(std::string_view text) noexcept {
  while (!text.empty()) {
    const CodePoint point = code_point_at(text, 0);
    if (!is_space(point.code)) break;
    text.remove_prefix(point.size);
  }
  while (!text.empty()) {
    const std::size_t at = start_of_last(text);
    const CodePoint point = code_point_at(text, at);
    if (at + point.size != text.size() || !is_space(point.code)) break;
    text.remove_suffix(point.size);
  }
  return text;
}

std::string lower(std::string_view text) {
  if (!is_ascii(text)) return map_case(text, u8_tolower);
  std::string out{text};
  for (char& c : out) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + 32);
  }
  return out;
}

std::string upper(std::string_view text) {
  if (!is_ascii(text)) return map_case(text, u8_toupper);
  std::string out{text};
  for (char& c : out) {
    if (c >= 'a' && c <= 'z') c = static_cast<char>(c - 32);
  }
  return out;
}

bool is_lower(std::string_view text) {
  bool ascii = true;
  for (const char c : text) {
    if (c >= 'A' && c <= 'Z') return false;
    ascii = ascii && static_cast<unsigned char>(c) < 0x80;
  }
  return ascii || lower(text) == text;
}

std::size_t length(std::string_view text) noexcept {
  std::size_t count = 0;
  for (const char c : text) {
    count += (static_cast<unsigned char>(c) & 0xC0U) == 0x80 ? 0 : 1;
  }
  return count;
}

bool is_printable(char32_t code) noexcept {
  if (code < 0x7F) return code >= 0x20;
  constexpr std::uint32_t hidden = UC_CATEGORY_MASK_C | UC_CATEGORY_MASK_Z;
  return !uc_is_general_category_withtable(static_cast<ucs4_t>(code), hidden);
}

int decimal_digit(char32_t code) noexcept {
  if (code < 0x80) return code >= '0' && code <= '9' ? static_cast<int>(code - '0') : -1;
  if (!uc_is_general_category_withtable(static_cast<ucs4_t>(code), UC_CATEGORY_MASK_Nd)) return -1;
  return uc_decimal_value(static_cast<ucs4_t>(code));
}

}  // namespace intelmq
