// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace intelmq {

/// Eight times the same byte.
constexpr std::uint64_t every_byte(std::uint64_t byte) noexcept {
  return byte * 0x0101010101010101U;
}

/// Whether a character stands for itself in every JSON string literal: printable ASCII other than
/// the quote and the backslash.
constexpr bool is_plain(unsigned char c) noexcept {
  return c >= 0x20 && c < 0x7F && c != '"' && c != '\\';
}

/// The place of the first character at or behind `from` that is not plain; the size if all are.
inline std::size_t plain_prefix(std::string_view text, std::size_t from) noexcept {
  std::size_t at = from;
  for (; at + 8 <= text.size(); at += 8) {
    std::uint64_t word;
    std::memcpy(&word, text.data() + at, 8);
    const std::uint64_t quote = word ^ every_byte('"');
    const std::uint64_t backslash = word ^ every_byte('\\');
    const std::uint64_t del = word ^ every_byte(0x7F);
    // The high bit of a byte is set if it is not plain; above such a byte perhaps of others.
    const std::uint64_t hit = (word - every_byte(0x20)) | (quote - every_byte(1)) |
                              (backslash - every_byte(1)) | (del - every_byte(1)) | word;
    if ((hit & every_byte(0x80)) != 0) break;
  }
  while (at < text.size() && is_plain(static_cast<unsigned char>(text[at]))) ++at;
  return at;
}

}  // namespace intelmq
