// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace intelmq {

/// How a queue stands at one moment; nothing: the server does not tell.
struct QueueState {
  std::optional<std::uint64_t> waiting;    ///< Messages nobody has taken; Kafka: the group's lag.
  std::optional<std::uint64_t> in_hand;    ///< Taken and not acknowledged.
  std::optional<std::uint64_t> consumers;  ///< Readers that are known now.
  std::optional<double> oldest_s;          ///< Age of the oldest one that waits, seconds.
  std::uint64_t cleared = 0;               ///< By `clear_queue`.
  /// Kafka: the offset that the group reads next, by "TOPIC/PARTITION".
  std::map<std::string, std::int64_t> positions = {};
};

/// Looks at the queue that a URL of a source or destination names, without taking anything from it.
/// Error: names the URL without its password, and the reason.
Result<QueueState> queue_state(std::string_view url);

/// Throws away what waits there; what readers have in hand stays. Error: as above, or this kind of
/// queue cannot be cleared.
Result<QueueState> clear_queue(std::string_view url);

}  // namespace intelmq

// What a module `intelmq-queue-<scheme>.so` may offer.
extern "C" void intelmq_queue_state(std::string_view url, bool clear,
                                    intelmq::Result<intelmq::QueueState>& out);
