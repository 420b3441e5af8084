// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"
#include "type/duration.hpp"

namespace intelmq {

/// Reads a duration as ISO 8601 writes it: `PT30S`, `PT1H30M`, `P8D`, `P2W`, `P1DT12H`, `PT0.5S`;
/// the last number may have a fraction. Not years and months, whose length is not fixed.
/// Error: names the value and what can be written instead.
Result<Duration> parse_iso_duration(std::string_view text);

/// The same in ISO 8601, to the millisecond: `PT10M`, `P8D`, `PT0.25S`, `PT0S`. Never weeks.
std::string iso_duration(Duration length);

}  // namespace intelmq
