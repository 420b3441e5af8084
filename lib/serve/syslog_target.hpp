// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "base/log.hpp"
#include "serve/problem.hpp"
#include "serve/syslog_format.hpp"

namespace intelmq::serve {

/// Where log lines go to by syslog, as it is configured.
struct SyslogTarget {
  enum class Transport : std::uint8_t { local, udp, tcp, tls };

  std::string id;
  Transport transport = Transport::local;
  std::string host;
  std::uint16_t port = 0;
  std::string path;  ///< `local`: of the socket, of datagrams or a stream.
  SyslogStyle style;
  SyslogFraming framing = SyslogFraming::octet_counting;  ///< Of streams.
  LogLevel least = LogLevel::info;
  std::string ca_file, cert_file, key_file, server_name;  ///< `tls`
  std::size_t queue_size = 10000;
  bool drop_newest = false;  ///< When the queue is full; else the oldest.

  /// As the API shows it and the file keeps it; also members left at their default.
  Json json() const;
  /// For messages: `udp 192.0.2.1:514`
  std::string name() const;
};

/// Reads {"transport", "host", ...}; members that only GET shows (id, type, links, status) are
/// ignored. Nothing: `errors` says what is wrong. If that is files alone that cannot be read
/// ("file-missing", "file-unreadable"), the target is given all the same.
std::optional<SyslogTarget> read_syslog_target(const Json& body, std::vector<FieldError>& errors);

}  // namespace intelmq::serve
