// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "serve/syslog_target.hpp"

namespace intelmq::serve {

/// Sends records to one target, in order, by a thread of its own. Members never block.
/// When the queue is full, or holds 8 MiB, its oldest record is dropped (or
/// the new one, as the target says) and counted. What a broken
/// stream had taken from us before it broke counts as sent, whether the server had read it or not:
/// syslog has no receipts. A message that was sent in part is sent anew.
class SyslogSender {
 public:
  struct Status {
    std::string state = "idle";  ///< "idle", "connecting", "connected", "failing"
    std::uint64_t queued = 0, sent = 0, dropped = 0;
    std::uint64_t connects = 0;  ///< How often a connection was made.
    std::int64_t last_sent = 0;  ///< Unix time in milliseconds; 0: never.
    std::string last_error;      ///< Empty: none yet.
    std::int64_t last_error_at = 0;
  };

  explicit SyslogSender(SyslogTarget target);
  /// What is still queued may leave within two seconds; nobody waits for it.
  ~SyslogSender();
  SyslogSender(const SyslogSender&) = delete;
  SyslogSender& operator=(const SyslogSender&) = delete;

  void put(SharedRecord record);
  Status status() const;
  const SyslogTarget& target() const;
  /// Nothing more is put. The queue may empty itself until then.
  void finish_by(std::chrono::steady_clock::time_point deadline);
  /// Waits for that (blocks).
  void wait_finished(std::chrono::steady_clock::time_point deadline);

  struct State;

 private:
  std::shared_ptr<State> state_;  // the thread's too: it may outlive this
};

}  // namespace intelmq::serve
