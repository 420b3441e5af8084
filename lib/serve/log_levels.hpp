// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <optional>
#include <string>

#include "base/log.hpp"
#include "serve/bots.hpp"
#include "serve/loop.hpp"

namespace intelmq::serve {

/// How much serve and each bot say, and for how long. Levels that the API set end with serve.
/// On the loop only.
class LogLevels {
 public:
  /// `level`: serve's own, as it was started.
  LogLevels(Loop& loop, Bots& bots, Log& own, LogLevel level);

  /// Sets the level of serve and all bots, or of one bot, for some time or until the next change;
  /// then gives what `json` gives. A bot that does not run gets it when it starts.
  void set(const std::string& bot, LogLevel level, std::optional<std::chrono::milliseconds> time,
           const std::function<void(Json)>& then);
  /// {"level","until", "bots":[{"id","level","until"}]}, of one bot {"id","level","until"};
  /// `until` is null where nothing reverts.
  Json json(const std::string& bot) const;
  /// To be called when a bot has started: tells it the level that the API set, if it did.
  void started(const std::string& bot);

 private:
  struct Level {
    LogLevel started_with = LogLevel::info;
    std::optional<LogLevel> lasting, passing;
    std::int64_t until = 0;  ///< Of `passing`, Unix time in milliseconds.
    Watch timer;
    LogLevel now() const { return passing.value_or(lasting.value_or(started_with)); }
  };
  void change(const std::string& bot, LogLevel level,
              std::optional<std::chrono::milliseconds> time);
  void revert(const std::string& bot);
  void tell(const std::string& bot, std::function<void()> then);
  Json one(const std::string& bot) const;

  Loop& loop_;
  Bots& bots_;
  Log& own_;
  std::map<std::string, Level> levels_;  // "": serve's own
};

}  // namespace intelmq::serve
