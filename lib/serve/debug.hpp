// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "pipeline/graph.hpp"
#include "serve/sections.hpp"

namespace intelmq::serve {

/// Runs events through the whole pipeline in processes of their own, with the configuration of
/// now, away from all queues and state: `{"outputs": {path: [events]}, "logs": [...], "diff": ...,
/// "bots": [...], "duration_ms"}`. Problems: bot-timeout, upstream-failed.
void process_events(const Sections& sections, const std::string& bot, const Json::Array& events,
                    Then<Json> then);
/// The same with an example of the first bot's sheet: `{"status", "message"}`.
void process_example(const Sections& sections, Then<Json> then);

/// A graph of descriptions as the API takes it: `{"bots": [{"id", "describe"}], "edges": [{"from",
/// "to", "path"}]}`.
Answer<Graph> graph_in(const Json& body);

/// POST /pipeline/check and, with `debug_api`, /debug/*.
void add_debug_routes(Router& router, const Sections& sections);

}  // namespace intelmq::serve
