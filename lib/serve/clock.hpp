// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <string_view>

#include "base/json.hpp"

namespace intelmq::serve {

/// Seconds since 1970, with fractions.
double unix_time();
/// RFC 3339 in UTC with milliseconds; null for 0.
Json time_text(double unix);
/// The member as a time ("PT30S", or seconds), or `otherwise`.
std::chrono::milliseconds limit_of(const Json& options, std::string_view name,
                                   std::chrono::milliseconds otherwise);

}  // namespace intelmq::serve
