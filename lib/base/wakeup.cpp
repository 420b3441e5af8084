// SPDX-License-Identifier: Apache-2.0
#include "base/wakeup.hpp"

#include <poll.h>
#include <signal.h>
#include <time.h>
#include <unistd.h>

#include <atomic>

namespace intelmq {

struct Wakeup::Flags {
  std::atomic<bool> finish{false}, interrupted{false}, reload{false}, report{false};
  static_assert(std::atomic<bool>::is_always_lock_free);
  bool any() const { return finish || reload || report; }
};

namespace {

Wakeup::Flags flags;

constexpr int interrupted_exit = 130;

void on_signal(int signal) {
  switch (signal) {
    case SIGINT:
      if (flags.interrupted.exchange(true)) _exit(interrupted_exit);
      flags.finish = true;
      break;
    case SIGTERM: flags.finish = true; break;
    case SIGHUP: flags.reload = true; break;
    default: flags.report = true;
  }
}

// Without SA_RESTART, so that a blocking call returns.
void install(int signal, void (*handler)(int)) {
  struct sigaction action = {};
  action.sa_handler = handler;
  sigemptyset(&action.sa_mask);
  sigaction(signal, &action, nullptr);
}

bool is_ignored(int signal) {
  struct sigaction action = {};
  return sigaction(signal, nullptr, &action) == 0 && action.sa_handler == SIG_IGN;
}

}  // namespace

Wakeup::Wakeup() : flags_{&flags} {
  install(SIGPIPE, SIG_IGN);
  install(SIGXFSZ, SIG_IGN);
  install(SIGINT, on_signal);
  install(SIGTERM, on_signal);
  install(SIGUSR1, on_signal);
  if (!is_ignored(SIGHUP)) install(SIGHUP, on_signal);  // nohup(1)
}

bool Wakeup::finish_asked() const { return flags_->finish.load(std::memory_order_relaxed); }

bool Wakeup::take_reload() {
  return flags_->reload.load(std::memory_order_relaxed) && flags_->reload.exchange(false);
}

bool Wakeup::take_report() {
  return flags_->report.load(std::memory_order_relaxed) && flags_->report.exchange(false);
}

bool Wakeup::wait(int fd, int timeout_ms) const {
  if (most_ms_ >= 0 && (timeout_ms < 0 || timeout_ms > most_ms_)) timeout_ms = most_ms_;
  sigset_t ours;
  sigset_t before;
  sigemptyset(&ours);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) sigaddset(&ours, signal);
  pthread_sigmask(SIG_BLOCK, &ours, &before);
  int ready = 0;
  if (!flags_->any()) {
    pollfd watched = {fd, POLLIN, 0};
    const timespec limit = {timeout_ms / 1000, (timeout_ms % 1000) * 1000000L};
    ready = ppoll(&watched, 1, timeout_ms < 0 ? nullptr : &limit, &before);
  }
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return ready > 0;
}

}  // namespace intelmq
