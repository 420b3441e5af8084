// SPDX-License-Identifier: Apache-2.0
#include "queue/adapter.hpp"
#include "queue/kafka_client.hpp"
#include "queue/queue_state.hpp"

using namespace intelmq;

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT void intelmq_open_source(std::string_view url, const SourceOptions& options,
                                Result<std::unique_ptr<Source>>& out) {
  auto queue = KafkaQueue::parse(url, KafkaQueue::End::source);
  if (queue)
    out = open_kafka_source(*queue, options);
  else
    out = tl::unexpected(queue.error());
}

EXPORT void intelmq_open_destination(std::string_view url, const DestinationOptions& options,
                                     Result<std::unique_ptr<Destination>>& out) {
  auto queue = KafkaQueue::parse(url, KafkaQueue::End::destination);
  if (queue)
    out = open_kafka_destination(*queue, options);
  else
    out = tl::unexpected(queue.error());
}

EXPORT void intelmq_queue_state(std::string_view url, bool clear, Result<QueueState>& out) {
  // A destination's URL has no group: it may have other options, too.
  auto queue = KafkaQueue::parse(url, KafkaQueue::End::source);
  if (!queue) queue = KafkaQueue::parse(url, KafkaQueue::End::destination);
  if (!queue)
    out = tl::unexpected(queue.error());
  else if (clear)
    out = fail(queue->name() + ": a topic cannot be cleared; let its retention do that");
  else
    out = kafka_queue_state(*queue);
}
