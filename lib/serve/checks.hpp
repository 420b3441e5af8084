// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "serve/facts.hpp"
#include "serve/thresholds.hpp"

namespace intelmq::serve {

/// For people: "45 s", "12 min", "30 h", "6 d".
std::string span_text(double seconds);

enum class Status : std::uint8_t { pass, warn, fail };
/// "pass", "warn", "fail".
std::string_view name_of(Status status);

/// One thing that is watched, and how it is. Health, alerts and the formats of monitoring systems
/// are all written from these.
struct Check {
  std::string_view name;  ///< One of `check_names`.
  std::string subject;    ///< Id of the bot, name of the queue, data or test.
  std::string bot;        ///< The bot it belongs to; empty: the service as a whole.
  Status status = Status::pass;
  std::optional<double> value;
  std::string_view unit;  ///< Of `value` and `levels`: "messages", "s", "1" (a share), "".
  Levels levels;
  std::string symptom;    ///< What is seen; also when all is well.
  std::string diagnosis;  ///< Why it is so, as far as is known. This and what follows may be empty.
  std::string impact;     ///< What suffers.
  std::string action;     ///< What helps.
  double since = 0;       ///< Unix time from which on it is not `pass`; 0: it is.
  std::string ignored;    ///< Why it does not count; `status` is `pass` then.
  std::string id() const { return std::string(name) + ":" + subject; }
};

/// Whether a check belongs to the bot; to "", the service, all do.
inline bool concerns(const Check& check, std::string_view bot) {
  return bot.empty() || check.bot == bot;
}
/// The worst of those that concern the bot.
Status worst_of(const std::vector<Check>& checks, std::string_view bot = {});

/// Judges facts, again and again: remembers since when something is wrong, and what counters said
/// before. A level once passed holds until the value is a tenth below it, and what comes back
/// within a minute has never been away.
class CheckBook {
 public:
  const std::vector<Check>& evaluate(const Facts& facts, const ThresholdBook& thresholds);
  /// Those of the last `evaluate`.
  const std::vector<Check>& all() const { return checks_; }

 private:
  struct Memory {
    Status status = Status::pass;
    double since = 0;  // of the present trouble, or the one that ended at `last_bad`
    double last_bad = 0;
    double suspect = 0;  // since when a condition holds that counts only after a while
    bool seen = false;
  };
  /// Counters of a bot at one time.
  struct Sample {
    double at;
    std::uint64_t taken, failed;
  };
  struct History {
    std::deque<Sample> samples;   // oldest first, of the window of the error rate, at most 50
    std::deque<double> restarts;  // when the last ones were seen
    std::optional<std::uint64_t> restart_count;
  };

  Check& add(std::string_view name, std::string subject, std::string bot);
  Memory& memory_of(const Check& check) { return memory_[check.id()]; }
  Status judge(const Check& check);
  /// Whether the condition holds since so many seconds.
  bool held(const Check& check, bool condition, double seconds);
  void settle(const ThresholdBook& thresholds);
  void check_bot(const BotFacts& bot);
  void check_state(const BotFacts& bot);
  void check_ready(const BotFacts& bot);
  void check_restarts(const BotFacts& bot);
  void check_heartbeat(const BotFacts& bot, const Thresholds& limits);
  void check_errors(const BotFacts& bot, const Thresholds& limits);
  void check_silence(const BotFacts& bot, const Thresholds& limits);
  void check_queue(const QueueFacts& queue);
  void check_depth(const QueueFacts& queue, const std::string& bot, const Thresholds& limits);
  void check_data(const DataFacts& data);
  void check_service();

  const Facts* facts_ = nullptr;
  const ThresholdBook* thresholds_ = nullptr;
  std::vector<Check> checks_;
  std::map<std::string, Memory> memory_;      // by id; those gone are forgotten
  std::map<std::string, History> histories_;  // by bot
};

}  // namespace intelmq::serve
