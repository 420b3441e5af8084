// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>

#include "base/log.hpp"
#include "base/result.hpp"
#include "base/wakeup.hpp"
#include "queue/backoff.hpp"

namespace intelmq {

/// The connection to a queue's server, which may be lost and come back.
template <class Connection>
class ServerLink {
 public:
  /// Opens a connection; tells by its argument whether after an error trying again may help.
  using Open = std::function<Result<std::unique_ptr<Connection>>(bool& may_pass)>;
  ServerLink(std::string name, Log* log, Open open)
      : open_{std::move(open)}, name_{std::move(name)}, log_{log} {}

  /// Connects for the first time; any failure is an error.
  Result<void> connect() {
    bool may_pass = false;
    auto opened = open_(may_pass);
    if (!opened) return tl::unexpected<Error>(opened.error());
    connection_ = std::move(*opened);
    return {};
  }
  /// Tries once more. An error only if trying again cannot help: when the server has refused for
  /// `refusing`. One that starts or stops may refuse whom it let in before.
  Result<void> connect_again() {
    bool may_pass = false;
    auto opened = open_(may_pass);
    const auto now = Clock::now();
    if (opened || may_pass) refused_.reset();
    if (!opened && !may_pass && now - refused_.emplace(refused_.value_or(now)) >= refusing)
      return tl::unexpected<Error>(opened.error());
    warn(opened ? name_ + ": connected again" : opened.error().text);
    if (opened) connection_ = std::move(*opened);
    return {};
  }
  /// Gives up the connection, and all that came through it.
  void lose(const std::string& why) {
    connection_.reset();
    warn(why + "; connecting again");
  }

  explicit operator bool() const { return connection_ != nullptr; }
  Connection* operator->() const { return connection_.get(); }
  Connection& operator*() const { return *connection_; }

  void warn(const std::string& text) const {
    if (log_) log_->warning(text);
  }
  /// What is said of events that the server did not take before the bot was asked to end.
  std::string unfinished() const {
    return name_ +
           ": asked to end before the server took everything; what was not acknowledged will be "
           "read again";
  }
  /// Waits before the next try of who writes, and connects again if the connection was lost.
  Result<void> wait_to_write(const Wakeup* wakeup) {
    const int pause = delay();
    if (wakeup)
      wakeup->wait(-1, pause);
    else
      std::this_thread::sleep_for(std::chrono::milliseconds(pause));
    if (wakeup && wakeup->finish_asked()) return fail(unfinished());
    return connection_ ? Result<void>{} : connect_again();
  }
  /// How long to wait before trying again, in milliseconds.
  int delay() { return static_cast<int>(backoff_.next().count()); }
  /// All went well: the next delay is a short one.
  void succeeded() { backoff_.reset(); }
  const std::string& name() const { return name_; }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds refusing{30};
  Open open_;
  std::string name_;
  Log* log_;
  std::unique_ptr<Connection> connection_;
  Backoff backoff_;
  std::optional<Clock::time_point> refused_;  // since then
};

}  // namespace intelmq
