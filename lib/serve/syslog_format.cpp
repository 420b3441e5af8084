// SPDX-License-Identifier: Apache-2.0
#include "serve/syslog_format.hpp"

#include <fmt/format.h>
#include <time.h>
#include <unistd.h>

#include "type/utf8.hpp"

namespace intelmq::serve {
namespace {

/// RFC 5424's PRINTUSASCII of at most so many bytes; "-" for nothing.
std::string header_word(std::string_view text, std::size_t most) {
  std::string out;
  for (const char c : text.substr(0, most)) out += c > ' ' && c < 0x7f ? c : '_';
  return out.empty() ? "-" : out;
}

std::string parameter_name(std::string_view name) {
  std::string out = header_word(name, 32);
  for (char& c : out)
    if (c == '=' || c == ']' || c == '"') c = '_';
  return out;
}

/// As much of the text as has room, not ending within a character.
std::string_view cut(std::string_view text, std::size_t most) {
  if (text.size() <= most) return text;
  while (most > 0 && (static_cast<unsigned char>(text[most]) & 0xC0U) == 0x80) --most;
  return text.substr(0, most);
}

std::string parameter(std::string_view name, std::string_view value) {
  std::string out = ' ' + parameter_name(name) + "=\"";
  for (const char c : without_controls(value)) {
    if (c == '"' || c == '\\' || c == ']') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string structured_data(const SyslogStyle& style, const LogRecord& record,
                            std::uint64_t number) {
  if (!style.structured_data) return "-";
  constexpr std::uint64_t most_number = 2147483647;  // then it starts again from 1
  std::string out = fmt::format("[meta sequenceId=\"{}\"][intelmq@32473{}",
                                number % most_number + 1, parameter("bot", record.bot));
  for (const auto& [name, value] : record.members.members()) {
    if (value.is_object() || value.is_array()) continue;
    const std::string more = parameter(name, value.is_string() ? value.text() : value.dump());
    if (out.size() + more.size() < style.most_bytes / 2) out += more;
  }
  return out + ']';
}

std::string local_time(std::int64_t ms) {
  constexpr std::string_view months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto seconds = static_cast<time_t>(ms / 1000);
  tm at{};
  localtime_r(&seconds, &at);
  return fmt::format("{} {:2} {:02}:{:02}:{:02}", months[at.tm_mon], at.tm_mday, at.tm_hour,
                     at.tm_min, at.tm_sec);
}

/// RFC 3164's tag: letters, digits and what programs' names have besides, at most 32.
std::string tag(std::string_view text) {
  std::string out = header_word(text, 32);
  for (char& c : out)
    if (c == ':' || c == '[' || c == ']') c = '_';
  return out;
}

}  // namespace

unsigned syslog_severity(LogLevel level) {
  constexpr unsigned severities[] = {7, 6, 4, 3};
  return severities[static_cast<std::size_t>(level)];
}

std::string syslog_message(const SyslogStyle& style, const LogRecord& record, std::uint64_t number,
                           std::string_view host) {
  const bool audit = record.kind == "audit";
  const unsigned priority =
      (audit ? audit_facility : style.facility) * 8 + (audit ? 5 : syslog_severity(record.level));
  const std::string& app = style.app_name.empty() ? record.bot : style.app_name;
  const bool old = style.form == SyslogForm::rfc3164;
  std::string out = old ? fmt::format("<{}>{} {} {}[{}]: ", priority, local_time(record.time),
                                      header_word(host, 255), tag(app), getpid())
                        : fmt::format("<{}>1 {} {} {} {} {} {} ", priority, rfc3339(record.time),
                                      header_word(host, 255), header_word(app, 48), getpid(),
                                      record.kind, structured_data(style, record, number));
  if (style.bom && !old) out += "\xef\xbb\xbf";
  // Whose message it is has to be seen somewhere.
  if (!style.app_name.empty() && (old || !style.structured_data) && !audit)
    out += record.bot + ": ";
  const std::string text = without_controls(record.text);
  out += cut(text, style.most_bytes > out.size() ? style.most_bytes - out.size() : 0);
  return out;
}

std::string syslog_frame(SyslogFraming framing, std::string_view message) {
  if (framing == SyslogFraming::lf) return std::string(message) + '\n';
  return fmt::format("{} {}", message.size(), message);
}

std::string syslog_host() {
  char name[256] = {};
  if (gethostname(name, sizeof name - 1) != 0) return "-";
  return header_word(name, 255);
}

}  // namespace intelmq::serve
