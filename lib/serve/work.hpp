// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <utility>

#include "serve/loop.hpp"

namespace intelmq::serve {

/// Does a job where it may block, then calls `then` on the loop.
using Work = std::function<void(std::function<void()> job, std::function<void()> then)>;

inline Work work_of(Loop& loop) {
  return [&loop](std::function<void()> job, std::function<void()> then) {
    loop.work(std::move(job), std::move(then));
  };
}

}  // namespace intelmq::serve
