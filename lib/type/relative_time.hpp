// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

namespace intelmq {

/// The minutes in a span such as `10 minutes`, `1 hour` or `30 seconds` (0.5): a whole number,
/// white space and second, minute, hour, day, week, month (30 days) or year (365 days), with or
/// without s. Nothing for any other text.
std::optional<double> parse_relative_minutes(std::string_view text);

/// Whether the text contains the name of such a unit anywhere, which is how a span is told from a
/// date.
bool is_relative(std::string_view text);

}  // namespace intelmq
