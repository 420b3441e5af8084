// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include "net/redis.hpp"
#include "queue/backoff.hpp"
#include "queue/redis_queue.hpp"

namespace intelmq {

/// The connection to a queue's server, which may be lost and come back.
class RedisLink {
 public:
  /// How long an answer may take before the connection counts as lost.
  static constexpr std::chrono::milliseconds patience{30000};

  RedisLink(const RedisQueue& queue, Log* log)
      : address_{queue.address}, name_{queue.name()}, log_{log} {}

  /// Connects for the first time; any failure is an error.
  Result<void> connect();
  /// Tries once more. An error only if trying again cannot help.
  Result<void> connect_again();
  /// Gives up the connection, and all replies that came through it.
  void lose(const std::string& why);

  explicit operator bool() const { return connection_ != nullptr; }
  RedisConnection* operator->() const { return connection_.get(); }

  void warn(const std::string& text) const;
  /// How long to wait before trying again, in milliseconds.
  int delay() { return static_cast<int>(backoff_.next().count()); }
  /// All went well: the next delay is a short one.
  void succeeded() { backoff_.reset(); }
  const std::string& name() const { return name_; }

 private:
  RedisAddress address_;
  std::string name_;
  Log* log_;
  std::unique_ptr<RedisConnection> connection_;
  Backoff backoff_;
};

}  // namespace intelmq
