// SPDX-License-Identifier: Apache-2.0
#include "queue/adapter.hpp"
#include "queue/amqp_queue.hpp"

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
