// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/log.hpp"
#include "base/result.hpp"
#include "serve/actor.hpp"

namespace intelmq::serve {

/// When a change reaches the bots.
enum class Apply : std::uint8_t { now, on_reload, on_restart };
constexpr std::string_view apply_names[] = {"now", "on_reload", "on_restart"};

/// The parameters that the API set, above whatever files, environment and command lines say.
///
/// In its directory: `overrides.json` (what holds), `revisions/N.json` (the last 100 sets with who,
/// when and what differed); all 0600, as they hold secrets that were given as values. One number of
/// revision for all bots; none is ever given twice. Members may be called on the loop only, unless
/// they say otherwise.
class Configuration {
 public:
  static constexpr std::size_t most_revisions = 100;
  static constexpr std::size_t most_bytes = 1u << 20;  ///< Of all that is set, as JSON.

  /// The sets of all bots by id: {"ID": {"NAME": value}}. References to secrets stay references.
  struct State {
    std::uint64_t revision = 0;
    std::uint64_t last = 0;  ///< The highest number ever given.
    Json bots = Json::object();
    // Not on disk, as no bot outlives the service:
    /// Values that hold until the bot's next start: {"ID": {"NAME": old value, or null}}.
    Json waiting = Json::object();
    Json handed = Json::object();  ///< What bots were given last: {"ID": {...}}.
  };
  /// A change that has not happened yet.
  struct Draft {
    State state;
    std::optional<Json> record;              ///< Of the new revision.
    std::optional<std::uint64_t> withdrawn;  ///< The revision that goes.
  };

  /// Makes what is missing of the directory. Errors: it cannot be used; a file in it is damaged.
  static Result<Configuration> open(std::string directory);

  std::uint64_t revision() const { return state_.revision; }
  std::string etag() const { return '"' + std::to_string(state_.revision) + '"'; }
  /// What is set for a bot: {"NAME": value}.
  const Json& overrides(std::string_view bot) const;
  const Json& all() const { return state_.bots; }

  /// The change to these sets, `differences` ({"ID": [...]}, see `difference`) and `why` going
  /// into its record.
  Draft draft(Json bots, Json differences, const Actor& actor, std::string why, Apply apply) const;
  /// Back to what held before the last change, whose number stays used up.
  Draft undo() const;
  /// Puts it on disk, whole or not at all; on any thread, one at a time.
  Result<void> save(const Draft& draft) const;
  /// A draft that was saved is what holds from now on.
  void adopt(Draft draft);

  /// The records of revisions, the newest first, from below number `before`; at most `most`. They
  /// hold secrets: {"revision", "at", "actor", "why", "diff": {"ID": [...]}, "bots": {...}}. On any
  /// thread.
  std::vector<Json> revisions(std::uint64_t before, std::size_t most) const;
  std::optional<Json> revision(std::uint64_t number) const;

  enum class Occasion : std::uint8_t { start, reload };
  /// What a bot that starts or reloads is to be given. `handed` is that from then on.
  const Json& hand_over(std::string_view bot, Occasion occasion);
  /// What the bot was given last, or would be given now.
  const Json& handed(std::string_view bot) const;
  /// Grows with every change, and whenever bots are given something.
  std::uint64_t generation() const { return generation_; }

  /// Values with the references to secrets in them resolved, as a bot takes them. Error: names the
  /// parameter whose secret cannot be had. On any thread.
  static Result<Json> resolved(const Json& schema, const Json& values);
  /// The same without the parameters whose secrets cannot be had, of which the log tells.
  static Json resolved(const Json& schema, const Json& values, Log& log);

 private:
  explicit Configuration(std::string directory) : directory_{std::move(directory)} {}
  Result<void> read();
  std::vector<std::uint64_t> numbers() const;
  std::string path_of(std::uint64_t number) const;

  std::string directory_;
  State state_, before_;
  std::uint64_t generation_ = 0;
};

}  // namespace intelmq::serve
