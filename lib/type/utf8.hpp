// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <string_view>

namespace intelmq {

/// What stands for a byte that is not part of UTF-8.
inline constexpr char32_t replacement_character = 0xFFFD;

/// Whether every byte is below 0x80.
inline bool is_ascii(std::string_view text) noexcept {
  std::size_t at = 0;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + at, 8);
    if ((word & 0x8080808080808080U) != 0) return false;
  }
  for (; at < text.size(); ++at) {
    if ((static_cast<unsigned char>(text[at]) & 0x80U) != 0) return false;
  }
  return true;
}

/// Appends one code point, 0 to 0x10FFFF; a surrogate takes three bytes (WTF-8).
inline void append_utf8(std::string& out, char32_t code) {
  if (code < 0x80) {
    out.push_back(static_cast<char>(code));
  } else if (code < 0x800) {
    const char bytes[] = {static_cast<char>(0xC0U | (code >> 6U)),
                          static_cast<char>(0x80U | (code & 0x3FU))};
    out.append(bytes, 2);
  } else if (code < 0x10000) {
    const char bytes[] = {static_cast<char>(0xE0U | (code >> 12U)),
                          static_cast<char>(0x80U | ((code >> 6U) & 0x3FU)),
                          static_cast<char>(0x80U | (code & 0x3FU))};
    out.append(bytes, 3);
  } else {
    const char bytes[] = {static_cast<char>(0xF0U | (code >> 18U)),
                          static_cast<char>(0x80U | ((code >> 12U) & 0x3FU)),
                          static_cast<char>(0x80U | ((code >> 6U) & 0x3FU)),
                          static_cast<char>(0x80U | (code & 0x3FU))};
    out.append(bytes, 4);
  }
}

/// One code point of a text and the bytes it takes (at least 1).
struct CodePoint {
  char32_t code;
  std::size_t size;
  bool valid;
};

/// Reads the code point at `at` (which must be inside the text). Surrogates of three bytes are
/// valid (WTF-8). An ill-formed sequence gives U+FFFD for its longest well-begun part.
inline CodePoint code_point_at(std::string_view text, std::size_t at) noexcept {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char lead = byte(at);
  if (lead < 0x80) return {lead, 1, true};
  std::size_t size = 0;
  unsigned char low = 0x80;
  unsigned char high = 0xBF;
  if (lead >= 0xC2 && lead <= 0xDF) {
    size = 2;
  } else if (lead >= 0xE0 && lead <= 0xEF) {
    size = 3;
    if (lead == 0xE0) low = 0xA0;
  } else if (lead >= 0xF0 && lead <= 0xF4) {
    size = 4;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
  } else {
    return {replacement_character, 1, false};
  }
  char32_t code = lead & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) {
    if (at + i >= text.size() || byte(at + i) < low || byte(at + i) > high) {
      return {replacement_character, i, false};
    }
    code = (code << 6U) | (byte(at + i) & 0x3FU);
    low = 0x80;
    high = 0xBF;
  }
  return {code, size, true};
}

/// Whether the code point is half of a surrogate pair.
constexpr bool is_surrogate(char32_t code) noexcept { return code >= 0xD800 && code <= 0xDFFF; }

}  // namespace intelmq
