// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include "base/wakeup.hpp"

namespace intelmq {

/// Tells a service manager, which listens at the datagram socket in NOTIFY_SOCKET, how the program
/// is: ready, reloading, stopping, a line of status, and that it lives if WATCHDOG_USEC asks for
/// it. See sd_notify(3).
class Notify final : public Wakeup::Company {
 public:
  /// nullptr: nobody listens. The variables are taken out of the environment.
  static std::unique_ptr<Notify> inherited();
  explicit Notify(std::string socket, std::chrono::microseconds watchdog)
      : socket_{std::move(socket)}, watchdog_{watchdog} {}

  /// So often `attend` has to be called.
  std::chrono::milliseconds period() const;
  void join(Wakeup& wakeup) { wakeup.keep(this, -1, period()); }
  void set_status(std::function<std::string()> status) { status_ = std::move(status); }
  void ready() { send("READY=1"); }
  void reloading();
  void stopping() { send("STOPPING=1"); }

  void attend() override;
  bool calls() const override { return false; }
  pollfd watched() const override { return {-1, 0, 0}; }
  void waited(std::chrono::nanoseconds) override {}

 private:
  void send(std::string_view text) const;

  std::string socket_;
  std::chrono::microseconds watchdog_;  // 0: nobody waits for a sign of life
  std::function<std::string()> status_;
  std::string told_;
};

}  // namespace intelmq
