// SPDX-License-Identifier: Apache-2.0
#include "queue/adapter.hpp"
#include "queue/redis_queue.hpp"
#include "queue/redis_state.hpp"
#include "queue/statistics_sink.hpp"

using namespace intelmq;

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT void intelmq_open_source(std::string_view url, const SourceOptions& options,
                                Result<std::unique_ptr<Source>>& out) {
  auto queue = RedisQueue::parse(url);
  if (!queue)
    out = tl::unexpected(queue.error());
  else if (queue->is_stream)
    out = open_redis_stream_source(std::move(*queue), options);
  else
    out = open_redis_list_source(std::move(*queue), options);
}

EXPORT void intelmq_open_destination(std::string_view url, const DestinationOptions& options,
                                     Result<std::unique_ptr<Destination>>& out) {
  auto queue = RedisQueue::parse(url);
  if (queue)
    out = open_redis_destination(std::move(*queue), options);
  else
    out = tl::unexpected(queue.error());
}

EXPORT void intelmq_open_statistics(std::string_view url,
                                    Result<std::unique_ptr<StatisticsSink>>& out) {
  out = open_redis_statistics(url);
}

EXPORT void intelmq_queue_state(std::string_view url, bool clear, Result<QueueState>& out) {
  const auto queue = RedisQueue::parse(url);
  if (queue)
    out = redis_queue_state(*queue, clear);
  else
    out = tl::unexpected(queue.error());
}
