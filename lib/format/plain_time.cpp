// SPDX-License-Identifier: Apache-2.0
#include "format/plain_time.hpp"

#include <cstring>

#include "type/timestamp.hpp"

namespace intelmq {

namespace {

constexpr std::string_view form = "dddd-dd-ddTdd:dd:dd+00:00";

unsigned two(const char* at) {
  return static_cast<unsigned>(at[0] - '0') * 10 + static_cast<unsigned>(at[1] - '0');
}

bool has_form(const char* text) {
  unsigned wrong = 0;
  for (std::size_t i = 0; i < 19; ++i) {
    const unsigned digit = static_cast<unsigned char>(text[i]) - unsigned{'0'};
    wrong |= form[i] == 'd' ? digit > 9 : text[i] != form[i];
  }
  return wrong == 0;
}

bool is_day(unsigned year, unsigned month, unsigned day) {
  if (month < 1 || month > 12 || day < 1) return false;
  return day <= 28 || day <= static_cast<unsigned>(
                                 days_in_month(static_cast<int>(year), static_cast<int>(month)));
}

}  // namespace

bool write_plain_time(std::string_view text, char out[plain_time_size]) {
  if (text.size() != 19 || (text[10] != ' ' && text[10] != 'T') || text[0] < '1') return false;
  std::memcpy(out, text.data(), 19);
  std::memcpy(out + 19, form.data() + 19, 6);
  out[10] = 'T';
  return has_form(out) && is_day(two(out) * 100 + two(out + 2), two(out + 5), two(out + 8)) &&
         two(out + 11) < 24 && two(out + 14) < 60 && two(out + 17) < 60;
}

}  // namespace intelmq
