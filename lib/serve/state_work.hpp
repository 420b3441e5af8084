// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "serve/dumps.hpp"
#include "serve/parameter_work.hpp"
#include "serve/state_keeper.hpp"

// What the routes of the state section share.

namespace intelmq::serve {

/// A bot of a request and where it keeps its state.
struct StatePlace {
  std::string bot, program, version;
  std::int64_t schema = 0;
  std::string path;    ///< Of its file; empty: none.
  bool dumps = false;  ///< It copies the file itself while it runs.
  bool cache = false;  ///< What it remembers can be made again.
  Json configuration;  ///< Its parameters, redacted.
};

class StateKeeper::Work : public std::enable_shared_from_this<StateKeeper::Work> {
 public:
  explicit Work(StateDeps deps)
      : deps{std::move(deps)},
        dumps{this->deps.directory + "/dumps"},
        parameters{std::make_shared<ParameterWork>(ParameterDeps{
            this->deps.loop, this->deps.log, this->deps.bots, this->deps.configuration})} {}

  /// Asks the bots of the request, or all.
  void places(const Request& request, const Then<std::vector<StatePlace>>& then);
  std::string moved_path() const { return deps.directory + "/moved.json"; }
  std::string instance_path() const { return deps.directory + "/instance"; }

  StateDeps deps;
  Dumps dumps;
  std::shared_ptr<ParameterWork> parameters;
  bool busy = false, restoring = false;
};

/// Members of a bundle.
inline constexpr std::string_view failed_member = "failed.ndjson";
inline std::string state_member(const StatePlace& place) {
  return "bots/" + place.bot + (place.cache ? "/cache/state" : "/files/state");
}

using StateWork = std::shared_ptr<StateKeeper::Work>;

/// POST dumps and POST restore.
void start_dump(const StateWork& work, const std::shared_ptr<Request>& request, Responder respond);
void start_restore(const StateWork& work, const std::shared_ptr<Request>& request,
                   Responder respond);

/// The problem of an action that the state of the service does not allow.
Problem state_conflict(const Bots& bots, std::string detail,
                       const std::vector<std::string_view>& allowed);

}  // namespace intelmq::serve
