// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "serve/sections.hpp"

namespace intelmq::serve {

/// GET /debug/tap: lines of JSON with the next events that leave, `?path=&limit=&timeout=&fields=`.
void tap(const Sections& sections, const std::shared_ptr<Request>& request, Responder respond);
/// A bot's event {"ev": "tap"}: to whoever asked for it.
void take_tapped(const std::string& bot, const Json& event);

/// Puts lines into the queue that a URL names, by the adapter that reads it; answers 202.
void write_to_queue(const Sections& sections, const std::string& url, std::string lines,
                    Responder respond);

}  // namespace intelmq::serve
