// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "net/stream.hpp"
#include "queue/url_options.hpp"

namespace intelmq {

/// The URL of a queue on a server, `SCHEME://[[USER:]PASSWORD@]HOST[:PORT]/PATH[?OPTIONS]`, taken
/// apart: an IPv6 address stands in brackets, user and password may have %XX.
struct ServerUrl {
  Endpoint endpoint;
  std::string user;      ///< What stands before a colon.
  std::string password;  ///< What stands behind it, or all there is.
  std::string_view path;
  bool has_user = false;

  /// `text` is the URL without its options. Error: names scheme and host, never a password, and
  /// ends with `form` where the form as a whole is not kept.
  static Result<ServerUrl> parse(std::string_view text, std::uint16_t default_port,
                                 std::string_view form);
};

/// The options of a URL as a QueueUrl without path. Error: shows nothing that may be a password.
Result<QueueUrl> options_of(std::string_view url);

/// The options `ca`, `cert`, `key` and `insecure`.
Result<void> read_tls_options(Endpoint& out, const QueueUrl& url);

/// A decimal number; nothing if it is none or more than `most`.
std::optional<unsigned> number_in(std::string_view text, unsigned most);

}  // namespace intelmq
