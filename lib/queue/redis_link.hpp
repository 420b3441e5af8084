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
      : ServerLink(queue.name(), log, [address = queue.address](bool& may_pass) {
          return RedisConnection::open(address, may_pass);
        }) {}
};

}  // namespace intelmq
