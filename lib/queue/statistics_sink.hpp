// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace intelmq {

/// A number of a running bot and the name that monitoring knows it by.
struct Figure {
  std::string name;
  std::uint64_t value;
  unsigned seconds = 0;  ///< How long it holds; 0: until it is written again.
};

/// Where the figures of running bots are kept. What goes wrong there costs the bot next to nothing:
/// nobody waits for a server that does not answer, and one that is away is seldom tried.
class StatisticsSink {
 public:
  virtual ~StatisticsSink() = default;
  /// Hands them to the server. Error: this or an earlier write failed, and why.
  virtual Result<void> write(const std::vector<Figure>& figures) = 0;
  /// Gives what was written a moment to arrive.
  virtual Result<void> close() = 0;
};

/// `redis://[[USER:]PASSWORD@]HOST[:PORT][/DB]`, the same with `rediss`, or
/// `redis+unix:PATH[?db=DB]`; database 3 unless it says otherwise. Connects when first written to.
/// Error: names the URL without its password, and the remedy.
Result<std::unique_ptr<StatisticsSink>> open_statistics(std::string_view url);

}  // namespace intelmq

// What a module `intelmq-queue-<scheme>.so` may offer.
extern "C" void intelmq_open_statistics(
    std::string_view url, intelmq::Result<std::unique_ptr<intelmq::StatisticsSink>>& out);
