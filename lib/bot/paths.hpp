// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "event/out_buffer.hpp"
#include "queue/destination.hpp"

namespace intelmq {

/// The ways out of a bot: named paths, each with its destinations and the lines on their way.
class Paths {
 public:
  static constexpr std::size_t block = 256u << 10;

  /// Adds a destination to a path; several per path get a copy each.
  void add(const std::string& path, std::unique_ptr<Destination> destination);
  /// The buffer of a path, or nullptr if it leads nowhere. `_default` is the first.
  OutBuffer* find(std::string_view path);
  OutBuffer& fallback() { return paths_.front()->buffer; }
  std::vector<std::string> names() const;  ///< Without `_default`.

  bool full() const;  ///< Some buffer holds a block or more.
  /// Writes and flushes everything; after success it has been delivered.
  Result<void> deliver();
  /// Ends all streams.
  Result<void> close();
  /// Nobody reads any more on any path.
  bool abandoned() const;

 private:
  struct Path {
    std::string name;
    OutBuffer buffer;
    std::vector<std::unique_ptr<Destination>> destinations;
    bool gone = false;
  };
  std::vector<std::unique_ptr<Path>> paths_;
};

/// Opens `[PATH=]URL` for each text; throws StartError(cannot_create).
void open_paths(Paths& paths, const std::vector<std::string>& texts,
                const DestinationOptions& options = {});

}  // namespace intelmq
