// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "base/json.hpp"
#include "pipeline/process.hpp"
#include "serve/problem.hpp"

namespace intelmq::serve {

/// What came of something, or the problem to answer with.
template <class T>
using Answer = tl::expected<T, Problem>;
template <class T>
using Then = std::function<void(Answer<T>)>;

/// One bot of the service, as it was started on the command line.
struct BotSetup {
  std::string id;                      ///< Unique in the service: the program's name without
                                       ///< "intelmq-", "-2" appended where it comes twice.
  std::string program;                 ///< Name or path as given.
  std::vector<std::string> arguments;  ///< As given.
  Json describe;                       ///< `--describe` with these arguments.
  Json settings;                       ///< Its parameters by name, without secrets.
};

/// What the sections of the API ask of the bots. On the loop only.
class Bots {
 public:
  virtual ~Bots() = default;
  virtual const std::vector<BotSetup>& all() const = 0;
  const BotSetup* find(std::string_view id) const {
    for (const BotSetup& bot : all())
      if (bot.id == id) return &bot;
    return nullptr;
  }
  /// The service's state: "running" ...
  virtual std::string state() const = 0;
  /// Sends `request` ({"op": ..., ...}; its id is filled in) to the bot's process and gives the
  /// `result` of its answer. Problems: bot-unavailable, bot-timeout, not-supported-by-bot,
  /// validation, internal.
  virtual void ask(std::string_view bot, Json request, std::chrono::milliseconds limit,
                   Then<Json> then) = 0;
  /// The same, handing a descriptor over with it (SCM_RIGHTS); it stays the caller's.
  virtual void ask_with(std::string_view bot, Json request, int descriptor,
                        std::chrono::milliseconds limit, Then<Json> then) = 0;
  /// What runs the bot once beside the running one: its arguments, the parameters `overrides`
  /// ("values that the API set", an object) above them, then `more`. For `Loop::work`.
  virtual Command scratch(std::string_view bot, const Json& overrides,
                          std::vector<std::string> more) const = 0;
  /// Carries out a lifecycle action: "start", "stop", "restart", "reload", "pause", "resume",
  /// "drain"; `options` as in the API's body. Gives the status document.
  virtual void perform(std::string_view action, Json options, Then<Json> then) = 0;
};

}  // namespace intelmq::serve
