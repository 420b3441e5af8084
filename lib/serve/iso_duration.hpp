// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace intelmq::serve {

/// Seconds of an ISO 8601 duration of weeks, days and times ("PT30S", "P1DT12H", "PT0.5S"); years
/// and months have no fixed length and are refused, as is what is longer than 100 years.
std::optional<double> parse_iso_duration(std::string_view text);
/// The same the other way: "P6D", "PT1M30S", "PT0S"; milliseconds are the finest.
std::string iso_duration(double seconds);

/// For people: "45 s", "12 min", "30 h", "6 d".
std::string span_text(double seconds);

}  // namespace intelmq::serve
