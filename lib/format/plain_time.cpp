// SPDX-License-Identifier: Apache-2.0
#include "format/plain_time.hpp"

#include <emmintrin.h>

#include <cstring>

#include "type/timestamp.hpp"

namespace intelmq {

namespace {

constexpr char form[] = "0000-00-00T00:00:00+00:00";
/// How far digits may be from those of the form; a blank may stand for the T.
constexpr char highest[] = "\x9\x9\x9\x9\0\x1\x9\0\x3\x9\x74\x2\x9\0\x5\x9\0\x5\x9";

unsigned two(const char* at) {
  return static_cast<unsigned>(at[0] - '0') * 10 + static_cast<unsigned>(at[1] - '0');
}

/// Whether 16 bytes from there on are what may stand there.
bool has_form(const char* text, std::size_t at) {
  const auto load = [at](const char* from) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from + at));
  };
  const __m128i values = _mm_xor_si128(load(text), load(form)), limit = load(highest);
  return _mm_movemask_epi8(_mm_cmpeq_epi8(_mm_max_epu8(values, limit), limit)) == 0xffff;
}

bool is_day(unsigned year, unsigned month, unsigned day) {
  if (month < 1 || month > 12 || day < 1) return false;
  return day <= 28 || day <= static_cast<unsigned>(
                                 days_in_month(static_cast<int>(year), static_cast<int>(month)));
}

}  // namespace

bool write_plain_time(std::string_view text, char out[plain_time_size]) {
  if (text.size() != 19 || (text[10] != ' ' && text[10] != 'T') || text[0] < '1') return false;
  const char* const at = text.data();
  std::memcpy(out, at, 19);
  std::memcpy(out + 19, form + 19, 6);
  out[10] = 'T';
  return has_form(at, 0) && has_form(at, 3) &&
         is_day(two(at) * 100 + two(at + 2), two(at + 5), two(at + 8)) && two(at + 11) < 24;
}

}  // namespace intelmq
