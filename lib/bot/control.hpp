// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/log.hpp"
#include "base/wakeup.hpp"
#include "bot/bot.hpp"
#include "bot/control_channel.hpp"

namespace intelmq {

/// The conversation with the program that started this one and handed a socket to it: requests
/// `{"id", "op", ...}`, answers `{"re", "ok", "result" or "error"}`, events `{"ev", ...}`. What
/// needs no look at the records is answered wherever the bot waits; the rest is kept for the loop,
/// which takes it between two records, everything before them delivered.
class Control final : public Wakeup::Company {
 public:
  struct Request {
    Json id;
    std::string op;
    Json body;
    FileDescriptor file;  ///< That was handed over with it, or none.
    std::chrono::steady_clock::time_point came;
    /// Whether `deadline_ms`, if there is one, is over.
    bool late() const;
  };
  /// What is asked of the loop at any time.
  struct Subject {
    std::function<Json()> stats;
    std::function<std::uint64_t()> inflight;  ///< Records taken and not yet delivered.
    std::function<Json()> message;            ///< `{"message"}`: the one in hand.
  };

  /// By the descriptor in INTELMQ_CONTROL_FD, which is taken out of the environment; nullptr
  /// without it. Throws StartError if that is no socket.
  static std::unique_ptr<Control> inherited(const Bot& bot, Log& log);
  Control(int fd, const Bot& bot, Log& log);
  ~Control() override;
  Control(const Control&) = delete;
  Control& operator=(const Control&) = delete;

  /// As long as `wakeup` lives it is heard. When the other end is gone that is asked to finish.
  void join(Wakeup& wakeup);
  void set_subject(Subject subject) { subject_ = std::move(subject); }

  void event(std::string_view name, const Json& members = Json::object());
  void state(std::string_view name, std::string_view detail = {});
  void succeed(const Request& request, Json result = Json::object());
  /// `errors`: `{"pointer", "code", "detail"}` of each parameter that is at fault.
  void refuse(const Request& request, std::string_view code, std::string_view detail,
              Json errors = Json::array());

  /// The next request that the loop has to carry out.
  std::optional<Request> take();
  bool pending() const { return !requests_.empty(); }
  bool gone() const { return channel_.gone(); }
  /// Whether what can be left out may be said.
  bool has_room() const { return channel_.owed() < ControlChannel::most / 4; }

  /// While it lives, requests end waits: the loop has nothing else in hand.
  class Rest {
   public:
    explicit Rest(Control* control) : control_{control} {
      if (control_) control_->resting_ = true;
    }
    ~Rest() {
      if (control_) control_->resting_ = false;
    }
    Rest(const Rest&) = delete;
    Rest& operator=(const Rest&) = delete;

   private:
    Control* control_;
  };

  /// While it lives, requests are carried out by `work` as soon as they come.
  class Point {
   public:
    Point(Control& control, std::function<void()> work) : control_{control} {
      control_.work_ = std::move(work);
    }
    ~Point() { control_.work_ = {}; }
    Point(const Point&) = delete;
    Point& operator=(const Point&) = delete;

   private:
    Control& control_;
  };

  // Wakeup::Company
  void attend() override;
  bool calls() const override { return resting_ && (pending() || channel_.gone()); }
  pollfd watched() const override;
  void waited(std::chrono::nanoseconds time) override { idle_ += time; }

  double idle_seconds() const;
  double busy_seconds() const;

 private:
  using Clock = std::chrono::steady_clock;
  void hear(ControlChannel::Line line);
  bool answer_at_once(const Request& request);
  Json hello() const;
  bool is_known(std::string_view operation) const;
  void set_log_level(const Request& request);
  void alert(LogLevel level, std::string_view text);

  const Bot& bot_;
  Log& log_;
  ControlChannel channel_;
  Wakeup* wakeup_ = nullptr;
  Subject subject_;
  std::deque<Request> requests_;
  bool resting_ = false;
  std::function<void()> work_;
  Clock::time_point start_ = Clock::now(), beat_ = start_;
  std::chrono::nanoseconds idle_{};
};

}  // namespace intelmq
