// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "queue/queue_state.hpp"
#include "queue/redis_queue.hpp"

namespace intelmq {

/// `queue_state` and `clear_queue` of lists and streams.
Result<QueueState> redis_queue_state(const RedisQueue& queue, bool clear);

}  // namespace intelmq
