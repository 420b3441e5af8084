// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.hpp"
#include "serve/bots.hpp"
#include "serve/configuration.hpp"
#include "serve/facts.hpp"
#include "serve/loop.hpp"
#include "serve/operations.hpp"
#include "serve/router.hpp"

namespace intelmq::serve {

/// What the state section works on; all of it outlives the section.
struct StateDeps {
  Loop& loop;
  Log& log;
  Bots& bots;
  Operations& operations;
  Configuration& configuration;
  std::string directory;  ///< --state-dir
  std::string service;
  std::function<std::string()> instance;
  /// The instance goes by another name from the next start of its bots on (its file has been
  /// written); may be empty.
  std::function<void(const std::string& name)> adopt = {};
  std::function<Facts()> facts = {};         ///< For the counters in a manifest; may be empty.
  std::function<std::string()> source = {};  ///< The URL that the first bot reads; may be empty.
  /// The failed messages of a bot (empty: of all) as lines, and whoever takes such lines in; may be
  /// empty.
  std::function<std::string(const std::string& bot)> failed = {};
  std::function<void(std::string_view lines, const std::string& bot)> take_failed = {};
};

/// What bots remember, as bundles: /api/v1/state/dumps and /api/v1/state/restore, the POSTs below
/// /api/v1/bots/{bot} too.
///
/// Where a bot keeps its state is in its description: `state.path` is "parameter:NAME", and the
/// value of that parameter "file:PATH?options" or a path. Anything else (memory:, redis:) means
/// that there is nothing to move. The file is the member bots/ID/files/state of a bundle; of a
/// cache, which can be made again, it is bots/ID/cache/state, and there with `include_cache` alone.
/// failed.ndjson holds the failed messages. A paused bot has nothing in hand that would be lost.
///
/// A dump pauses the service, which makes files whole, and leaves it as it was (`then`: resume,
/// hold or stop). `purpose` migrate holds it and marks the instance as moved: it does not start
/// again unless it is forced to, or restored here.
class StateKeeper {
 public:
  explicit StateKeeper(StateDeps deps);
  ~StateKeeper();

  /// Makes its directory; Error: names it.
  Result<void> prepare();
  void add_routes(Router& router);
  /// Why the service may not start, restart or resume: it has moved away, or is being restored.
  /// With `force` moving away is forgotten.
  std::optional<Problem> may_start(bool force);

  class Work;

 private:
  std::shared_ptr<Work> work_;
};

/// The path in a parameter that says where state is kept; empty: it is not in a file.
std::string state_file_in(std::string_view value);

}  // namespace intelmq::serve
