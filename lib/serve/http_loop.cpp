// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>

#include <boost/asio/error.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/signal_set.hpp>
#include <boost/asio/steady_timer.hpp>
#include <cerrno>
#include <system_error>
#include <utility>

#include "serve/http_io.hpp"

namespace intelmq::serve {
namespace {

constexpr unsigned threads = 8;  // jobs are few, but a download may keep one for minutes

/// What all that is watched has in common. `self` is held by whoever waits, so that ending the
/// watch from inside the task does not pull the task from under its own feet.
template <class Waits>
class Watched : public std::enable_shared_from_this<Watched<Waits>> {
 public:
  template <class... Arguments>
  explicit Watched(Arguments&&... arguments) : waits_(std::forward<Arguments>(arguments)...) {}

  void start() {
    waits_.wait([self = this->shared_from_this()](const ErrorCode& error, auto... values) {
      if (error || self->ended_) return;
      self->waits_.task(values...);
      if (!self->ended_ && self->waits_.again()) self->start();
    });
  }
  void end() {
    ended_ = true;
    waits_.cancel();
  }

 private:
  Waits waits_;
  bool ended_ = false;
};

struct Timer {
  asio::steady_timer timer;
  std::chrono::milliseconds time;
  bool repeats;
  std::function<void()> task;

  Timer(asio::io_context& context, std::chrono::milliseconds after, bool more,
        std::function<void()> then)
      : timer{context, after}, time{after}, repeats{more}, task{std::move(then)} {}
  template <class Done>
  void wait(Done done) {
    timer.async_wait(std::move(done));
  }
  bool again() {
    if (repeats) timer.expires_after(time);
    return repeats;
  }
  void cancel() { timer.cancel(); }
};

/// Waits on a descriptor of its own for the same file: readable and writable may be watched at
/// once, and closing it does not touch the caller's.
struct Descriptor {
  asio::posix::stream_descriptor file;
  asio::posix::descriptor_base::wait_type what;
  std::function<void()> task;

  Descriptor(asio::io_context& context, int fd, asio::posix::descriptor_base::wait_type which,
             std::function<void()> then)
      : file{context, duplicate(fd)}, what{which}, task{std::move(then)} {}
  static int duplicate(int fd) {
    const int copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (copy < 0) throw std::system_error(errno, std::generic_category(), "watching a descriptor");
    return copy;
  }
  template <class Done>
  void wait(Done done) {
    file.async_wait(what, std::move(done));
  }
  bool again() const { return true; }
  void cancel() {
    ErrorCode ignored;
    file.close(ignored);
  }
};

struct Signals {
  asio::signal_set set;
  std::function<void(int)> task;

  Signals(asio::io_context& context, std::initializer_list<int> numbers,
          std::function<void(int)> then)
      : set{context}, task{std::move(then)} {
    for (const int number : numbers) set.add(number);
  }
  template <class Done>
  void wait(Done done) {
    set.async_wait(std::move(done));
  }
  bool again() const { return true; }
  void cancel() {
    ErrorCode ignored;
    set.clear(ignored);
    set.cancel(ignored);  // clearing does not let go who waits
  }
};

template <class Waits, class... Arguments>
Watch watch(Arguments&&... arguments) {
  auto made = std::make_shared<Watched<Waits>>(std::forward<Arguments>(arguments)...);
  made->start();
  void* const what = made.get();
  return Watch(std::shared_ptr<void>(what, [made = std::move(made)](void*) { made->end(); }));
}

}  // namespace

Loop::Loop() : io_{std::make_unique<Io>()} {}

Loop::~Loop() {
  if (!io_->pool) return;
  io_->pool->stop();
  io_->pool->join();
}

void Loop::run() { io_->context.run(); }
void Loop::stop() { io_->context.stop(); }
void Loop::post(std::function<void()> task) { asio::post(io_->context, std::move(task)); }

Watch Loop::after(std::chrono::milliseconds time, std::function<void()> task) {
  return watch<Timer>(io_->context, time, false, std::move(task));
}

Watch Loop::every(std::chrono::milliseconds time, std::function<void()> task) {
  return watch<Timer>(io_->context, time, true, std::move(task));
}

Watch Loop::readable(int fd, std::function<void()> task) {
  return watch<Descriptor>(io_->context, fd, asio::posix::descriptor_base::wait_read,
                           std::move(task));
}

Watch Loop::writable(int fd, std::function<void()> task) {
  return watch<Descriptor>(io_->context, fd, asio::posix::descriptor_base::wait_write,
                           std::move(task));
}

Watch Loop::signals(std::initializer_list<int> numbers, std::function<void(int)> task) {
  return watch<Signals>(io_->context, numbers, std::move(task));
}

void Loop::work(std::function<void()> job, std::function<void()> then) {
  if (!io_->pool) io_->pool.emplace(threads);
  asio::post(*io_->pool, [this, job = std::move(job), then = std::move(then)]() mutable {
    job();
    job = nullptr;
    post(std::move(then));
  });
}

}  // namespace intelmq::serve
