// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "serve/checks.hpp"

namespace intelmq::serve {

/// What people should know now, of the bot ("": of all), the worst first. {"id", "severity",
/// "since", "symptom", "diagnosis", "impact", "action"} beside what it is about.
Json alert_json(const Check& check);
/// {"items": [alerts], "next": null, "ignored": [{"id", "reason"}]}
Json alerts_json(const std::vector<Check>& checks, std::string_view bot = {});
/// Those that are alerts, the worst and oldest first.
std::vector<const Check*> active(const std::vector<Check>& checks, std::string_view bot = {});
/// "warn" or "crit".
std::string_view severity_of(const Check& check);

}  // namespace intelmq::serve
