// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>

#include "serve/child.hpp"
#include "serve/clock.hpp"
#include "serve/service.hpp"

namespace intelmq::serve {

/// One process of the service.
struct Service::Running {
  std::string id;      ///< Of the bot.
  std::string key;     ///< Of this process, for its tally.
  unsigned chain = 0;  ///< Which instance of the pipeline it belongs to.
  std::size_t place = 0;
  std::unique_ptr<Child> child;
  bool ready = false, ended = false, held = false, asked = false, aborted = false;
  Exit exit;
  double started = 0;                           ///< Unix time.
  std::chrono::steady_clock::time_point heard;  ///< When it gave its last sign of life.
  std::chrono::milliseconds extension{0};       ///< It said that it will be silent so much longer.
  double heartbeat = 0;                         ///< Unix time of it.
  std::string detail;                           ///< What it said it is doing.
};

}  // namespace intelmq::serve
