// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>

#include "type/timestamp.hpp"

namespace intelmq {

/// Where a component gets the time from; tests pass their own.
using Clock = Timestamp (*)();

/// The system's clock.
inline Timestamp system_now() {
  const auto since = std::chrono::system_clock::now().time_since_epoch();
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(since).count();
  return {micros / 1'000'000, static_cast<std::int32_t>(micros % 1'000'000)};
}

}  // namespace intelmq
