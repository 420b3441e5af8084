// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace intelmq {

/// What Python's error handlers of the same names do when text does not fit its encoding.
enum class EncodingErrors : std::uint8_t {
  strict,
  replace,
  ignore,
  backslashreplace,
  xmlcharrefreplace
};
constexpr auto names_of(EncodingErrors) {
  return std::array<std::string_view, 5>{"strict", "replace", "ignore", "backslashreplace",
                                         "xmlcharrefreplace"};
}

/// JSON text in UTF-8 writes half of a surrogate pair, which has no bytes in UTF-8, as an escape
/// such as \ud800. Treats those escapes by `mode`; false (and `json` untouched) for strict.
bool fit_half_surrogates(std::string& json, EncodingErrors mode);

}  // namespace intelmq
