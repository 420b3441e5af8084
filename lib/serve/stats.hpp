// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "base/json.hpp"
#include "serve/facts.hpp"

namespace intelmq::serve {

/// The value that a share q (0 to 1) of the samples does not exceed, within its bucket by linear
/// interpolation; nothing without samples. What lies above all buckets is the highest bound.
std::optional<double> quantile(const Histogram& histogram, double q);

/// Counters, rates, latency, paths, errors, queues and coverage of required fields: of one bot, or
/// of all ("": with the sum of what can be summed; rates and `received` are the first bot's, `sent`
/// the last one's).
Json stats_json(const Facts& facts, std::string_view bot = {});

}  // namespace intelmq::serve
