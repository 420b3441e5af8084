// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "serve/facts.hpp"
#include "serve/http_facts.hpp"

namespace intelmq::serve {

constexpr std::string_view prometheus_type = "text/plain; version=0.0.4; charset=utf-8";
constexpr std::string_view openmetrics_type =
    "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// Whether a header Accept prefers OpenMetrics to Prometheus' own text.
bool wants_openmetrics(std::string_view accept);

/// Everything that Prometheus may know, process_* of serve and of the bots too.
std::string metrics(const Facts& facts, const HttpFacts& http, bool openmetrics);

}  // namespace intelmq::serve
