// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "serve/checks.hpp"
#include "serve/facts.hpp"

namespace intelmq::serve {

/// Whether check_mk takes the name as that of a host: [A-Za-z0-9.-], 1 to 253 characters.
bool is_checkmk_host(std::string_view name);

/// A section of check_mk's agent with one local check for everything that is watched, and one for
/// the rates of each bot. `piggyback`: the host it is for, one that `is_checkmk_host`; empty: the
/// host of the agent.
std::string checkmk_section(const Facts& facts, const std::vector<Check>& checks,
                            std::string_view piggyback = {});

/// What a Nagios plugin would say of the bot ("": of the service).
struct PluginResult {
  int exit = 0;          ///< 0 OK, 1 WARNING, 2 CRITICAL, 3 UNKNOWN
  std::string text;      ///< "INTELMQ OK - all is well", without performance data and line end.
  std::string perfdata;  ///< "'label'=value[UOM];warn;crit;min;max ..."
  std::string line() const { return perfdata.empty() ? text : text + " | " + perfdata; }
};
PluginResult plugin_result(const Facts& facts, const std::vector<Check>& checks,
                           std::string_view bot = {});

}  // namespace intelmq::serve
