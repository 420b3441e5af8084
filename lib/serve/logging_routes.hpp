// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "serve/bots.hpp"
#include "serve/log_hub.hpp"
#include "serve/log_levels.hpp"
#include "serve/loop.hpp"
#include "serve/router.hpp"
#include "serve/syslog.hpp"

namespace intelmq::serve {

/// What the section on logging works with; outlives the router.
struct LoggingParts {
  Loop& loop;
  const Bots& bots;
  LogHub& hub;
  LogLevels& levels;
  SyslogTargets& syslog;
  bool require_if_match = false;  ///< --require-if-match
};

/// GET/PUT logging/level, GET logs (both also per bot), and logging/syslog-targets.
void add_logging_routes(Router& router, const LoggingParts& parts);
/// The latter alone.
void add_syslog_routes(Router& router, const LoggingParts& parts);

}  // namespace intelmq::serve
