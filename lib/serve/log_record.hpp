// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
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
/// a warning unless it names its level as `PROGRAM: error: ` does. Of a text that is longer than
/// 16 KiB the beginning is kept; `cut_bytes` says how much is not.
LogRecord read_log_line(std::string_view line, std::string_view bot, std::int64_t now);

}  // namespace intelmq::serve
