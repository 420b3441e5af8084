// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "net/stream.hpp"
#include "queue/destination.hpp"
#include "queue/source.hpp"

namespace intelmq {

/// A queue on an AMQP 0-9-1 server (RabbitMQ), as a URL names it:
/// `amqp://[USER:PASSWORD@]HOST[:PORT]/VHOST/QUEUE`, or `amqps://...` with TLS.
struct AmqpQueue {
  Endpoint endpoint;
  std::string user = "guest", password = "guest";
  std::string vhost = "/";
  std::string queue;
  std::string exchange;       ///< If there is one, nothing is declared: QUEUE is its routing key.
  std::uint64_t batch = 256;  ///< Events sent at once to a queue whose length is limited.
  unsigned prefetch = 256;    ///< Events that may be on their way to a source, unacknowledged.
  unsigned heartbeat = 60;    ///< Seconds; 0: none.
  std::uint64_t max_length = 0;  ///< Destinations wait while the queue is longer; 0: no limit.
  bool drain = false;            ///< Sources end where the queue is empty.

  /// Error: names the URL without its password, and the remedy.
  static Result<AmqpQueue> parse(std::string_view url);
  /// For messages: without user and password.
  std::string name() const;
};

/// IntelMQ's queues on RabbitMQ: durable and lazy, events persistent and acknowledged one by one
/// or many at a time.
Result<std::unique_ptr<Source>> open_amqp_source(AmqpQueue queue, const SourceOptions& options);
Result<std::unique_ptr<Destination>> open_amqp_destination(AmqpQueue queue,
                                                           const DestinationOptions& options);

}  // namespace intelmq
