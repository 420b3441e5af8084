// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/log.hpp"

namespace intelmq::serve {

/// One message of a bot or of serve itself. Texts are valid UTF-8 (bytes that were not are U+FFFD).
struct LogRecord {
  std::int64_t time = 0;  ///< Unix time in milliseconds.
  LogLevel level = LogLevel::info;
  std::string bot;                ///< Id of the bot; "serve": serve itself.
  std::string text;               ///< May have any character.
  Json members = Json::object();  ///< What else the line had.
  std::string_view kind = "log";  ///< "log", "audit", "test"; a literal.

  /// {"time","level","bot","message", members}
  Json json() const;
  /// Without what a terminal would act on, for people: `BOT: LEVEL: TEXT`.
  std::string line() const;
  /// About what it takes in memory.
  std::size_t bytes() const { return sizeof *this + bot.size() + text.size() + member_bytes; }
  std::size_t member_bytes = 0;  ///< Of `members` as text.
};

/// Shared by the ring, those who follow and the queues of syslog targets.
using SharedRecord = std::shared_ptr<const LogRecord>;

/// "debug", "info", "warning", "error"; "warn" and "critical" too.
std::optional<LogLevel> log_level(std::string_view name);
std::string_view name_of(LogLevel level);
/// Unix time in milliseconds.
std::int64_t now_ms();
/// `2026-11-24T19:07:41.123Z`
std::string rfc3339(std::int64_t ms);
/// The text with U+FFFD for what is not UTF-8.
std::string valid_utf8(std::string_view text);
/// Control characters (also those of C1, line separators and changes of direction) as `\x1b`,
/// `\u2028`.
std::string without_controls(std::string_view text);

/// Reads one line that a child wrote to stderr: a JSON object with `message` and perhaps `time`,
/// `level` and others (its `bot` gives way to `bot`); any other text is a message as it stands,
/// a warning unless it names its level as `PROGRAM: error: ` does.
LogRecord read_log_line(std::string_view line, std::string_view bot, std::int64_t now);

/// Cuts what comes out of a pipe into lines. Of a longer line the beginning is kept.
class LogLines {
 public:
  static constexpr std::size_t longest = 16u << 10;
  /// `cut`: bytes that were left away.
  using Taker = std::function<void(std::string_view line, std::uint64_t cut)>;

  void take(std::string_view bytes, const Taker& taker);
  /// What came last, without a line feed.
  void finish(const Taker& taker);

 private:
  void append(std::string_view part);
  void give(const Taker& taker);
  std::string line_;
  std::uint64_t cut_ = 0;
};

}  // namespace intelmq::serve
