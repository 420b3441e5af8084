// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.hpp"
#include "bot/counts.hpp"
#include "bot/options.hpp"
#include "queue/dead_letters.hpp"
#include "queue/source.hpp"

namespace intelmq {

/// What happens to records that fail: dead letters, counts, and when to stop.
class Failures {
 public:
  /// Throws StartError when the file or --max-errors is of no use.
  Failures(const Options& options, std::string program, Counts& counts, Log& log);

  /// Takes one failed record. False: its dead letter could not be written (`error()`).
  bool take(const Record& where, std::string_view original, std::string_view reason,
            std::string_view code);
  /// Whether to stop before the end of the input.
  bool stop() const;
  /// Whether so many failures make the run one that failed.
  bool too_many() const;
  /// One line per reason, for runs whose failures went nowhere else.
  void summarise();
  const std::string& error() const { return error_; }

 private:
  void read_limit(const std::string& text);
  const Options& options_;
  std::string program_;
  Counts& counts_;
  Log& log_;
  std::optional<DeadLetters> letters_;
  std::uint64_t limit_ = 0;
  double limit_share_ = -1;
  std::map<std::string, std::string> first_seen_;  // kind of reason -> where
  std::string error_;
};

}  // namespace intelmq
