// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>

#include "base/json.hpp"
#include "serve/facts.hpp"

namespace intelmq::serve {

/// What one bot did, over all of its processes: each tells its own counts, which begin at zero.
class Tally {
 public:
  /// What a process says: the result of the control request `stats`.
  void take(const std::string& process, const Json& stats, double now);
  /// The process has ended: what it said last counts for ever.
  void close(const std::string& process);
  void add_restart() { ++restarts_; }
  std::uint64_t restarts() const { return restarts_; }
  /// Everything a bot's facts hold of it.
  void fill(BotFacts& facts) const;

 private:
  struct Counted {
    std::map<std::string, std::uint64_t> numbers;
    std::map<std::string, std::uint64_t> sent_by_path, failed_by_reason, dropped_by_reason;
    Histogram processing;
    std::map<std::string, std::pair<double, double>> fields;  ///< Present, sampled.
    double busy = 0, idle = 0;
    void add(const Counted& other);
  };
  static Counted read(const Json& stats);
  Counted sum() const;

  Counted closed_;
  std::map<std::string, Counted> open_;
  std::map<std::string, std::uint64_t> inflight_;
  double last_message_ = 0;
  std::uint64_t restarts_ = 0;
  // rates: exponentially weighted over 1, 5 and 15 minutes
  double rates_[3] = {0, 0, 0};
  double rated_at_ = 0, rated_received_ = 0;
  // the share of busy time between the last two looks
  double busy_ = 0, busy_before_ = 0, idle_before_ = 0;
};

}  // namespace intelmq::serve
