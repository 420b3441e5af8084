// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "serve/http.hpp"
#include "serve/log_ring.hpp"
#include "serve/loop.hpp"
#include "serve/syslog.hpp"

namespace intelmq::serve {

/// Lines on their way to serve's own stderr. Never waits: what its reader does not take is kept
/// up to 256 KiB; then lines are dropped and counted.
class LogOutput {
 public:
  LogOutput(Loop& loop, int fd) : loop_{loop}, fd_{fd} {}
  void write(std::string_view line);
  std::uint64_t dropped() const { return dropped_; }

 private:
  void flush();
  Loop& loop_;
  int fd_;
  std::string waiting_;
  std::uint64_t dropped_ = 0;
  Watch watch_;
};

/// Where the log lines of the bots and of serve itself come together: the ring, those who follow,
/// syslog, stderr. On the loop only.
class LogHub {
 public:
  static constexpr std::size_t most_followers = 16;

  /// `form`: how lines go out on `fd` (text or json).
  LogHub(Loop& loop, SyslogTargets& syslog, int fd, LogForm form, LogRing::Limits limits = {});
  ~LogHub();
  LogHub(const LogHub&) = delete;
  LogHub& operator=(const LogHub&) = delete;

  /// What serve says itself comes here from now on, until this ends.
  void take_over(Log& own);
  /// A line that a bot wrote to stderr.
  void take_line(const std::string& bot, std::string_view line);
  void add(LogRecord record);

  const LogRing& ring() const { return ring_; }
  /// Writes what there is of the query, and what comes from now on until the client is gone or
  /// slow. False: there are too many who follow.
  bool follow(std::shared_ptr<BodyStream> stream, const LogRing::Query& query);
  std::size_t followers() const { return followers_.size(); }
  std::uint64_t dropped_on_output() const { return output_.dropped(); }

 private:
  struct Follower {
    std::shared_ptr<BodyStream> stream;
    LogRing::Query query;
  };
  void spread(const SharedRecord& record);
  void sweep();

  Loop& loop_;
  SyslogTargets& syslog_;
  LogOutput output_;
  LogForm form_;
  LogRing ring_;
  Log* own_ = nullptr;
  std::vector<Follower> followers_;
  std::deque<SharedRecord> coming_;  // what is said while a record is being spread
  bool spreading_ = false;
  Watch sweeper_;
};

}  // namespace intelmq::serve
