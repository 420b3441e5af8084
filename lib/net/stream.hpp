// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace intelmq {

/// Where a server listens, and how the way there is secured.
struct Endpoint {
  std::string host = "127.0.0.1";
  std::uint16_t port = 0;
  std::string unix_path;  ///< Instead of host and port.
  bool tls = false;
  bool verify = true;       ///< TLS: the certificate must be valid and for this host.
  std::string server_name;  ///< TLS: whom the certificate must be for; empty: `host`.
  std::string ca_file;      ///< TLS: PEM; empty: the system's.
  std::string certificate;  ///< TLS: our own, PEM, with `key`.
  std::string key;
  std::chrono::milliseconds connect_timeout{10000};

  /// Whom the certificate must be for.
  const std::string& expected() const { return server_name.empty() ? host : server_name; }
  /// For messages: `host:port` or the path.
  std::string name() const;
};

/// Whether a TCP socket is connected with itself. Linux may give a connection to a port of this
/// machine that same port for its own end when nobody listens there; what is written then comes
/// back, and the server cannot start for as long.
bool connected_with_itself(int fd);

/// A connected stream of bytes to a server. Never blocks once it is connected.
class Stream {
 public:
  static constexpr std::size_t later = ~std::size_t{0};  ///< Nothing can be moved just now.

  /// Connects (and shakes hands). Error: names the endpoint and the reason.
  static Result<std::unique_ptr<Stream>> connect(const Endpoint& endpoint);
  virtual ~Stream() = default;

  /// Bytes read; 0: the peer has closed; `later`.
  virtual Result<std::size_t> read(char* to, std::size_t size) = 0;
  /// Bytes written, or `later`.
  virtual Result<std::size_t> write(std::string_view bytes) = 0;
  virtual int fd() const = 0;
};

}  // namespace intelmq
