// SPDX-License-Identifier: Apache-2.0
#include "serve/lifecycle.hpp"

#include <algorithm>
#include <array>

namespace intelmq::serve {
namespace {

using enum Meaning;
using Row = std::array<Meaning, state_count>;

constexpr std::array<std::string_view, state_count> state_names = {
    "stopped",   "starting", "running", "pausing", "paused",
    "reloading", "draining", "backoff", "failed"};
constexpr std::array<std::string_view, 3> desired_names = {"running", "paused", "stopped"};
constexpr std::array<std::string_view, action_count> action_names = {
    "start", "stop", "restart", "reload", "pause", "resume", "drain", "restore"};

// clang-format off
constexpr std::array<Row, action_count> table = {{
  //             stopped    starting  running  pausing  paused      reloading draining backoff   failed
  /* start   */ {go,        same,     same,    same,    use_resume, same,     refused, go,       go},
  /* stop    */ {same,      go,       go,      go,      go,         go,       go,      go,       go},
  /* restart */ {go,        go,       go,      go,      go,         refused,  refused, go,       go},
  /* reload  */ {check,     refused,  go,      refused, go,         refused,  refused, store,    store},
  /* pause   */ {remember,  later,    go,      same,    same,       later,    refused, remember, remember},
  /* resume  */ {use_start, same,     same,    go,      go,         later,    refused, same,     refused},
  /* drain   */ {same,      refused,  go,      go,      go,         refused,  same,    go,       same},
  /* restore */ {go,        refused,  refused, refused, refused,    refused,  refused, refused,  go},
}};
// clang-format on

template <class E, std::size_t n>
std::optional<E> named(const std::array<std::string_view, n>& names, std::string_view name) {
  const auto found = std::find(names.begin(), names.end(), name);
  if (found == names.end()) return std::nullopt;
  return static_cast<E>(found - names.begin());
}

}  // namespace

std::string_view name_of(State state) { return state_names[static_cast<std::size_t>(state)]; }
std::string_view name_of(Desired desired) {
  return desired_names[static_cast<std::size_t>(desired)];
}
std::string_view name_of(Action action) { return action_names[static_cast<std::size_t>(action)]; }
std::optional<Desired> desired_named(std::string_view name) {
  return named<Desired>(desired_names, name);
}
std::optional<Action> action_named(std::string_view name) {
  return named<Action>(action_names, name);
}

Meaning meaning_of(Action action, State state) {
  return table[static_cast<std::size_t>(action)][static_cast<std::size_t>(state)];
}

std::vector<std::string_view> allowed_in(State state) {
  std::vector<std::string_view> out;
  for (std::size_t i = 0; i < action_count; ++i) {
    const Meaning meaning = table[i][static_cast<std::size_t>(state)];
    if (meaning != refused && meaning != use_start && meaning != use_resume)
      out.push_back(action_names[i]);
  }
  return out;
}

}  // namespace intelmq::serve
