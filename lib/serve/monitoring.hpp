// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "serve/callbacks.hpp"
#include "serve/checks.hpp"
#include "serve/facts.hpp"
#include "serve/http_facts.hpp"
#include "serve/loop.hpp"
#include "serve/router.hpp"
#include "serve/thresholds.hpp"
#include "spec/parameter.hpp"

namespace intelmq::serve {

/// What of monitoring is set on the command line; `monitoring_parameters` has its options.
struct MonitoringOptions {
  std::vector<std::string> callback_allow_host = {};
  std::vector<std::string> checkmk_spool = {"/var/lib/check_mk_agent/spool"};
};
std::vector<Parameter> monitoring_parameters();

/// What monitoring works with; outlives it.
struct MonitoringParts {
  Loop& loop;
  Log& log;
  std::function<Facts()> facts;
  const HttpFacts& http;
  std::string state_directory;  ///< thresholds.json, callbacks.json; empty: kept nowhere.
  MonitoringOptions options;
  bool paused_is_ready = false;
};

/// Watches the service, and tells who asks or wants to be told. On the loop only.
class Monitoring {
 public:
  explicit Monitoring(MonitoringParts parts);
  /// Reads what was configured before. Blocks. Error: names the file and what is wrong in it.
  Result<void> load();
  /// Begins to watch, and to call back.
  void begin();

  /// The checks as they are now.
  const std::vector<Check>& check(const Facts& facts);

  MonitoringParts parts;
  ThresholdBook thresholds;
  FileWriter threshold_writer;
  Callbacks callbacks;

 private:
  CheckBook book_;
  Watch timer_;
};

/// /health, /stats, /alerts, /monitoring/*.
void add_monitoring_routes(Router& router, Monitoring& monitoring);
/// /livez, /readyz, /startupz, /metrics and /api, for who is not known.
void add_probe_routes(Router& router, Monitoring& monitoring);

}  // namespace intelmq::serve
