// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <initializer_list>
#include <memory>

namespace intelmq::serve {

/// A timer or watched descriptor; ends when this is destroyed or assigned to.
class Watch {
 public:
  Watch() = default;
  explicit Watch(std::shared_ptr<void> what) : what_{std::move(what)} {}
  explicit operator bool() const { return static_cast<bool>(what_); }
  void reset() { what_.reset(); }

 private:
  std::shared_ptr<void> what_;
};

/// The one thread on which everything in serve happens: requests, bots, timers. Nothing on it may
/// block; what must, is `work`. Members may be called on the loop only, `post` anywhere.
class Loop {
 public:
  Loop();
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  void run();  ///< Until `stop`.
  void stop();
  void post(std::function<void()> task);
  /// Once, after the time.
  [[nodiscard]] Watch after(std::chrono::milliseconds time, std::function<void()> task);
  /// Again and again, each time as much later.
  [[nodiscard]] Watch every(std::chrono::milliseconds time, std::function<void()> task);
  /// Whenever `fd` can be read, or its other end was closed. The descriptor stays the caller's,
  /// who must end the watch before closing it.
  [[nodiscard]] Watch readable(int fd, std::function<void()> task);
  [[nodiscard]] Watch writable(int fd, std::function<void()> task);
  /// These signals as calls.
  [[nodiscard]] Watch signals(std::initializer_list<int> numbers, std::function<void(int)> task);
  /// `job` on one of a few threads, then `then` on the loop. Jobs still waiting at the end of the
  /// loop are dropped.
  void work(std::function<void()> job, std::function<void()> then);

  struct Io;
  Io& io() { return *io_; }

 private:
  std::unique_ptr<Io> io_;
};

}  // namespace intelmq::serve
