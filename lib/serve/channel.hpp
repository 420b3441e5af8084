// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/file.hpp"
#include "serve/bots.hpp"
#include "serve/loop.hpp"

namespace intelmq::serve {

/// Serve's end of the control protocol with one bot: JSON lines over a socketpair, requests by
/// number, events as they come.
class Channel {
 public:
  using OnEvent = std::function<void(const Json& event)>;

  /// `closed` is called once, when the bot closed its end or broke the protocol.
  Channel(Loop& loop, FileDescriptor fd, OnEvent on_event, std::function<void()> closed);
  ~Channel();
  Channel(const Channel&) = delete;
  Channel& operator=(const Channel&) = delete;

  /// Sends a request; `then` gets the answer's `result`, or a problem. `descriptor` >= 0 goes
  /// along.
  void ask(Json request, std::chrono::milliseconds limit, Then<Json> then, int descriptor = -1);
  bool open() const { return static_cast<bool>(fd_); }
  /// Takes in what the bot said so far.
  void take_in();
  /// Closes serve's end: to the bot this means that serve is gone.
  void close();

 private:
  struct Pending {
    Then<Json> then;
    Watch limit;
  };
  void take_line(std::string_view line);
  void put_out();
  void settle(std::int64_t number, Answer<Json> answer);
  void fail_all();
  void broken();

  static constexpr std::size_t longest = 1u << 20;  // of a line, and of what waits to be sent

  Loop& loop_;
  FileDescriptor fd_;
  OnEvent on_event_;
  std::function<void()> closed_;
  Watch readable_, writable_;
  std::string in_, out_;
  std::map<std::int64_t, Pending> pending_;
  std::int64_t last_ = 0;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

}  // namespace intelmq::serve
