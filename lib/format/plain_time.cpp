// SPDX-License-Identifier: Apache-2.0
#include "format/plain_time.hpp"

#include <cstring>

#include "type/timestamp.hpp"

namespace intelmq {

bool write_plain_time(std::string_view text, char out[plain_time_size]) {
  if (text.size() != 19 || (text[10] != ' ' && text[10] != 'T') || text[0] < '1') return false;
  std::memcpy(out, text.data(), 19);
  std::memcpy(out + 19, "+00:00", 6);
  out[10] = 'T';
  constexpr std::string_view form = "dddd-dd-ddTdd:dd:dd";
  for (std::size_t i = 0; i < form.size(); ++i) {
    const bool digit = out[i] >= '0' && out[i] <= '9';
    if (form[i] == 'd' ? !digit : out[i] != form[i]) return false;
  }
  return parse_strict({out, plain_time_size}).has_value();
}

}  // namespace intelmq
