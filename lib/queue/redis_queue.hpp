// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/redis.hpp"
#include "queue/destination.hpp"
#include "queue/source.hpp"
#include "queue/statistics_sink.hpp"

namespace intelmq {

/// A list or a stream on a Redis server, as a URL names it:
/// `redis://[[USER:]PASSWORD@]HOST[:PORT]/DB/QUEUE`, `rediss://...` with TLS, or
/// `redis+unix:PATH?db=DB&queue=QUEUE`; streams the same with `redis-stream`, `rediss-stream` and
/// `redis-stream+unix:PATH?db=DB&stream=STREAM`.
struct RedisQueue {
  RedisAddress address;
  bool is_stream = false;
  std::string key;                  ///< Of the list or stream.
  std::uint64_t batch = 256;        ///< Events asked for, or handed in, at once.
  bool drain = false;               ///< Sources end where nothing more is there.
  std::uint64_t max_length = 0;     ///< Destinations wait while it holds so many; 0: no limit.
  std::string instance;             ///< Several readers of one list: the name of this one.
  std::uint64_t claim_after = 300;  ///< Seconds until what others hold is taken over; 0: never.

  std::string group;              ///< Of a stream's readers; empty: the program's name.
  std::string consumer;           ///< Within the group; empty: the host's name and a number.
  std::string start = "0";        ///< Where a group that is not there yet begins, `$` or an ID.
  std::string field = "event";    ///< Of a stream's entry: the one that holds the event.
  std::uint64_t max_entries = 0;  ///< A stream is cut to about so many; 0: never.

  /// Error: names the URL without its password, and the remedy.
  static Result<RedisQueue> parse(std::string_view url);
  /// What is read off a list and not yet acknowledged lies here.
  std::string internal_list() const;
  /// For messages: without the password.
  std::string name() const;
};

/// A server alone, as `open_statistics` describes its URL. Error: as above.
Result<RedisAddress> parse_redis_server(std::string_view url);

/// IntelMQ's list queues: producers push left, consumers move from the right into an internal
/// list, which holds every event until it was delivered.
Result<std::unique_ptr<Source>> open_redis_list_source(RedisQueue queue,
                                                       const SourceOptions& options);
/// Streams: a group of consumers shares the entries; what one read is pending until it was
/// delivered.
Result<std::unique_ptr<Source>> open_redis_stream_source(RedisQueue queue,
                                                         const SourceOptions& options);
/// Either.
Result<std::unique_ptr<Destination>> open_redis_destination(RedisQueue queue,
                                                            const DestinationOptions& options);
Result<std::unique_ptr<StatisticsSink>> open_redis_statistics(std::string_view url);

}  // namespace intelmq
