// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "bot/counts.hpp"
#include "queue/statistics_sink.hpp"

namespace intelmq {

/// The counts of a running bot as IntelMQ keeps them in Redis, under the same keys:
/// `<id>.temporary.<path>`, what was sent since the last time, for two seconds;
/// `<id>.total.<path>`, what was sent since the start; `<id>.stats.success` and `.failure`,
/// records that were done and that failed. Of a parser each report is a success.
class Statistics {
 public:
  /// `paths` are those that the bot has. The log is borrowed.
  Statistics(std::unique_ptr<StatisticsSink> sink, std::string id, std::vector<std::string> paths,
             Log& log);

  /// Writes if something was counted since the last time, and that is two seconds ago.
  void update(const Counts& counts);
  /// Writes in any case: the bot ends.
  void finish(const Counts& counts);
  /// Milliseconds until `update` has something to write; negative: nothing was counted.
  int due(const Counts& counts) const;

 private:
  void write(const Counts& counts);
  void tell(const Result<void>& done);

  std::unique_ptr<StatisticsSink> sink_;
  std::string id_;
  Log& log_;
  std::map<std::string, std::uint64_t> sent_;  // by path, as they were written last
  std::uint64_t handled_ = 0;                  // the same for all records
  std::int64_t written_ms_;                    // when that was
  bool troubled_ = false;
};

}  // namespace intelmq
