// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>

#include "base/log.hpp"
#include "serve/bots.hpp"
#include "serve/configuration.hpp"
#include "serve/loop.hpp"
#include "serve/router.hpp"

namespace intelmq::serve {

class ParameterWork;

/// What the routes of parameters work on; all of it outlives them.
struct ParameterDeps {
  Loop& loop;
  Log& log;
  Bots& bots;
  Configuration& configuration;
  bool readonly = false;          ///< --config-readonly
  bool require_if_match = false;  ///< --require-if-match
};

/// GET/PUT/PATCH /api/v1/parameters, .../schema, .../{name}, .../validate, .../revisions and the
/// same below /api/v1/bots/{bot}.
///
/// Below a bot, and in a service with one bot, a document of parameters is {"NAME": value}. In a
/// service with several bots it is {"BOT": {"NAME": value}} on the way in and out, `origin` and the
/// schema too; a PUT then replaces the sets of all bots, and .../{name} is there below bots only.
///
/// A change is checked against the schema, then by the bot itself (--config-test with what it would
/// be given), then stored, then, unless `apply` says otherwise, brought into effect by
/// `Bots::perform("reload", {"what":["config"]})`, which leaves the bots as they were if it fails;
/// then the revision is withdrawn. One change at a time; another one meanwhile is a 409.
/// Gives what the changes of other sections go through as well.
std::shared_ptr<ParameterWork> add_parameter_routes(Router& router, ParameterDeps deps);

}  // namespace intelmq::serve
