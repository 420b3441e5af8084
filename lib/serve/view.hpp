// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "base/json.hpp"
#include "pipeline/graph.hpp"
#include "serve/bots.hpp"

namespace intelmq::serve {

/// The bots as a pipeline that the checks of intelmq-pipelines(7) understand: they read from
/// outside, and the last one writes to the outside.
Graph graph_of(const std::vector<BotSetup>& bots);

/// What the service as a whole needs where events enter, and what leaves: `requires` of the entry,
/// `produces` at the exit, and per bot what surely and what possibly arrives.
Json fields_of_service(const std::vector<BotSetup>& bots);

}  // namespace intelmq::serve
