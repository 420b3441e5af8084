// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <emmintrin.h>

#include <cstdint>
#include <cstring>
#include <string_view>

namespace intelmq {

/// Texts of a few bytes: memcpy of so little costs less in pieces of fixed size that may overlap.
/// Nothing here reads or writes beyond the text.

/// Up to eight bytes; the missing ones are zero.
inline std::uint64_t load_8(const char* from, std::size_t size) {
  const auto byte = [from](std::size_t i) {
    return std::uint64_t{static_cast<unsigned char>(from[i])} << (8 * i);
  };
  if (size >= 8) {
    std::uint64_t word;
    std::memcpy(&word, from, 8);
    return word;
  }
  if (size >= 4) {
    std::uint32_t first, last;
    std::memcpy(&first, from, 4);
    std::memcpy(&last, from + size - 4, 4);
    return first | std::uint64_t{last} << (8 * (size - 4));
  }
  return size == 0 ? 0 : byte(0) | byte(size / 2) | byte(size - 1);
}

/// The first 16 bytes; the missing ones are zero.
inline __m128i load_16(std::string_view text) {
  const char* const from = text.data();
  const std::size_t size = text.size();
  if (size >= 16) return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from));
  const std::uint64_t first = load_8(from, size);
  const std::uint64_t rest = size > 8 ? load_8(from + size - 8, 8) >> (8 * (16 - size)) : 0;
  return _mm_set_epi64x(static_cast<long long>(rest), static_cast<long long>(first));
}

/// memcpy; returns the end of what it wrote.
inline char* copy_short(char* to, const char* from, std::size_t size) {
  const auto ends = [=](auto piece) {
    auto last = piece;
    std::memcpy(&piece, from, sizeof piece);
    std::memcpy(&last, from + size - sizeof last, sizeof last);
    std::memcpy(to, &piece, sizeof piece);
    std::memcpy(to + size - sizeof last, &last, sizeof last);
  };
  if (size > 32)
    std::memcpy(to, from, size);
  else if (size >= 16)
    ends(__m128i{});
  else if (size >= 8)
    ends(std::uint64_t{});
  else if (size >= 4)
    ends(std::uint32_t{});
  else if (size >= 2)
    ends(std::uint16_t{});
  else if (size == 1)
    *to = *from;
  return to + size;
}

}  // namespace intelmq
