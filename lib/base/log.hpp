// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <utility>

namespace intelmq {

enum class LogLevel : std::uint8_t { debug, info, warning, error };
constexpr std::string_view log_level_names[] = {"debug", "info", "warning", "error"};

/// How a log writes messages: as text, as JSON lines, or as the lines of IntelMQ's log files.
enum class LogForm : std::uint8_t { text, json, botnet };

/// Messages about the run, for people: text on a terminal, JSON lines otherwise. A message that
/// repeats is counted and told once more when another one comes. Control characters are escaped,
/// long messages cut. A log nobody reads (EPIPE) is no error.
class Log {
 public:
  /// `fd` is not closed.
  Log(int fd, std::string program, LogLevel threshold, LogForm form);
  Log(const Log&) = delete;
  Log& operator=(const Log&) = delete;
  ~Log();
  /// Appends to this file from now on, in the form of IntelMQ's log files. False, and nothing
  /// changes: it cannot.
  bool write_to(const std::string& path);
  /// Opens that file, if there is one, by its name again: somebody may have renamed it.
  void reopen() {
    if (!path_.empty()) write_to(std::string(path_));
  }

  /// From now on messages go here instead, whole and as they are.
  void hand_to(std::function<void(LogLevel, std::string_view)> taker) { taker_ = std::move(taker); }

  void debug(std::string_view text) { write(LogLevel::debug, text); }
  void info(std::string_view text) { write(LogLevel::info, text); }
  void warning(std::string_view text) { write(LogLevel::warning, text); }
  void error(std::string_view text) { write(LogLevel::error, text); }
  void set_threshold(LogLevel threshold) { threshold_ = threshold; }
  /// Is told of each message that is written, repetitions folded.
  using Listener = std::function<void(LogLevel level, std::string_view text)>;
  void set_listener(Listener listener) { listener_ = std::move(listener); }
  /// Writes the line as it is, with a line feed: results such as --stats.
  void plain(std::string_view line);
  /// Tells how often the last message was repeated, if it was.
  void settle();

 private:
  void write(LogLevel level, std::string_view text);
  void put(LogLevel level, std::string_view text);
  void put_out(std::string_view line) const;
  int fd_;
  std::string program_;
  LogLevel threshold_;
  LogForm form_;
  std::string path_;
  int file_ = -1;
  std::function<void(LogLevel, std::string_view)> taker_;
  std::string last_;
  LogLevel last_level_ = LogLevel::debug;
  std::uint64_t repeats_ = 0;
  Listener listener_;
};

}  // namespace intelmq
