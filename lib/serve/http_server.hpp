// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

#include "base/log.hpp"
#include "base/result.hpp"
#include "serve/http.hpp"
#include "serve/loop.hpp"

namespace intelmq::serve {

/// Files of a TLS listener; `reload` reads them anew.
struct TlsFiles {
  std::string certificate, key;  ///< PEM.
  std::string client_ca;         ///< Empty: no client certificates are asked for.
  bool client_required = false;
};

/// What is beyond a limit is refused with a problem, what is beyond a time ended. When there are
/// too many connections, the one that has waited longest for a request gives way to a new one.
struct Limits {
  std::size_t request_line = 8u << 10;
  std::size_t headers = 16u << 10;
  unsigned header_fields = 64;
  std::size_t body = 1u << 20;
  std::uint64_t file_body = 1ull << 30;  ///< Of routes that take a file.
  unsigned connections = 64, per_address = 16, in_flight = 8;
  /// For a head; without a request, and for each 64 KiB of an answer to be taken; for a body, or
  /// each 256 KiB of one that is a file.
  std::chrono::seconds header_time{10}, idle_time{15}, body_time{60};
};

/// One listening socket: HTTP/1.1, hostile clients expected. Its connections are counted against
/// its own limits alone.
class HttpServer {
 public:
  struct Options {
    std::string listen;  ///< "unix:PATH" (mode 0660) or "tcp:HOST:PORT" (port 0: any).
    std::optional<TlsFiles> tls;
    Limits limits;
    std::string upload_directory;  ///< Where bodies that are files go; empty: none are taken.
    bool get_only = false;         ///< GET and HEAD alone; all else is 405.
  };
  /// Decides, before the body is read, what may come: the route's kind of body, or a Response that
  /// ends the matter (404, 405, 415, 401 ...).
  struct Admission {
    bool file = false;
    std::optional<Response> refused;
  };
  using Admit = std::function<Admission(const Request& head)>;

  /// Binds and listens. Error: names the address and why it cannot be had.
  static Result<std::unique_ptr<HttpServer>> open(Loop& loop, Log& log, Options options,
                                                  Admit admit, Handler handler);
  virtual ~HttpServer() = default;
  /// "unix:PATH", or "tcp:ADDRESS:PORT" with the real port.
  virtual std::string address() const = 0;
  /// Reads the TLS files again; on error the old ones stay.
  virtual Result<void> reload() = 0;
  /// Takes no new connections; those open end after their answer.
  virtual void close() = 0;
};

}  // namespace intelmq::serve
