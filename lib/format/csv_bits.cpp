// SPDX-License-Identifier: Apache-2.0
#include "format/csv_bits.hpp"

#include <immintrin.h>

namespace intelmq {
namespace {

// A byte from 0x80 on is negative, so below a blank.

CsvBits look_any(const char* from, char delimiter) {
  CsvBits out{};
  for (int i = 0; i < 64; i += 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + i));
    const auto is = [v](char c) { return _mm_cmpeq_epi8(v, _mm_set1_epi8(c)); };
    const auto put = [i](std::uint64_t& to, __m128i mask) {
      to |= std::uint64_t{static_cast<std::uint32_t>(_mm_movemask_epi8(mask))} << i;
    };
    put(out.delimiters, is(delimiter));
    put(out.quotes, is('"'));
    put(out.ends, _mm_or_si128(is('\n'), is('\r')));
    put(out.odd,
        _mm_or_si128(_mm_cmplt_epi8(v, _mm_set1_epi8(' ')), _mm_or_si128(is('\\'), is(0x7f))));
  }
  return out;
}

#define AVX2 __attribute__((target("avx2")))

AVX2 CsvBits look_avx2(const char* from, char delimiter) {
  CsvBits out{};
  for (int i = 0; i < 64; i += 32) {
    const __m256i v = _mm256_loadu_si256(reinterpret_cast<const __m256i*>(from + i));
    const auto is = [v](char c) AVX2 { return _mm256_cmpeq_epi8(v, _mm256_set1_epi8(c)); };
    const auto put = [i](std::uint64_t& to, __m256i mask) AVX2 {
      to |= std::uint64_t{static_cast<std::uint32_t>(_mm256_movemask_epi8(mask))} << i;
    };
    put(out.delimiters, is(delimiter));
    put(out.quotes, is('"'));
    put(out.ends, _mm256_or_si256(is('\n'), is('\r')));
    put(out.odd, _mm256_or_si256(_mm256_cmpgt_epi8(_mm256_set1_epi8(' '), v),
                                 _mm256_or_si256(is('\\'), is(0x7f))));
  }
  return out;
}

#define AVX512 __attribute__((target("avx512f,avx512bw")))

AVX512 CsvBits look_avx512(const char* from, char delimiter) {
  const __m512i v = _mm512_loadu_si512(from);
  const auto is = [v](char c) AVX512 -> std::uint64_t {
    return _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(c));
  };
  return {is(delimiter), is('"'), is('\n') | is('\r'),
          _mm512_cmplt_epi8_mask(v, _mm512_set1_epi8(' ')) | is('\\') | is(0x7f)};
}

}  // namespace

std::vector<LookAtCsv> ways_to_look_at_csv() {
  __builtin_cpu_init();
  std::vector<LookAtCsv> out;
  if (__builtin_cpu_supports("avx512bw")) out.push_back(look_avx512);
  if (__builtin_cpu_supports("avx2")) out.push_back(look_avx2);
  out.push_back(look_any);
  return out;
}

const LookAtCsv look_at_csv = ways_to_look_at_csv().front();

}  // namespace intelmq
