// SPDX-License-Identifier: Apache-2.0
#include "format/half_surrogates.hpp"

#include <fmt/format.h>

#include <cstdlib>

namespace intelmq {
namespace {

constexpr std::size_t escape_size = 6;  // \uXXXX

/// Whether an escape of a surrogate begins at the backslash.
bool is_surrogate(std::string_view escape) {
  return escape.size() >= escape_size && escape[1] == 'u' && (escape[2] | 0x20) == 'd' &&
         ((escape[3] >= '8' && escape[3] <= '9') ||
          ((escape[3] | 0x20) >= 'a' && (escape[3] | 0x20) <= 'f'));
}

std::string replacement(std::string_view escape, EncodingErrors mode) {
  switch (mode) {
    case EncodingErrors::replace: return "?";
    case EncodingErrors::ignore: return {};
    case EncodingErrors::xmlcharrefreplace: {
      const std::string digits(escape.substr(2, 4));
      return fmt::format("&#{};", std::strtoul(digits.c_str(), nullptr, 16));
    }
    default: return std::string(escape.substr(0, escape_size));
  }
}

}  // namespace

bool fit_half_surrogates(std::string& json, EncodingErrors mode) {
  if (json.find("\\u") == std::string::npos) return true;
  std::string out;
  for (std::size_t i = 0; i < json.size();) {
    const std::string_view rest = std::string_view{json}.substr(i);
    if (rest[0] != '\\') {
      out += json[i++];
    } else if (is_surrogate(rest)) {
      if (mode == EncodingErrors::strict) return false;
      out += replacement(rest, mode);
      i += escape_size;
    } else {
      out += rest.substr(0, 2);
      i += 2;
    }
  }
  json = std::move(out);
  return true;
}

}  // namespace intelmq
