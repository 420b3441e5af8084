// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <vector>

#include "serve/log_record.hpp"

namespace intelmq::serve {

/// The last records, bounded by their number and by their bytes.
class LogRing {
 public:
  struct Limits {
    std::size_t lines = 5000, bytes = 2u << 20;
  };
  /// Which records are asked for.
  struct Query {
    std::string bot;                   ///< Empty: all.
    LogLevel level = LogLevel::debug;  ///< And what is graver.
    std::int64_t since = INT64_MIN;    ///< Unix time in milliseconds.
    std::size_t lines = 100;           ///< The newest of them.
    bool wants(const LogRecord& record) const {
      return record.level >= level && record.time >= since && (bot.empty() || bot == record.bot);
    }
  };

  LogRing() : LogRing(Limits{}) {}
  explicit LogRing(Limits limits) : limits_{limits} {}
  void add(SharedRecord record);
  /// The oldest first.
  std::vector<SharedRecord> find(const Query& query) const;
  std::size_t size() const { return records_.size(); }
  std::size_t bytes() const { return bytes_; }

 private:
  Limits limits_;
  std::deque<SharedRecord> records_;
  std::size_t bytes_ = 0;
};

}  // namespace intelmq::serve
