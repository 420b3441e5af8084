// SPDX-License-Identifier: Apache-2.0
#include "base/sha256.hpp"

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstring>

#if defined(__x86_64__)
#include <cpuid.h>
#include <immintrin.h>
#endif

namespace intelmq {
namespace {

constexpr std::size_t block_size = 64;

constexpr std::array<std::uint32_t, 8> initial_state{
    0x6a09e667, 0xbb67ae85, 0x3c6ef372, 0xa54ff53a, 0x510e527f, 0x9b05688c, 0x1f83d9ab, 0x5be0cd19};

alignas(64) constexpr std::array<std::uint32_t, 64> round_constants{
    0x428a2f98, 0x71374491, 0xb5c0fbcf, 0xe9b5dba5, 0x3956c25b, 0x59f111f1, 0x923f82a4, 0xab1c5ed5,
    0xd807aa98, 0x12835b01, 0x243185be, 0x550c7dc3, 0x72be5d74, 0x80deb1fe, 0x9bdc06a7, 0xc19bf174,
    0xe49b69c1, 0xefbe4786, 0x0fc19dc6, 0x240ca1cc, 0x2de92c6f, 0x4a7484aa, 0x5cb0a9dc, 0x76f988da,
    0x983e5152, 0xa831c66d, 0xb00327c8, 0xbf597fc7, 0xc6e00bf3, 0xd5a79147, 0x06ca6351, 0x14292967,
    0x27b70a85, 0x2e1b2138, 0x4d2c6dfc, 0x53380d13, 0x650a7354, 0x766a0abb, 0x81c2c92e, 0x92722c85,
    0xa2bfe8a1, 0xa81a664b, 0xc24b8b70, 0xc76c51a3, 0xd192e819, 0xd6990624, 0xf40e3585, 0x106aa070,
    0x19a4c116, 0x1e376c08, 0x2748774c, 0x34b0bcb5, 0x391c0cb3, 0x4ed8aa4a, 0x5b9cca4f, 0x682e6ff3,
    0x748f82ee, 0x78a5636f, 0x84c87814, 0x8cc70208, 0x90befffa, 0xa4506ceb, 0xbef9a3f7, 0xc67178f2};

using State = std::array<std::uint32_t, 8>;
using Compress = void (*)(State&, const std::uint8_t* blocks, std::size_t count);

std::uint32_t big_endian(const std::uint8_t* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
         std::uint32_t{bytes[2]} << 8 | std::uint32_t{bytes[3]};
}

std::array<std::uint32_t, 64> message_schedule(const std::uint8_t* block) {
  std::array<std::uint32_t, 64> w;
  for (std::size_t i = 0; i < 16; ++i) w[i] = big_endian(block + 4 * i);
  for (std::size_t i = 16; i < 64; ++i) {
    const std::uint32_t a = w[i - 15];
    const std::uint32_t b = w[i - 2];
    w[i] = w[i - 16] + (std::rotr(a, 7) ^ std::rotr(a, 18) ^ (a >> 3)) + w[i - 7] +
           (std::rotr(b, 17) ^ std::rotr(b, 19) ^ (b >> 10));
  }
  return w;
}

void compress_portable(State& state, const std::uint8_t* blocks, std::size_t count) {
  for (; count > 0; --count, blocks += block_size) {
    const std::array<std::uint32_t, 64> w = message_schedule(blocks);
    auto [a, b, c, d, e, f, g, h] = state;
    for (std::size_t i = 0; i < 64; ++i) {
      const std::uint32_t t1 = h + (std::rotr(e, 6) ^ std::rotr(e, 11) ^ std::rotr(e, 25)) +
                               ((e & f) ^ (~e & g)) + round_constants[i] + w[i];
      const std::uint32_t t2 =
          (std::rotr(a, 2) ^ std::rotr(a, 13) ^ std::rotr(a, 22)) + ((a & b) ^ (a & c) ^ (b & c));
      h = g;
      g = f;
      f = e;
      e = d + t1;
      d = c;
      c = b;
      b = a;
      a = t1 + t2;
    }
    const State round{a, b, c, d, e, f, g, h};
    for (std::size_t i = 0; i < 8; ++i) state[i] += round[i];
  }
}

#if defined(__x86_64__)
bool has_sha_instructions() {
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  if (__get_cpuid(1, &a, &b, &c, &d) == 0 || (c & bit_SSSE3) == 0 || (c & bit_SSE4_1) == 0)
    return false;
  return __get_cpuid_count(7, 0, &a, &b, &c, &d) != 0 && (b & (1U << 29)) != 0;
}

// The instructions want the state as two vectors, (a b e f) and (c d g h), and do two rounds at a
// time.
[[gnu::target("sha,sse4.1,ssse3")]] void compress_sha_ni(State& state, const std::uint8_t* blocks,
                                                         std::size_t count) {
  const __m128i swap = _mm_set_epi64x(0x0c0d0e0f08090a0b, 0x0405060700010203);
  auto* stored = reinterpret_cast<__m128i*>(state.data());
  const __m128i badc = _mm_shuffle_epi32(_mm_loadu_si128(stored), 0xb1);
  const __m128i efgh = _mm_shuffle_epi32(_mm_loadu_si128(stored + 1), 0x1b);
  __m128i abef = _mm_alignr_epi8(badc, efgh, 8);
  __m128i cdgh = _mm_blend_epi16(efgh, badc, 0xf0);
  for (; count > 0; --count, blocks += block_size) {
    const __m128i abef_before = abef;
    const __m128i cdgh_before = cdgh;
    __m128i w[4];
#pragma GCC unroll 16
    for (int i = 0; i < 16; ++i) {
      __m128i& now = w[i & 3];
      if (i < 4) {
        now = _mm_shuffle_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(blocks) + i), swap);
      } else {
        const __m128i& last = w[(i + 3) & 3];
        const __m128i mixed = _mm_add_epi32(_mm_sha256msg1_epu32(now, w[(i + 1) & 3]),
                                            _mm_alignr_epi8(last, w[(i + 2) & 3], 4));
        now = _mm_sha256msg2_epu32(mixed, last);
      }
      const auto* constants = reinterpret_cast<const __m128i*>(round_constants.data()) + i;
      const __m128i sum = _mm_add_epi32(now, _mm_load_si128(constants));
      cdgh = _mm_sha256rnds2_epu32(cdgh, abef, sum);
      abef = _mm_sha256rnds2_epu32(abef, cdgh, _mm_shuffle_epi32(sum, 0x0e));
    }
    abef = _mm_add_epi32(abef, abef_before);
    cdgh = _mm_add_epi32(cdgh, cdgh_before);
  }
  const __m128i feba = _mm_shuffle_epi32(abef, 0x1b);
  const __m128i dchg = _mm_shuffle_epi32(cdgh, 0xb1);
  _mm_storeu_si128(stored, _mm_blend_epi16(feba, dchg, 0xf0));
  _mm_storeu_si128(stored + 1, _mm_alignr_epi8(dchg, feba, 8));
}

Compress best_compress() { return has_sha_instructions() ? compress_sha_ni : compress_portable; }
#else
Compress best_compress() { return compress_portable; }
#endif

std::array<std::uint8_t, 32> as_bytes(const State& state) {
  std::array<std::uint8_t, 32> result;
  for (std::size_t i = 0; i < 32; ++i)
    result[i] = static_cast<std::uint8_t>(state[i / 4] >> (24 - 8 * (i % 4)));
  return result;
}

/// The rest of a message of `total` bytes, less than a block, with its padding.
void close_message(State& state, std::string_view rest, std::uint64_t total, Compress compress) {
  std::array<std::uint8_t, 2 * block_size> last{};
  if (!rest.empty()) std::memcpy(last.data(), rest.data(), rest.size());
  last[rest.size()] = 0x80;
  const std::size_t blocks = rest.size() < block_size - 8 ? 1 : 2;
  const std::uint64_t bits = total * 8;
  for (std::size_t i = 0; i < 8; ++i)
    last[blocks * block_size - 1 - i] = static_cast<std::uint8_t>(bits >> (8 * i));
  compress(state, last.data(), blocks);
}

std::array<std::uint8_t, 32> digest(std::string_view bytes, Compress compress) {
  State state = initial_state;
  const std::size_t whole = bytes.size() / block_size;
  compress(state, reinterpret_cast<const std::uint8_t*>(bytes.data()), whole);
  close_message(state, bytes.substr(whole * block_size), bytes.size(), compress);
  return as_bytes(state);
}

std::string as_hex(const std::array<std::uint8_t, 32>& bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  text.reserve(64);
  for (const std::uint8_t byte : bytes) {
    text += digits[byte >> 4];
    text += digits[byte & 15];
  }
  return text;
}

Compress fastest() {
  // Asking the processor is slow in a virtual machine.
  static const Compress compress = best_compress();
  return compress;
}

}  // namespace

std::array<std::uint8_t, 32> sha256(std::string_view bytes) { return digest(bytes, fastest()); }

std::array<std::uint8_t, 32> sha256_portable(std::string_view bytes) {
  return digest(bytes, compress_portable);
}

std::string sha256_hex(std::string_view bytes) { return as_hex(sha256(bytes)); }

Sha256::Sha256() : state_{initial_state} {}

void Sha256::update(std::string_view bytes) {
  total_ += bytes.size();
  if (held_ > 0) {
    const std::size_t taken = std::min(bytes.size(), block_size - held_);
    std::memcpy(block_.data() + held_, bytes.data(), taken);
    held_ += taken;
    bytes.remove_prefix(taken);
    if (held_ < block_size) return;
    fastest()(state_, block_.data(), 1);
    held_ = 0;
  }
  const std::size_t whole = bytes.size() / block_size;
  fastest()(state_, reinterpret_cast<const std::uint8_t*>(bytes.data()), whole);
  bytes.remove_prefix(whole * block_size);
  if (!bytes.empty()) std::memcpy(block_.data(), bytes.data(), bytes.size());
  held_ = bytes.size();
}

std::string Sha256::hex() {
  close_message(state_, {reinterpret_cast<const char*>(block_.data()), held_}, total_, fastest());
  return as_hex(as_bytes(state_));
}

}  // namespace intelmq
