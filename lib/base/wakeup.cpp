// SPDX-License-Identifier: Apache-2.0
#include "base/wakeup.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <utility>

namespace intelmq {

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
    case SIGIO:
    case SIGALRM: flags.call = true; break;
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

Wakeup::~Wakeup() {
  const itimerval never = {};
  if (company_) setitimer(ITIMER_REAL, &never, nullptr);
}

void Wakeup::ask_to_finish() { flags_->finish = true; }

void Wakeup::keep(Company* company, int fd, std::chrono::milliseconds every) {
  company_ = company;
  every_ = every;
  install(SIGIO, on_signal);
  install(SIGALRM, on_signal);
  if (fd >= 0) {
    fcntl(fd, F_SETOWN, getpid());
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_ASYNC);
  }
  const timeval time = {every.count() / 1000, every.count() % 1000 * 1000};
  const itimerval timer = {time, time};
  setitimer(ITIMER_REAL, &timer, nullptr);
  flags_->call = true;  // for what was said before
}

bool Wakeup::wait(int fd, int timeout_ms) const {
  if (most_ms_ >= 0 && (timeout_ms < 0 || timeout_ms > most_ms_)) timeout_ms = most_ms_;
  return company_ ? wait_in_company(fd, timeout_ms) : wait_alone(fd, timeout_ms);
}

bool Wakeup::wait_alone(int fd, int timeout_ms) const {
  pollfd watched = {fd, POLLIN, 0};
  const timespec limit = {timeout_ms / 1000, (timeout_ms % 1000) * 1000000L};
  return poll(&watched, 1, timeout_ms < 0 ? nullptr : &limit) > 0;
}

bool Wakeup::wait_in_company(int fd, int timeout_ms) const {
  using Clock = std::chrono::steady_clock;
  auto now = Clock::now();
  const auto end = now + std::chrono::milliseconds(timeout_ms);
  pollfd watched[2] = {};
  for (;;) {
    breathe();
    if (company_->calls()) return false;
    std::chrono::nanoseconds left = every_;
    if (timeout_ms >= 0) left = std::clamp<std::chrono::nanoseconds>(end - now, {}, left);
    watched[0] = {fd, POLLIN, 0};
    watched[1] = company_->watched();
    const timespec limit = {left.count() / 1'000'000'000, left.count() % 1'000'000'000};
    const int ready = poll(watched, 2, &limit);
    const auto before = std::exchange(now, Clock::now());
    company_->waited(now - before);
    if (watched[0].revents) return true;
    if (flags_->any() || (timeout_ms >= 0 && now >= end)) return false;
    if (ready >= 0) company_->attend();  // it was heard, or it has not heard of us for a while
  }
}

/// As ppoll(2), with the signals let in; a signal that came just before is not missed.
int Wakeup::poll(pollfd* watched, nfds_t count, const timespec* limit) const {
  sigset_t ours;
  sigset_t before;
  sigemptyset(&ours);
  for (const int signal : {SIGINT, SIGTERM, SIGHUP, SIGUSR1}) sigaddset(&ours, signal);
  if (company_)
    for (const int signal : {SIGIO, SIGALRM}) sigaddset(&ours, signal);
  pthread_sigmask(SIG_BLOCK, &ours, &before);
  int ready = -1;
  const bool called = company_ && flags_->call.load(std::memory_order_relaxed);
  if (!flags_->any() && !called) ready = ppoll(watched, count, limit, &before);
  pthread_sigmask(SIG_SETMASK, &before, nullptr);
  return ready;
}

}  // namespace intelmq
