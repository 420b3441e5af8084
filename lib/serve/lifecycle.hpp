// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace intelmq::serve {

/// Where the service stands. Why and when it moves is the table in lifecycle.cpp.
enum class State : std::uint8_t {
  stopped,
  starting,
  running,
  pausing,
  paused,
  reloading,
  draining,
  backoff,  ///< It ended badly and starts again in a while.
  failed    ///< It ended badly too often, or cannot be started as it is configured.
};
inline constexpr std::size_t state_count = 9;
std::string_view name_of(State state);

/// Where it shall stand; kept across restarts of serve.
enum class Desired : std::uint8_t { running, paused, stopped };
std::string_view name_of(Desired desired);
std::optional<Desired> desired_named(std::string_view name);

enum class Action : std::uint8_t { start, stop, restart, reload, pause, resume, drain, restore };
inline constexpr std::size_t action_count = 8;
std::string_view name_of(Action action);
std::optional<Action> action_named(std::string_view name);

/// What an action means in a state.
enum class Meaning : std::uint8_t {
  go,          ///< It is carried out.
  same,        ///< Nothing to do: the answer is the state as it is.
  remember,    ///< Only what is desired changes.
  check,       ///< Reload: the configuration is checked, no more.
  store,       ///< Reload: it counts from the next start on.
  later,       ///< Carried out when what is going on is over.
  use_start,   ///< Refused; `start` is meant.
  use_resume,  ///< Refused; `resume` is meant.
  refused
};
Meaning meaning_of(Action action, State state);

/// The actions that are not refused in this state, for errors.
std::vector<std::string_view> allowed_in(State state);

}  // namespace intelmq::serve
