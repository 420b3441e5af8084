// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <sys/types.h>

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/file.hpp"
#include "base/result.hpp"
#include "serve/channel.hpp"
#include "serve/loop.hpp"

namespace intelmq::serve {

/// How a process ended.
struct Exit {
  int code = 0;
  int signal = 0;            ///< 0: it ended by itself.
  std::string text() const;  ///< "exit code 78" or "signal 9 (Killed)"
};

/// One bot's process: its control channel, its messages, its end.
class Child {
 public:
  struct Options {
    std::vector<std::string> words;        ///< The program, looked for in PATH, and its arguments.
    std::vector<std::string> environment;  ///< `NAME=VALUE`, beside what is inherited.
    int input = -1, output = -1;           ///< Standard streams; -1: /dev/null.
  };
  struct Calls {
    Channel::OnEvent event;
    std::function<void(std::string_view line)> line;  ///< A line on its standard error.
    std::function<void(Exit)> ended;                  ///< Once; everything it said came before.
  };
  /// Error: names the program and why it cannot be started.
  static Result<std::unique_ptr<Child>> start(Loop& loop, const Options& options, Calls calls);
  ~Child();  ///< A process that still runs is killed.
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  pid_t pid() const { return pid_; }
  bool running() const { return !ended_; }
  void signal(int number);
  Channel& channel() { return *channel_; }
  /// The bytes in the pipe that it reads from; 0 if that is none.
  std::size_t waiting_input() const;

 private:
  Child(Loop& loop, pid_t pid, Calls calls);
  void read_errors(bool to_the_end);
  void reap();

  Loop& loop_;
  pid_t pid_;
  Calls calls_;
  FileDescriptor process_, errors_;
  std::unique_ptr<Channel> channel_;
  Watch process_watch_, errors_watch_;
  std::string line_;
  bool ended_ = false;
  std::shared_ptr<bool> alive_ = std::make_shared<bool>(true);
};

/// Reaps processes that nobody waits for: for a program that may be process 1. To be called now
/// and then; what it sees twice is nobody's.
class OrphanReaper {
 public:
  void look();

 private:
  pid_t seen_ = 0;
};

}  // namespace intelmq::serve
