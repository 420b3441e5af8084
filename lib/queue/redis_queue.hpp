// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/redis.hpp"
#include "queue/backoff.hpp"
#include "queue/destination.hpp"
#include "queue/source.hpp"

namespace intelmq {

/// A list on a Redis server, as a URL names it:
/// `redis://[[USER:]PASSWORD@]HOST[:PORT]/DB/QUEUE`, `rediss://...` with TLS, or
/// `redis+unix:PATH?db=DB&queue=QUEUE`.
struct RedisQueue {
  RedisAddress address;
  std::string list;
  std::string instance;          ///< Several readers of one list: the name of this one.
  std::uint64_t batch = 256;     ///< Events asked for, or handed in, at once.
  bool drain = false;            ///< Sources end where the list is empty.
  std::uint64_t max_length = 0;  ///< Destinations wait while the list is longer; 0: no limit.

  /// Error: names the URL without its password, and the remedy.
  static Result<RedisQueue> parse(std::string_view url);
  /// What is read and not yet acknowledged lies here.
  std::string internal_list() const;
  /// For messages: without the password.
  std::string name() const;
};

/// The connection to a queue's server, which may be lost and come back.
class RedisLink {
 public:
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

/// IntelMQ's list queues: producers push left, consumers move from the right into an internal
/// list, which holds every event until it was delivered.
Result<std::unique_ptr<Source>> open_redis_list_source(RedisQueue queue,
                                                       const SourceOptions& options);
Result<std::unique_ptr<Destination>> open_redis_list_destination(RedisQueue queue,
                                                                 const DestinationOptions& options);

}  // namespace intelmq
