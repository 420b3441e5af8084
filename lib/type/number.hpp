// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace intelmq {

/// Python's int(text) in canonical decimal, such as `-12`: blanks around, a sign, leading zeros,
/// underscores between digits and decimal digits of any script are read, in any size.
std::optional<std::string> python_int(std::string_view text);

/// Python's float(text): blanks around, underscores between digits, decimal digits of any script,
/// `nan`, `inf` and `infinity` are read; what is out of range becomes infinite or zero.
std::optional<double> python_float(std::string_view text);

/// int(value) in decimal, exact: the fraction is cut off. `value` must be finite; otherwise the
/// text is empty.
std::string truncate_to_int(double value);

}  // namespace intelmq
