// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string_view>

#include "base/result.hpp"
#include "serve/syslog_target.hpp"

namespace intelmq::serve {

/// A way to a syslog server: a stream, or a socket of datagrams. Blocks while it connects only.
class SyslogLink {
 public:
  /// Error: names the target and why it cannot be had.
  static Result<std::unique_ptr<SyslogLink>> connect(const SyslogTarget& target,
                                                     std::chrono::milliseconds limit);
  virtual ~SyslogLink() = default;
  /// Takes bytes off the beginning of what is to be sent: all of them, some, or none if it cannot
  /// be just now (then `fd` is to be waited for until it can be written). Error: the link is of
  /// no use any more.
  virtual Result<void> write(std::string_view& bytes) = 0;
  /// Looks what came back, which is nothing but the end. Error: it is of no use any more.
  virtual Result<void> check() = 0;
  virtual bool datagrams() const = 0;
  virtual int fd() const = 0;
};

/// Sends one message over a link of its own: an attempt whose result is known at once, as far as
/// the transport tells. Blocks for at most about twice `limit`.
Result<void> send_syslog_once(const SyslogTarget& target, const LogRecord& record,
                              std::chrono::milliseconds limit);

}  // namespace intelmq::serve
