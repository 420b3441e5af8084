// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "net/redis.hpp"
#include "queue/redis_queue.hpp"
#include "queue/server_link.hpp"

namespace intelmq {

/// The connection to the server of a list or stream, which may be lost and come back.
class RedisLink : public ServerLink<RedisConnection> {
 public:
  /// How long an answer may take before the connection counts as lost.
  static constexpr std::chrono::milliseconds patience{30000};

  RedisLink(const RedisQueue& queue, Log* log)
      : ServerLink(queue.name(), log,
                   [address = queue.address, last = RedisConnection::Identity{}](
                       bool& may_pass) mutable { return open(address, last, may_pass); }) {}

 private:
  using Opened = Result<std::unique_ptr<RedisConnection>>;
  static Opened open(const RedisAddress& address, RedisConnection::Identity& last, bool& may_pass) {
    auto opened = RedisConnection::open(address, may_pass);
    if (!opened) return opened;
    auto own = (*opened)->supersede(last);
    if (!own) return Opened{tl::unexpected(own.error())};
    last = std::move(*own);
    return opened;
  }
};

}  // namespace intelmq
