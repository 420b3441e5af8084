// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>

#include "base/result.hpp"
#include "net/redis.hpp"
#include "state/seen.hpp"

namespace intelmq {

/// The server of IntelMQ's `redis_cache_*` parameters. `host` may be a unix socket: a path, or
/// `unix://PATH`.
RedisAddress redis_cache_address(const std::string& host, std::uint16_t port, unsigned database,
                                 const std::string& password);

/// The keys as IntelMQ's deduplicator keeps them in its Redis cache, so that both share one: the
/// SHA-256 of what is hashed, in hex, with the time to live of the server. Asks for texts. Error:
/// names the server and the reason.
Result<std::unique_ptr<Seen>> open_redis_seen(const RedisAddress& address,
                                              std::uint32_t ttl_seconds);

}  // namespace intelmq

// What the module intelmq-state-redis.so offers.
extern "C" void intelmq_open_redis_seen(const intelmq::RedisAddress& address,
                                        std::uint32_t ttl_seconds,
                                        intelmq::Result<std::unique_ptr<intelmq::Seen>>& out);
