// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <poll.h>

#include <atomic>
#include <chrono>

namespace intelmq {

/// The process's signals, as flags that the loop looks at between two records.
/// TERM and INT ask to finish, HUP to reload, USR1 to report; PIPE and XFSZ (a file
/// beyond `ulimit -f`) are ignored: the write that caused them fails.
class Wakeup {
 public:
  /// Whoever started the program and wants to hear from it, also while it waits.
  class Company {
   public:
    virtual ~Company() = default;
    virtual void attend() = 0;           ///< Hears and speaks; never blocks.
    virtual bool calls() const = 0;      ///< Whether a wait is to end for its sake.
    virtual pollfd watched() const = 0;  ///< By what it is heard.
    virtual void waited(std::chrono::nanoseconds time) = 0;  ///< Time spent without work.
  };
  /// How long it is left alone at most while the program waits.
  static constexpr std::chrono::milliseconds beat{2000};

  Wakeup();  ///< Installs the handlers; a second INT ends the process at once.
  ~Wakeup();
  Wakeup(const Wakeup&) = delete;
  Wakeup& operator=(const Wakeup&) = delete;

  bool finish_asked() const { return flags_->finish.load(std::memory_order_relaxed); }
  bool take_reload() { return take(flags_->reload); }  ///< True once per HUP.
  bool take_report() { return take(flags_->report); }  ///< True once per USR1.
  void ask_to_finish();                                ///< As TERM does.

  /// From now on IO, and ALRM every so often, say that `company` is to be attended to. `fd`, a
  /// socket or -1, raises IO. Blocking system calls end early by either.
  void keep(Company* company, int fd, std::chrono::milliseconds every = beat);
  /// True once per IO or ALRM: `attend` is due.
  bool take_call() const { return take(flags_->call); }
  /// For those who wait by other means: to be called every second or so meanwhile.
  void breathe() const {
    if (company_ && take_call()) company_->attend();
  }
  Company* company() const { return company_; }

  /// Waits until `fd` is readable (fd < 0: nothing to read), a signal comes, or the time is over
  /// (`timeout_ms` < 0: never). A signal that came just before is not missed. True: readable.
  bool wait(int fd, int timeout_ms) const;

  /// From now on no wait is longer than this; negative: any may be.
  void limit_waits(int most_ms) { most_ms_ = most_ms; }

  struct Flags {
    std::atomic<bool> finish{false}, interrupted{false}, reload{false}, report{false}, call{false};
    static_assert(std::atomic<bool>::is_always_lock_free);
    bool any() const { return finish || reload || report; }
  };

 private:
  static bool take(std::atomic<bool>& flag) {
    return flag.load(std::memory_order_relaxed) && flag.exchange(false);
  }
  bool wait_alone(int fd, int timeout_ms) const;
  bool wait_in_company(int fd, int timeout_ms) const;
  int poll(pollfd* watched, nfds_t count, const timespec* limit) const;

  Company* company_ = nullptr;
  std::chrono::milliseconds every_ = beat;
  Flags* flags_;  // the program's, also for a module that has its own copy of this code
  int most_ms_ = -1;
};

}  // namespace intelmq
