// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

// What Python 3.11 (Unicode 14) does to text. All texts are UTF-8; surrogates of three bytes and
// bytes that are not UTF-8 pass unchanged.

namespace intelmq {

/// Without the Unicode white space on both ends.
std::string_view strip(std::string_view text) noexcept;

/// str.lower(): the full mapping (`İ` becomes two code points, final sigma is known).
std::string lower(std::string_view text);

/// str.upper(): the full mapping (`ß` becomes `SS`).
std::string upper(std::string_view text);

/// Whether lower(text) == text, without an allocation for ASCII.
bool is_lower(std::string_view text);

/// Number of code points.
std::size_t length(std::string_view text) noexcept;

/// Whether repr() shows the code point as it is: assigned, and no control, format, private use
/// or separator other than the blank.
bool is_printable(char32_t code) noexcept;

/// Whether str.isspace() holds.
bool is_space(char32_t code) noexcept;

/// The value 0 to 9 of a decimal digit of any script (general category Nd), or -1.
int decimal_digit(char32_t code) noexcept;

}  // namespace intelmq
