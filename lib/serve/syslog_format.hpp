// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "serve/log_record.hpp"

namespace intelmq::serve {

enum class SyslogForm : std::uint8_t { rfc5424, rfc3164 };
/// How a stream is cut into messages (RFC 6587): `LENGTH MESSAGE`, or a line feed behind each.
enum class SyslogFraming : std::uint8_t { octet_counting, lf };

/// "kern" 0 ... "local7" 23; index: the facility's number.
constexpr std::string_view syslog_facilities[] = {
    "kern",   "user",   "mail",     "daemon", "auth",   "syslog", "lpr",    "news",
    "uucp",   "cron",   "authpriv", "ftp",    "ntp",    "audit",  "alert",  "clock",
    "local0", "local1", "local2",   "local3", "local4", "local5", "local6", "local7"};
constexpr unsigned audit_facility = 13;

/// How messages of one target look.
struct SyslogStyle {
  SyslogForm form = SyslogForm::rfc5424;
  unsigned facility = 16;
  std::string app_name;  ///< Empty: the bot's id.
  bool structured_data = true;
  bool bom = false;  ///< A byte order mark before the text; rsyslog would keep it in the text.
  std::size_t most_bytes = 8192;
};

/// 7 debug, 6 info, 4 warning, 3 error.
unsigned syslog_severity(LogLevel level);

/// One message without framing, cut between two characters to the style's size. The structured data
/// of RFC 5424 are `[meta sequenceId="N"]` and, in `[intelmq@32473 ...]`, the bot's id and what
/// members the record had that are no objects or arrays. Control characters come as `\x0a`.
std::string syslog_message(const SyslogStyle& style, const LogRecord& record, std::uint64_t number,
                           std::string_view host);
/// What goes over a stream for this message.
std::string syslog_frame(SyslogFraming framing, std::string_view message);
/// This host's name, as it may stand in a message; "-" if it has none.
std::string syslog_host();

}  // namespace intelmq::serve
