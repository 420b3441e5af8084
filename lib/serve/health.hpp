// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/checks.hpp"
#include "serve/facts.hpp"
#include "serve/http.hpp"

namespace intelmq::serve {

/// application/health+json: everything that is watched of the bot ("": of the service). 200 for
/// pass and warn, 503 for fail.
Response health(const Facts& facts, const std::vector<Check>& checks, std::string_view bot = {});

/// What a probe asks.
struct ProbeQuery {
  std::vector<std::string> exclude;  ///< Names of conditions that do not count.
  bool verbose = false;              ///< Tell the conditions too.
  int warn_status = 200;             ///< For status warn; Consul takes 429 as a warning.

  /// ?exclude= (again and again, or with commas), ?verbose (if allowed), ?warn=429. Error: says
  /// what is wrong with it.
  static Result<ProbeQuery> read(const Request& request, bool verbose_allowed);
};

/// Lives: as long as this can answer.
Response livez(const ProbeQuery& query);
/// Started: everything was set up once.
Response startupz(const Facts& facts, const ProbeQuery& query);
/// Ready: conditions lifecycle, bots, queues, data.
Response readyz(const Facts& facts, const ProbeQuery& query, bool paused_is_ready);

}  // namespace intelmq::serve
