// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace intelmq {

/// How long to wait before the next try: longer each time up to 5 seconds, and never quite equal,
/// so that many bots do not come back all at once.
class Backoff {
 public:
  std::chrono::milliseconds next() {
    const auto now = delay_;
    delay_ = std::min(most, 2 * delay_);
    std::uniform_int_distribution<std::int64_t> part(now.count() / 2, now.count());
    return std::chrono::milliseconds(part(random_));
  }
  void reset() { delay_ = first; }

 private:
  static constexpr std::chrono::milliseconds first{50}, most{5000};
  std::chrono::milliseconds delay_ = first;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace intelmq
