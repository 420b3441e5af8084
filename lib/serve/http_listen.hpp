// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/file.hpp"
#include "base/result.hpp"
#include "serve/http.hpp"

namespace intelmq::serve {

/// A socket that listens. A unix socket's file is removed with it.
class Listener {
 public:
  /// "unix:PATH" or "tcp:HOST:PORT". A socket file that nobody listens on any more is replaced.
  /// Error: names the address and why it cannot be had.
  static Result<Listener> open(std::string_view address);
  Listener(Listener&&) noexcept = default;
  Listener& operator=(Listener&&) = delete;
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { close(); }
  void close();

  int fd() const { return socket_.get(); }
  const std::string& address() const { return address_; }  ///< With the real address and port.

  struct Accepted {
    FileDescriptor socket;  ///< Non-blocking; none: `error` says why.
    int family = 0;
    Peer peer;
    std::string group;  ///< Connections of one address (IPv6: of one /64; unix: of one user).
    int error = 0;
  };
  Accepted accept() const;

 private:
  Listener() = default;
  Result<void> bind_unix(const std::string& path);
  Result<void> bind_tcp(std::string_view host, const std::string& port);
  FileDescriptor socket_, lock_;
  std::string address_, path_;
  unsigned long device_ = 0, inode_ = 0;  ///< Of the socket's file, which may be another's later.
};

/// Host and port of "HOST:PORT" or "[HOST]:PORT"; empty port: it is neither.
std::pair<std::string, std::string> split_host_port(std::string_view text);

}  // namespace intelmq::serve
