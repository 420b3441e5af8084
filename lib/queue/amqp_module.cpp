// SPDX-License-Identifier: Apache-2.0
#include "queue/adapter.hpp"
#include "queue/amqp_connection.hpp"
#include "queue/amqp_queue.hpp"
#include "queue/queue_state.hpp"

using namespace intelmq;

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT void intelmq_open_source(std::string_view url, const SourceOptions& options,
                                Result<std::unique_ptr<Source>>& out) {
  auto queue = AmqpQueue::parse(url);
  if (queue)
    out = open_amqp_source(std::move(*queue), options);
  else
    out = tl::unexpected(queue.error());
}

EXPORT void intelmq_open_destination(std::string_view url, const DestinationOptions& options,
                                     Result<std::unique_ptr<Destination>>& out) {
  auto queue = AmqpQueue::parse(url);
  if (queue)
    out = open_amqp_destination(std::move(*queue), options);
  else
    out = tl::unexpected(queue.error());
}

namespace {

Result<QueueState> state_of(const AmqpQueue& queue, bool clear) {
  bool may_pass = false;
  auto connection = AmqpConnection::open(queue, may_pass);
  if (!connection) return tl::unexpected(connection.error());
  QueueState out;
  const auto count = clear ? (*connection)->purge() : (*connection)->count();
  if (!count) return tl::unexpected(count.error());
  out.waiting = clear ? 0 : *count;
  out.cleared = clear ? *count : 0;
  return out;
}

}  // namespace

EXPORT void intelmq_queue_state(std::string_view url, bool clear, Result<QueueState>& out) {
  const auto queue = AmqpQueue::parse(url);
  if (queue)
    out = state_of(*queue, clear);
  else
    out = tl::unexpected(queue.error());
}
