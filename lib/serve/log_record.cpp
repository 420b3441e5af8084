// SPDX-License-Identifier: Apache-2.0
#include "serve/log_record.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>

#include "base/text.hpp"
#include "type/timestamp.hpp"
#include "type/utf8.hpp"

namespace intelmq::serve {
namespace {

constexpr std::size_t longest = 16u << 10;

/// What a terminal or a viewer of logs would act on.
bool acts(char32_t code) {
  return code < 0x20 || (code >= 0x7f && code < 0xa0) || code == 0x2028 || code == 0x2029 ||
         (code >= 0x202a && code <= 0x202e) || (code >= 0x2066 && code <= 0x2069) ||
         code == 0x200e || code == 0x200f;
}

std::int64_t time_of(const Json& value, std::int64_t otherwise) {
  if (!value.is_string()) return otherwise;
  const auto time = parse_strict(value.text());
  return time ? time->seconds * 1000 + time->micros / 1000 : otherwise;
}

/// `PROGRAM: error: text`, as programs write messages for people.
LogLevel level_of_text(std::string_view text) {
  const auto colon = text.find(": ");
  if (colon == std::string_view::npos) return LogLevel::warning;
  const std::string_view rest = text.substr(colon + 2);
  const auto end = rest.find(": ");
  if (end == std::string_view::npos) return LogLevel::warning;
  return log_level(rest.substr(0, end)).value_or(LogLevel::warning);
}

void set_text(LogRecord& record, std::string text) {
  if (text.size() > longest) {
    std::size_t end = longest;
    while ((static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80) --end;
    record.members.set("cut_bytes", static_cast<std::int64_t>(text.size() - end));
    text.resize(end);
  }
  record.text = std::move(text);
}

void read_members(const Json& object, LogRecord& record) {
  record.time = time_of(object["time"], record.time);
  if (object["level"].is_string())
    record.level = log_level(object["level"].text()).value_or(LogLevel::info);
  for (const auto& [name, value] : object.members())
    if (name != "message" && name != "time" && name != "level" && name != "bot")
      record.members.set(name, value);
}

/// The object that the line is, if it is one.
Json object_of(std::string_view line) {
  if (!line.starts_with('{')) return {};
  auto object = Json::parse(line);
  return object && object->is_object() ? std::move(*object) : Json();
}

}  // namespace

std::string_view name_of(LogLevel level) {
  return log_level_names[static_cast<std::size_t>(level)];
}

std::optional<LogLevel> log_level(std::string_view name) {
  const std::string lower = ascii_lower(name);
  if (lower == "warn") return LogLevel::warning;
  if (lower == "critical") return LogLevel::error;
  const auto* const found =
      std::find(std::begin(log_level_names), std::end(log_level_names), std::string_view(lower));
  if (found == std::end(log_level_names)) return std::nullopt;
  return static_cast<LogLevel>(found - std::begin(log_level_names));
}

std::int64_t now_ms() {
  return std::chrono::duration_cast<std::chrono::milliseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

std::string rfc3339(std::int64_t ms) {
  const std::int64_t seconds = ms >= 0 ? ms / 1000 : -((999 - ms) / 1000);
  const CivilTime at = to_civil({seconds, 0});
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", at.year, at.month, at.day,
                     at.hour, at.minute, at.second, ms - seconds * 1000);
}

std::string valid_utf8(std::string_view text) {
  if (is_ascii(text)) return std::string(text);
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    append_utf8(out, is_surrogate(point.code) ? replacement_character : point.code);
    at += point.size;
  }
  return out;
}

std::string without_controls(std::string_view text) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const CodePoint point = code_point_at(text, at);
    if (!point.valid)
      append_utf8(out, replacement_character);
    else if (!acts(point.code))
      out += text.substr(at, point.size);
    else if (point.code < 0x100)
      out += fmt::format("\\x{:02x}", static_cast<unsigned>(point.code));
    else
      out += fmt::format("\\u{:04x}", static_cast<unsigned>(point.code));
    at += point.size;
  }
  return out;
}

Json LogRecord::json() const {
  Json out = Json::object();
  out.set("time", rfc3339(time)).set("level", name_of(level)).set("bot", bot).set("message", text);
  for (const auto& [name, value] : members.members()) out.set(name, value);
  return out;
}

std::string LogRecord::line() const {
  return fmt::format("{}: {}{}", bot,
                     level == LogLevel::info ? "" : fmt::format("{}: ", name_of(level)),
                     without_controls(text));
}

LogRecord read_log_line(std::string_view line, std::string_view bot, std::int64_t now) {
  LogRecord record;
  record.bot = bot;
  record.time = now;
  std::string text = valid_utf8(line);
  const Json object = object_of(text);
  if (object["message"].is_string()) {
    read_members(object, record);
    set_text(record, object["message"].text());
  } else {
    if (!object.is_object()) record.level = level_of_text(text);  // else it is such as --stats
    set_text(record, std::move(text));
  }
  if (!record.members.members().empty()) record.member_bytes = record.members.dump().size();
  return record;
}

}  // namespace intelmq::serve
