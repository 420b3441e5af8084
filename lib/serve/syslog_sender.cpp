// SPDX-License-Identifier: Apache-2.0
#include "serve/syslog_sender.hpp"

#include <poll.h>
#include <signal.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <condition_variable>
#include <deque>
#include <mutex>
#include <optional>
#include <thread>

#include "base/file.hpp"
#include "queue/backoff.hpp"
#include "serve/syslog_link.hpp"

namespace intelmq::serve {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t most_queued_bytes = 8u << 20;
constexpr milliseconds connect_limit{5000}, grace{2000};

/// One record on its way.
struct Item {
  SharedRecord record;
  std::uint64_t number = 0;  // of those that were put: a gap shows what was dropped
};

}  // namespace

struct SyslogSender::State {
  explicit State(SyslogTarget to)
      : target{std::move(to)}, wake{eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK)} {}

  const SyslogTarget target;
  const FileDescriptor wake;
  std::mutex mutex;
  std::condition_variable changed;
  // guarded by the mutex
  std::deque<Item> queue;
  std::size_t bytes = 0;
  std::uint64_t next_number = 0;
  std::optional<Clock::time_point> finish;
  bool finished = false;
  Status status;

  void notify() const {
    const std::uint64_t one = 1;
    [[maybe_unused]] const auto ignored = ::write(wake.get(), &one, sizeof one);
  }
  /// Whether there is no room for one more. This and the next with the mutex held.
  bool full(std::size_t more) const {
    return queue.size() >= target.queue_size || bytes + more > most_queued_bytes;
  }
  void shorten() {
    while (queue.size() > target.queue_size || (bytes > most_queued_bytes && !queue.empty())) {
      bytes -= queue.front().record->bytes();
      queue.pop_front();
      ++status.dropped;
    }
    status.queued = queue.size();
  }
  void put_back(Item item) {
    const std::lock_guard lock(mutex);
    bytes += item.record->bytes();
    queue.push_front(std::move(item));
    shorten();
  }
  std::optional<Item> take() {
    const std::lock_guard lock(mutex);
    if (queue.empty()) return std::nullopt;
    Item item = std::move(queue.front());
    queue.pop_front();
    bytes -= item.record->bytes();
    status.queued = queue.size();
    return item;
  }
  bool empty() {
    const std::lock_guard lock(mutex);
    return queue.empty();
  }
  std::optional<Clock::time_point> finish_time() {
    const std::lock_guard lock(mutex);
    return finish;
  }
  void set_state(std::string_view name) {
    const std::lock_guard lock(mutex);
    status.state = name;
  }
};

namespace {

using State = SyslogSender::State;

/// What the thread does.
class Work {
 public:
  explicit Work(State& state) : state_{state}, host_{syslog_host()} {}

  void run() {
    while (!over()) {
      if (wait() && link_) check();
      if (state_.empty()) {
        if (state_.finish_time()) return;
        continue;
      }
      if (!link_ && !connect()) {
        if (!pause(backoff_.next())) return;
        continue;
      }
      send();
    }
  }

 private:
  bool over() const {
    const auto finish = state_.finish_time();
    return finish && Clock::now() >= *finish;
  }
  /// Until there is a record, the link has something to say (true), or the end is asked for.
  bool wait() {
    const bool idle = state_.empty() && !state_.finish_time();
    return poll_for(POLLIN, idle ? -1 : 0);
  }
  /// Waits for the link (true) or for `put` and `finish_by`; milliseconds as poll(2) has them.
  bool poll_for(short events, int time) {
    pollfd watched[] = {{state_.wake.get(), POLLIN, 0}, {link_ ? link_->fd() : -1, events, 0}};
    ::poll(watched, 2, time);
    std::uint64_t count = 0;
    if (watched[0].revents) [[maybe_unused]]
      const auto ignored = ::read(state_.wake.get(), &count, sizeof count);
    return watched[1].revents != 0;
  }
  void failed(const std::string& why) {
    link_.reset();
    const std::lock_guard lock(state_.mutex);
    state_.status.state = "failing";
    state_.status.last_error = why;
    state_.status.last_error_at = now_ms();
  }
  void check() {
    if (const auto alive = link_->check(); !alive) failed(alive.error().text);
  }
  bool connect() {
    state_.set_state("connecting");
    auto link = SyslogLink::connect(state_.target, connect_limit);
    if (!link) {
      failed(link.error().text);
      return false;
    }
    link_ = std::move(*link);
    const std::lock_guard lock(state_.mutex);
    state_.status.state = "connected";
    ++state_.status.connects;
    return true;
  }
  /// False: it is over.
  bool pause(milliseconds time) {
    const auto until = Clock::now() + time;
    std::unique_lock lock(state_.mutex);
    state_.changed.wait_until(lock, until, [this] { return state_.finish.has_value(); });
    return !state_.finish;
  }
  void send() {
    auto item = state_.take();
    if (!item) return;
    const std::string message =
        syslog_message(state_.target.style, *item->record, item->number, host_);
    const std::string frame =
        link_->datagrams() ? message : syslog_frame(state_.target.framing, message);
    if (!write(frame)) return state_.put_back(std::move(*item));
    backoff_.reset();
    const std::lock_guard lock(state_.mutex);
    ++state_.status.sent;
    state_.status.last_sent = now_ms();
  }
  bool write(std::string_view rest) {
    while (!over()) {
      if (const auto done = link_->write(rest); !done) {
        failed(done.error().text);
        pause(backoff_.next());
        return false;
      }
      if (rest.empty()) return true;
      poll_for(POLLOUT, 100);
      check();
      if (!link_) return false;
    }
    return false;
  }

  State& state_;
  std::string host_;
  std::unique_ptr<SyslogLink> link_;
  Backoff backoff_;
};

/// Signals are for the thread that expects them.
void start_thread(std::shared_ptr<State> state) {
  sigset_t all, before;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  std::thread([state = std::move(state)] {
    Work(*state).run();
    const std::lock_guard lock(state->mutex);
    state->status.dropped += state->queue.size();
    state->queue.clear();
    state->status.queued = 0;
    state->finished = true;
    state->changed.notify_all();
  }).detach();
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
}

}  // namespace

SyslogSender::SyslogSender(SyslogTarget target)
    : state_{std::make_shared<State>(std::move(target))} {
  start_thread(state_);
}

SyslogSender::~SyslogSender() { finish_by(Clock::now() + grace); }

void SyslogSender::put(SharedRecord record) {
  bool first = false;
  {
    const std::lock_guard lock(state_->mutex);
    first = state_->queue.empty();
    if (state_->target.drop_newest && state_->full(record->bytes())) {
      ++state_->next_number;
      ++state_->status.dropped;
      return;
    }
    state_->bytes += record->bytes();
    state_->queue.push_back({std::move(record), state_->next_number++});
    state_->shorten();
  }
  if (first) state_->notify();
}

SyslogSender::Status SyslogSender::status() const {
  const std::lock_guard lock(state_->mutex);
  return state_->status;
}

const SyslogTarget& SyslogSender::target() const { return state_->target; }

void SyslogSender::finish_by(Clock::time_point deadline) {
  {
    const std::lock_guard lock(state_->mutex);
    if (state_->finish && *state_->finish <= deadline) return;
    state_->finish = deadline;
    state_->changed.notify_all();
  }
  state_->notify();
}

void SyslogSender::wait_finished(Clock::time_point deadline) {
  std::unique_lock lock(state_->mutex);
  state_->changed.wait_until(lock, deadline, [this] { return state_->finished; });
}

}  // namespace intelmq::serve
