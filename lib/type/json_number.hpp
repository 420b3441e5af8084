// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string_view>

namespace intelmq {

/// Length of the JSON number (without NaN and Infinity) that begins the text; 0 if none does.
std::size_t json_number_size(std::string_view text) noexcept;

/// Whether a JSON number is evidently its own float_repr, such as `100.0` or `-12.5`: up to fifteen
/// digits, no exponent, no superfluous zero. False also for some that are (small ones, long ones).
bool is_shortest_float(std::string_view number) noexcept;

/// The double nearest to a text of the form `[-]digits[.digits][e[+-]digits]` as Python reads it:
/// infinite or zero when out of range. The text must be of that form.
double nearest_double(std::string_view text) noexcept;

}  // namespace intelmq
