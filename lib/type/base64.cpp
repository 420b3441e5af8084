// SPDX-License-Identifier: Apache-2.0
#include "type/base64.hpp"

#include <immintrin.h>

#include <array>
#include <cstring>

namespace intelmq {
namespace {

constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// The two characters of every group of twelve bits.
constexpr std::array<std::array<char, 2>, 4096> make_pairs() {
  std::array<std::array<char, 2>, 4096> pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = {alphabet[i >> 6U], alphabet[i & 63U]};
  return pairs;
}

constexpr std::uint32_t foreign = 0x80000000U;

// The value of every character, shifted by so many bits; `foreign` for the others.
constexpr std::array<std::uint32_t, 256> make_values(unsigned shift) {
  std::array<std::uint32_t, 256> values{};
  for (auto& value : values) value = foreign;
  for (std::uint32_t i = 0; i < 64; ++i) {
    values[static_cast<unsigned char>(alphabet[i])] = i << shift;
  }
  return values;
}

constexpr auto pairs = make_pairs();
constexpr std::array<std::array<std::uint32_t, 256>, 4> values{make_values(18), make_values(12),
                                                               make_values(6), make_values(0)};

// The 24 bits of four characters, or a number with the bit `foreign`.
std::uint32_t quad(const unsigned char* in) noexcept {
  return values[0][in[0]] | values[1][in[1]] | values[2][in[2]] | values[3][in[3]];
}

void put_three(char* out, std::uint32_t bits) noexcept {
  out[0] = static_cast<char>(bits >> 16U);
  out[1] = static_cast<char>(bits >> 8U);
  out[2] = static_cast<char>(bits);
}

// --- many bytes at once: as many as this processor does, a multiple of three

using Encode = std::size_t (*)(char* to, const unsigned char* from, std::size_t size);

std::size_t encode_none(char*, const unsigned char*, std::size_t) { return 0; }

#define AVX2 __attribute__((target("avx2")))

/// Spreads twelve bytes per half to sixteen numbers below 64, and those to characters.
AVX2 __m256i characters(__m256i bytes) {
  const __m256i order = _mm256_setr_epi8(1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10,  //
                                         1, 0, 2, 1, 4, 3, 5, 4, 7, 6, 8, 7, 10, 9, 11, 10);
  const __m256i in = _mm256_shuffle_epi8(bytes, order);
  // Of each 32 bits first and third number: shifted right by 10 and 6, the others left by 4 and 8.
  const __m256i odd = _mm256_mulhi_epu16(_mm256_and_si256(in, _mm256_set1_epi32(0x0fc0fc00)),
                                         _mm256_set1_epi32(0x04000040));
  const __m256i even = _mm256_mullo_epi16(_mm256_and_si256(in, _mm256_set1_epi32(0x003f03f0)),
                                          _mm256_set1_epi32(0x01000010));
  const __m256i numbers = _mm256_or_si256(odd, even);
  // What to add: 0 for a-z, 1 to 10 for digits, 11 and 12 for + and /, 13 for A-Z.
  const __m256i offsets =
      _mm256_setr_epi8(71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 65, 0, 0,  //
                       71, -4, -4, -4, -4, -4, -4, -4, -4, -4, -4, -19, -16, 65, 0, 0);
  const __m256i capital =
      _mm256_and_si256(_mm256_cmpgt_epi8(_mm256_set1_epi8(26), numbers), _mm256_set1_epi8(13));
  const __m256i kind = _mm256_or_si256(_mm256_subs_epu8(numbers, _mm256_set1_epi8(51)), capital);
  return _mm256_add_epi8(numbers, _mm256_shuffle_epi8(offsets, kind));
}

AVX2 std::size_t encode_avx2(char* to, const unsigned char* from, std::size_t size) {
  const auto half = [from](std::size_t at) AVX2 {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + at));
  };
  std::size_t at = 0;
  for (; at + 28 <= size; at += 24, to += 32)
    _mm256_storeu_si256(reinterpret_cast<__m256i*>(to),
                        characters(_mm256_set_m128i(half(at + 12), half(at))));
  for (; at + 16 <= size; at += 12, to += 16)
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to),
                     _mm256_castsi256_si128(characters(_mm256_castsi128_si256(half(at)))));
  return at;
}
#undef AVX2

Encode best_encode() {
  __builtin_cpu_init();
  return __builtin_cpu_supports("avx2") ? encode_avx2 : encode_none;
}

const Encode encode_wide = best_encode();

}  // namespace

void write_base64(char* to, std::string_view bytes) {
  const auto* from = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t left = bytes.size();
  const std::size_t done = encode_wide(to, from, left);
  from += done;
  to += done / 3 * 4;
  left -= done;
  for (; left >= 3; left -= 3, from += 3, to += 4) {
    const std::uint32_t bits =
        std::uint32_t{from[0]} << 16U | std::uint32_t{from[1]} << 8U | from[2];
    std::memcpy(to, pairs[bits >> 12U].data(), 2);
    std::memcpy(to + 2, pairs[bits & 0xFFFU].data(), 2);
  }
  if (left == 0) return;
  const std::uint32_t bits =
      std::uint32_t{from[0]} << 16U | (left == 2 ? std::uint32_t{from[1]} << 8U : 0U);
  to[0] = alphabet[bits >> 18U];
  to[1] = alphabet[(bits >> 12U) & 63U];
  to[2] = left == 2 ? alphabet[(bits >> 6U) & 63U] : '=';
  to[3] = '=';
}

void append_base64(std::string& out, std::string_view bytes) {
  const std::size_t before = out.size();
  out.resize(before + base64_size(bytes.size()));
  write_base64(out.data() + before, bytes);
}

// One character; false if it is not ASCII.
bool Base64Decoder::step(unsigned char c, char*& out) noexcept {
  if (c >= 0x80) return false;
  if (done_) return true;
  if (c == '=') {
    if (held_ >= 2 && held_ + ++pads_ >= 4) done_ = true;
    return true;
  }
  const std::uint32_t value = values[3][c];
  if (value == foreign) return true;
  pads_ = 0;
  bits_ = (bits_ << 6U | value) & 0xFFFFFFU;
  held_ = (held_ + 1) % 4;
  if (held_ == 2) *out++ = static_cast<char>(bits_ >> 4U);
  if (held_ == 3) *out++ = static_cast<char>(bits_ >> 2U);
  if (held_ == 0) *out++ = static_cast<char>(bits_);
  return true;
}

std::optional<std::size_t> Base64Decoder::feed(std::string_view in, char* out) noexcept {
  char* const first = out;
  const auto* from = reinterpret_cast<const unsigned char*>(in.data());
  const auto* const end = from + in.size();
  while (from != end) {
    while (held_ == 0 && !done_ && end - from >= 4) {
      const std::uint32_t bits = quad(from);
      if ((bits & foreign) != 0) break;
      put_three(out, bits);
      out += 3;
      from += 4;
    }
    if (from == end) break;
    if (!step(*from, out)) return std::nullopt;
    ++from;
  }
  return static_cast<std::size_t>(out - first);
}

std::optional<std::string> decode_base64(std::string_view text) {
  std::string out(Base64Decoder::room(text.size()), '\0');
  Base64Decoder decoder;
  const auto size = decoder.feed(text, out.data());
  if (!size || !decoder.finish()) return std::nullopt;
  out.resize(*size);
  return out;
}

}  // namespace intelmq
