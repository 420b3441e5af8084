// SPDX-License-Identifier: Apache-2.0
#include "event/line_survey.hpp"

#include <immintrin.h>

#include <array>
#include <cstring>

#include "event/scanner.hpp"

namespace intelmq {
namespace {

using detail::Survey;

/// What one block of 64 bytes holds, a bit for each byte.
struct Bits {
  std::uint64_t quotes, commas;  ///< Commas: those with the foreseen byte behind them.
  bool special;                  ///< There is a backslash or a control character.
};

/// What a closer look at a block tells.
struct Close {
  bool good;             ///< Nothing in it is wrong or not foreseen.
  bool escape;           ///< It ends with a backslash that escapes.
  std::uint64_t quotes;  ///< Those that are not escaped.
};

/// For each bit, the parity of the bits up to and including it.
std::uint64_t parity_of(std::uint64_t bits) {
  for (int shift = 1; shift < 64; shift *= 2) bits ^= bits << shift;
  return bits;
}

/// Looks at a block that holds more than quotes, or what the block before escapes.
[[gnu::noinline]] Close look_closely(const char* p, std::uint64_t backslashes,
                                     std::uint64_t controls, std::uint64_t quotes,
                                     std::uint64_t in_string, bool escape) {
  Close out{controls == 0, false, quotes};
  std::uint64_t escaped = escape;
  for (std::uint64_t rest = backslashes & ~escaped; rest;) {
    const auto at = static_cast<unsigned>(__builtin_ctzll(rest));
    out.escape = at == 63;
    if (out.escape) break;
    escaped |= std::uint64_t{2} << at;
    rest &= ~(std::uint64_t{3} << at);
  }
  out.quotes &= ~escaped;
  if (backslashes & ~(parity_of(out.quotes) ^ in_string)) out.good = false;
  for (; escaped; escaped &= escaped - 1)
    if (const char* at = p + __builtin_ctzll(escaped); !is_escape(at, at + 5)) out.good = false;
  return out;
}

/// Whether a text, with its quotes, is one that DHO 1 ignores.
inline bool is_ignored_text(const char* p, const char* end) {
  const auto size = end - p;
  return size == 2 || (size == 3 && p[1] == '-') ||
         (size == 5 && std::memcmp(p + 1, "N/A", 3) == 0);
}

/// Whether the text is a plain number: digits, perhaps a point and digits, at most 15 characters.
/// Without a loop, since the lengths of numbers cannot be foreseen; 16 bytes must be readable.
inline bool is_plain_number(const char* p, const char* end) {
  static constexpr std::uint16_t first_bytes[16] = {0,      0x0001, 0x0003, 0x0007, 0x000f, 0x001f,
                                                    0x003f, 0x007f, 0x00ff, 0x01ff, 0x03ff, 0x07ff,
                                                    0x0fff, 0x1fff, 0x3fff, 0x7fff};
  const auto size = static_cast<std::size_t>(end - p);
  if (size - 1 >= 15) return false;
  const __m128i text = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  const __m128i value = _mm_sub_epi8(text, _mm_set1_epi8('0'));
  const auto digits = static_cast<unsigned>(
      _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_min_epu8(value, _mm_set1_epi8(9)), value)));
  const unsigned others = ~digits & first_bytes[size];
  if (!others) return *p != '0' || size == 1;
  const auto point = static_cast<unsigned>(__builtin_ctz(others));
  return !(others & (others - 1)) & (p[point] == '.') & (point != 0) & (point != size - 1) &
         ((*p != '0') | (point == 1));
}

std::size_t quotes_between(const Survey& survey, const char* from, const char* to) {
  const auto first = static_cast<std::size_t>(from - survey.line);
  const auto end = static_cast<std::size_t>(to - survey.line);
  std::size_t count = 0;
  for (std::size_t block = first / 64; 64 * block < end; ++block) {
    std::uint64_t bits = survey.bits[block];
    if (block == first / 64) bits &= ~std::uint64_t{0} << first % 64;
    if (end - 64 * block < 64) bits &= (std::uint64_t{1} << (end - 64 * block)) - 1;
    for (; bits; bits &= bits - 1) ++count;
  }
  return count;
}

/// A value that is neither a text nor a plain number; nullptr, and no good: none at all.
[[gnu::noinline]] const char* read_other(Survey& survey, const char* value, Slot& to) {
  const char* const line_to_end = survey.line - survey.gap;
  const auto size = static_cast<std::size_t>(line_to_end + survey.at[1] - value);
  if (size == 4 && std::memcmp(value, "true", 4) == 0) return value + 4;
  if (size == 5 && std::memcmp(value, "false", 5) == 0) return value + 5;
  if (size == 4 && std::memcmp(value, "null", 4) == 0) {
    to.put(Slot::ignored);
    return value + 4;
  }
  const char* const end = Scanner(survey.line, survey.size).value_end(value);
  // What looks like a member there may be part of the value.
  while (line_to_end + survey.at[1] < end && survey.at + 1 < survey.end) ++survey.at;
  survey.good = line_to_end + survey.at[1] == end;
  if (!survey.good) return nullptr;
  survey.value_quotes += quotes_between(survey, value, end);
  return end;
}

// --- any processor -------------------------------------------------------------------------------

namespace any {

class Reader {
 public:
  explicit Reader(char behind_comma) : behind_{_mm_set1_epi8(behind_comma)} {}

  Bits read(const char* p) {
    const __m128i quote = _mm_set1_epi8('"'), comma = _mm_set1_epi8(',');
    const __m128i backslash = _mm_set1_epi8('\\'), last_control = _mm_set1_epi8(0x1f);
    Bits out{};
    __m128i special = _mm_setzero_si128();
    for (unsigned i = 0; i < 64; i += 16) {
      const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + i));
      const __m128i next = _mm_loadu_si128(reinterpret_cast<const __m128i*>(p + i + 1));
      const auto bits = [i](__m128i found) {
        return static_cast<std::uint64_t>(static_cast<unsigned>(_mm_movemask_epi8(found))) << i;
      };
      out.quotes |= bits(_mm_cmpeq_epi8(v, quote));
      out.commas |= bits(_mm_and_si128(_mm_cmpeq_epi8(v, comma), _mm_cmpeq_epi8(next, behind_)));
      special = _mm_or_si128(special, _mm_cmpeq_epi8(v, backslash));
      special = _mm_or_si128(special, _mm_cmpeq_epi8(_mm_min_epu8(v, last_control), v));
      high_ = _mm_or_si128(high_, v);
    }
    out.special = _mm_movemask_epi8(special) != 0;
    return out;
  }
  static std::uint64_t backslashes(const char* p) {
    return bits_of(p, [](__m128i v) { return _mm_cmpeq_epi8(v, _mm_set1_epi8('\\')); });
  }
  static std::uint64_t controls(const char* p) {
    return bits_of(
        p, [](__m128i v) { return _mm_cmpeq_epi8(_mm_min_epu8(v, _mm_set1_epi8(0x1f)), v); });
  }
  bool high() const { return _mm_movemask_epi8(high_) != 0; }

 private:
  template <class Find>
  static std::uint64_t bits_of(const char* p, Find find) {
    std::uint64_t out = 0;
    for (unsigned i = 0; i < 64; i += 16)
      out |= static_cast<std::uint64_t>(static_cast<unsigned>(
                 _mm_movemask_epi8(find(_mm_loadu_si128(reinterpret_cast<const __m128i*>(p + i))))))
             << i;
    return out;
  }
  __m128i behind_, high_ = _mm_setzero_si128();
};

inline std::uint64_t parity(std::uint64_t bits) { return parity_of(bits); }

inline std::uint32_t* write_places(std::uint64_t bits, std::uint32_t offset, std::uint32_t* to) {
  for (; bits; bits &= bits - 1) *to++ = offset + static_cast<unsigned>(__builtin_ctzll(bits));
  return to;
}

inline unsigned same_bytes(const char* a, const char* b) {
  return static_cast<unsigned>(
      _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_loadu_si128(reinterpret_cast<const __m128i*>(a)),
                                       _mm_loadu_si128(reinterpret_cast<const __m128i*>(b)))));
}

inline bool is_there(const Lead& lead, const char* p) {
  const unsigned same = same_bytes(p, lead.text) | same_bytes(p + 16, lead.text + 16) << 16;
  if (~same & static_cast<std::uint32_t>(lead.bytes)) return false;
  if (lead.size <= 32) return true;
  const unsigned rest = same_bytes(p + 32, lead.text + 32) | same_bytes(p + 48, lead.text + 48)
                                                                 << 16;
  return !(~rest & static_cast<std::uint32_t>(lead.bytes >> 32));
}

#include "event/line_survey_ways.inc"  // NOLINT(readability-duplicate-include)

}  // namespace any

// --- AVX2, BMI and carry-less multiplication -----------------------------------------------------

#pragma GCC push_options
#pragma GCC target("avx2,bmi,popcnt,pclmul")
namespace avx2 {

class Reader {
 public:
  explicit Reader(char behind_comma) : behind_{_mm256_set1_epi8(behind_comma)} {}

  Bits read(const char* p) {
    const __m256i quote = _mm256_set1_epi8('"'), comma = _mm256_set1_epi8(',');
    const __m256i backslash = _mm256_set1_epi8('\\'), last_control = _mm256_set1_epi8(0x1f);
    const __m256i a = load(p), b = load(p + 32);
    const __m256i lowest = _mm256_min_epu8(a, b);
    const __m256i special = _mm256_or_si256(
        _mm256_or_si256(_mm256_cmpeq_epi8(a, backslash), _mm256_cmpeq_epi8(b, backslash)),
        _mm256_cmpeq_epi8(_mm256_min_epu8(lowest, last_control), lowest));
    high_ = _mm256_or_si256(high_, _mm256_or_si256(a, b));
    return {
        bits(_mm256_cmpeq_epi8(a, quote), _mm256_cmpeq_epi8(b, quote)),
        bits(_mm256_and_si256(_mm256_cmpeq_epi8(a, comma), _mm256_cmpeq_epi8(load(p + 1), behind_)),
             _mm256_and_si256(_mm256_cmpeq_epi8(b, comma),
                              _mm256_cmpeq_epi8(load(p + 33), behind_))),
        _mm256_testz_si256(special, special) == 0};
  }
  static std::uint64_t backslashes(const char* p) {
    const __m256i backslash = _mm256_set1_epi8('\\');
    return bits(_mm256_cmpeq_epi8(load(p), backslash), _mm256_cmpeq_epi8(load(p + 32), backslash));
  }
  static std::uint64_t controls(const char* p) {
    const __m256i a = load(p), b = load(p + 32), last = _mm256_set1_epi8(0x1f);
    return bits(_mm256_cmpeq_epi8(_mm256_min_epu8(a, last), a),
                _mm256_cmpeq_epi8(_mm256_min_epu8(b, last), b));
  }
  bool high() const { return _mm256_movemask_epi8(high_) != 0; }

 private:
  static __m256i load(const char* p) {
    return _mm256_loadu_si256(reinterpret_cast<const __m256i*>(p));
  }
  static std::uint64_t bits(__m256i of_a, __m256i of_b) {
    return static_cast<std::uint32_t>(_mm256_movemask_epi8(of_a)) |
           static_cast<std::uint64_t>(static_cast<std::uint32_t>(_mm256_movemask_epi8(of_b))) << 32;
  }
  __m256i behind_, high_ = _mm256_setzero_si256();
};

inline std::uint64_t parity(std::uint64_t bits) {
  const __m128i product = _mm_clmulepi64_si128(_mm_cvtsi64_si128(static_cast<long long>(bits)),
                                               _mm_set1_epi8(static_cast<char>(0xff)), 0);
  return static_cast<std::uint64_t>(_mm_cvtsi128_si64(product));
}

/// Writing some too many costs less than counting.
inline std::uint32_t* write_places(std::uint64_t bits, std::uint32_t offset, std::uint32_t* to) {
  std::uint32_t* const end = to + __builtin_popcountll(bits);
  for (;;) {
#pragma GCC unroll 4
    for (int i = 0; i < 4; ++i) {
      to[i] = offset + static_cast<std::uint32_t>(_tzcnt_u64(bits));
      bits &= bits - 1;
    }
    to += 4;
    if (to >= end) return end;
  }
}

inline std::uint32_t same_bytes(const char* a, const char* b) {
  return static_cast<std::uint32_t>(_mm256_movemask_epi8(
      _mm256_cmpeq_epi8(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(a)),
                        _mm256_loadu_si256(reinterpret_cast<const __m256i*>(b)))));
}

inline bool is_there(const Lead& lead, const char* p) {
  if (~same_bytes(p, lead.text) & static_cast<std::uint32_t>(lead.bytes)) return false;
  return lead.size <= 32 ||
         !(~same_bytes(p + 32, lead.text + 32) & static_cast<std::uint32_t>(lead.bytes >> 32));
}

#include "event/line_survey_ways.inc"  // NOLINT(readability-duplicate-include)

}  // namespace avx2
#pragma GCC pop_options

// --- AVX-512 -------------------------------------------------------------------------------------

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"  // GCC 12's own header (its bug 105593)
#pragma GCC push_options
#pragma GCC target("avx512f,avx512bw,avx512vbmi,avx512vbmi2,bmi,popcnt,pclmul")
namespace avx512 {

class Reader {
 public:
  explicit Reader(char behind_comma) : behind_{_mm512_set1_epi8(behind_comma)} {}

  Bits read(const char* p) {
    const __m512i v = _mm512_loadu_si512(p);
    high_ = _mm512_or_si512(high_, v);
    const __mmask64 commas = _mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8(','));
    return {_mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('"')),
            _mm512_mask_cmpeq_epi8_mask(commas, _mm512_loadu_si512(p + 1), behind_),
            !_kortestz_mask64_u8(_mm512_cmpeq_epi8_mask(v, _mm512_set1_epi8('\\')),
                                 _mm512_cmple_epu8_mask(v, _mm512_set1_epi8(0x1f)))};
  }
  static std::uint64_t backslashes(const char* p) {
    return _mm512_cmpeq_epi8_mask(_mm512_loadu_si512(p), _mm512_set1_epi8('\\'));
  }
  static std::uint64_t controls(const char* p) {
    return _mm512_cmple_epu8_mask(_mm512_loadu_si512(p), _mm512_set1_epi8(0x1f));
  }
  bool high() const { return _mm512_movepi8_mask(high_) != 0; }

 private:
  __m512i behind_, high_ = _mm512_setzero_si512();
};

inline std::uint64_t parity(std::uint64_t bits) { return avx2::parity(bits); }

constexpr auto numbers = [] {
  std::array<char, 64> all{};
  for (std::size_t i = 0; i < all.size(); ++i) all[i] = static_cast<char>(i);
  return all;
}();

/// Of 64 bytes at most 22 can begin a string behind a comma.
inline std::uint32_t* write_places(std::uint64_t bits, std::uint32_t offset, std::uint32_t* to) {
  const __m512i found = _mm512_maskz_compress_epi8(bits, _mm512_loadu_si512(numbers.data()));
  const __m512i base = _mm512_set1_epi32(static_cast<int>(offset));
  const auto count = __builtin_popcountll(bits);
  _mm512_storeu_si512(to,
                      _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_castsi512_si128(found))));
  if (count > 16) [[unlikely]]
    _mm512_storeu_si512(
        to + 16, _mm512_add_epi32(base, _mm512_cvtepu8_epi32(_mm512_extracti32x4_epi32(found, 1))));
  return to + count;
}

inline bool is_there(const Lead& lead, const char* p) {
  return _mm512_mask_cmpneq_epi8_mask(lead.bytes, _mm512_loadu_si512(p),
                                      _mm512_loadu_si512(lead.text)) == 0;
}

#include "event/line_survey_ways.inc"  // NOLINT(readability-duplicate-include)

}  // namespace avx512
#pragma GCC pop_options
#pragma GCC diagnostic pop

using Processor = LineSurvey::Processor;

bool can(Processor kind) {
  __builtin_cpu_init();
  switch (kind) {
    case Processor::any: return true;
    case Processor::avx2:
      return __builtin_cpu_supports("avx2") && __builtin_cpu_supports("bmi") &&
             __builtin_cpu_supports("popcnt") && __builtin_cpu_supports("pclmul");
    case Processor::avx512:
      return can(Processor::avx2) && __builtin_cpu_supports("avx512vbmi2") &&
             __builtin_cpu_supports("avx512vbmi") && __builtin_cpu_supports("avx512bw");
  }
  return false;
}

/// What is done many times a line, as a processor does it best.
struct Ways {
  bool (*find_members)(Survey& survey);
  Slot* (*read_foreseen)(Survey& survey, const Lead* lead, Slot* to);
};

Ways ways_of(Processor kind) {
  switch (kind) {
    case Processor::avx512: return {avx512::find_members, avx512::read_foreseen};
    case Processor::avx2: return {avx2::find_members, avx2::read_foreseen};
    default: return {any::find_members, any::read_foreseen};
  }
}

Ways ways = ways_of(can(Processor::avx512) ? Processor::avx512
                    : can(Processor::avx2) ? Processor::avx2
                                           : Processor::any);

}  // namespace

bool LineSurvey::use(Processor kind) {
  if (!can(kind)) return false;
  ways = ways_of(kind);
  return true;
}

bool LineSurvey::look(const char* line, std::size_t size, unsigned gap) {
  if (size < 3 || size > longest) return false;
  if (line[0] != '{' || line[1] != '"' || line[size - 1] != '}') return false;
  survey_.line = line;
  survey_.size = size;
  survey_.gap = gap;
  survey_.good = true;
  survey_.value_quotes = 0;
  survey_.at = survey_.keys;
  if (!ways.find_members(survey_)) return false;
  survey_.keys[most()] = static_cast<std::uint32_t>(size - 1 + gap);
  return true;
}

Slot* LineSurvey::read_foreseen(const Lead* lead, Slot* to) {
  return ways.read_foreseen(survey_, lead, to);
}

const char* LineSurvey::key_end() const {
  const std::size_t from = *survey_.at + 1;
  std::size_t block = from / 64;
  std::uint64_t bits = survey_.bits[block] & ~std::uint64_t{0} << from % 64;
  while (!bits) bits = survey_.bits[++block];
  return survey_.line + 64 * block + static_cast<std::size_t>(__builtin_ctzll(bits));
}

void LineSurvey::read_value(const char* value, Slot& to) {
  const char* end = survey_.line - survey_.gap + survey_.at[1];
  if (value < end && *value == '"') {
    survey_.good = end[-1] == '"';
    survey_.value_quotes += 2;
    if (end - value <= 5 && is_ignored_text(value, end)) to.put(Slot::ignored);
  } else if (value >= end || !is_plain_number(value, end)) {
    end = read_other(survey_, value, to);
  }
  to.value = value;
  to.value_size = static_cast<std::uint32_t>(end - value);
  survey_.at = survey_.good ? survey_.at + 1 : survey_.end;
}

}  // namespace intelmq
