// SPDX-License-Identifier: Apache-2.0
#pragma once

namespace intelmq {

/// The process's signals, as flags that the loop looks at between two records.
/// TERM and INT ask to finish, HUP to reload, USR1 to report; PIPE and XFSZ (a file
/// beyond `ulimit -f`) are ignored: the write that caused them fails.
class Wakeup {
 public:
  Wakeup();  ///< Installs the handlers; a second INT ends the process at once.

  bool finish_asked() const;
  bool take_reload();  ///< True once per HUP.
  bool take_report();  ///< True once per USR1.

  /// Waits until `fd` is readable (fd < 0: nothing to read), a signal comes, or the time is over
  /// (`timeout_ms` < 0: never). A signal that came just before is not missed. True: readable.
  bool wait(int fd, int timeout_ms) const;

  /// From now on no wait is longer than this; negative: any may be.
  void limit_waits(int most_ms) { most_ms_ = most_ms; }

  struct Flags;

 private:
  Flags* flags_;  // the program's, also for a module that has its own copy of this code
  int most_ms_ = -1;
};

}  // namespace intelmq
