// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/generic/stream_protocol.hpp>
#include <cstddef>
#include <memory>
#include <string_view>

#include "serve/http_io.hpp"
#include "serve/http_server.hpp"

namespace intelmq::serve {

template <class T>
using Task = asio::awaitable<T>;
using Socket = asio::generic::stream_protocol::socket;

/// The bytes of one connection, plain or by TLS. Whatever fails, it is over.
class Wire {
 public:
  explicit Wire(Socket socket);
  virtual ~Wire() = default;
  Wire(const Wire&) = delete;
  Wire& operator=(const Wire&) = delete;
  /// Shakes hands, and adds to what is known of the peer.
  virtual Task<bool> open(Peer& peer);
  virtual Task<std::size_t> read(char* to, std::size_t size);  ///< 0: it is over.
  virtual Task<bool> write(std::string_view bytes);            ///< All of them.
  virtual Task<void> finish();                                 ///< No more is written.
  virtual void close();                                        ///< Whoever waits is let go.

 protected:
  Socket socket_;
};

/// The TLS side of a listener.
class Tls {
 public:
  virtual ~Tls() = default;
  virtual std::unique_ptr<Wire> wrap(Socket socket) const = 0;
  /// Reads the files. Error: names the file and the reason.
  static Result<std::shared_ptr<const Tls>> load(const TlsFiles& files);
};

}  // namespace intelmq::serve
