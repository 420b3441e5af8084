// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "event/out_buffer.hpp"
#include "queue/destination.hpp"

namespace intelmq {

/// The ways out of a bot: named paths, each with its destinations and the lines on their way.
class Paths {
 public:
  static constexpr std::size_t block = 256u << 10;

  /// `balanced`: an event goes to one destination of its path, in turn, instead of to all.
  explicit Paths(bool balanced = false) : balanced_{balanced} {}
  /// Adds a destination to a path.
  void add(const std::string& path, std::unique_ptr<Destination> destination);
  /// The buffer for the next event on a path, or nullptr if it leads nowhere.
  OutBuffer* find(std::string_view path);
  OutBuffer& fallback() { return next(*paths_.front()); }  ///< The same for `_default`.
  std::vector<std::string> names() const;                  ///< Without `_default`.

  bool full() const;  ///< Some buffer holds a block or more.
  /// Writes and flushes everything; after success it has been delivered.
  Result<void> deliver();
  /// Is told of lines when they are delivered; nothing: nobody is.
  using Watcher = std::function<void(const std::string& path, std::string_view lines)>;
  void watch(Watcher watcher) { watcher_ = std::move(watcher); }
  std::uint64_t bytes() const { return bytes_; }  ///< Delivered so far.
  /// Ends all streams.
  Result<void> close();
  /// Nobody reads any more on any path.
  bool abandoned() const;

 private:
  /// Lines on their way, and where each of them goes to.
  struct Lane {
    OutBuffer buffer;
    std::vector<std::unique_ptr<Destination>> destinations;
    bool gone = false;
  };
  struct Path {
    std::string name;
    std::vector<std::unique_ptr<Lane>> lanes;
  };
  OutBuffer& next(Path& path) {
    const std::size_t count = path.lanes.size();
    return path.lanes[count == 1 ? 0 : turn_++ % count]->buffer;
  }
  Result<void> deliver(const std::string& path, Lane& lane);

  bool balanced_;
  std::size_t turn_ = 0;
  std::uint64_t bytes_ = 0;
  Watcher watcher_;
  std::vector<std::unique_ptr<Path>> paths_;
};

/// The path (`_default` if there is none) and the URL of `[PATH=]URL`.
std::pair<std::string, std::string> split_path(const std::string& text);

/// Opens `[PATH=]URL` for each text; throws StartError(cannot_create).
void open_paths(Paths& paths, const std::vector<std::string>& texts,
                const DestinationOptions& options = {});

}  // namespace intelmq
