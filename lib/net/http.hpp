// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "base/result.hpp"
#include "type/secret.hpp"

namespace intelmq {

using HttpHeaders = std::vector<std::pair<std::string, std::string>>;

/// What to ask of an HTTP server, and what may come of it.
struct HttpRequest {
  std::string method = "GET";
  std::string url;
  HttpHeaders headers;
  std::string body;
  std::string user;  ///< Basic authentication, if not empty. Not sent on to other hosts.
  Secret password;

  std::chrono::milliseconds timeout{30'000};  ///< Of the whole.
  std::chrono::milliseconds connect_timeout{10'000};
  std::chrono::seconds stall{30};    ///< Nothing at all came for so long: an error.
  std::uint64_t max_body = 1 << 20;  ///< Bytes; more is an error, not cut off.
  /// The body of a 2xx answer goes into this open file, which is emptied first; others' bodies
  /// (cut off behind 16 KiB) to `HttpResponse::body`. -1: all to `body`.
  int to_file = -1;
  unsigned redirects = 0;  ///< So many are followed; from https to https alone.

  std::vector<std::string> schemes = {"https", "http"};
  std::string ca_file;           ///< PEM; empty: the system's.
  std::string certificate, key;  ///< Our own, PEM.
  /// Proxy URL; empty: none; nothing: as the environment says (https_proxy, no_proxy ...).
  std::optional<std::string> proxy;
  std::string connect_to;   ///< Address for the URL's host, instead of looking it up.
  std::string unix_socket;  ///< Path to connect to; the URL's host is for the header alone.
  /// Asked before each connection with the numeric address (of the proxy, if there is one, so
  /// name `proxy` as well); false refuses it.
  std::function<bool(const std::string& address)> allow_address;
  const std::atomic<bool>* abort = nullptr;  ///< Set from elsewhere: ends within a second.
};

struct HttpResponse {
  int status = 0;
  HttpHeaders headers;  ///< As sent; of the last answer.
  std::string body;
  std::string address;  ///< Whom we talked to, numeric.
  std::optional<std::chrono::seconds> retry_after;

  bool good() const { return status >= 200 && status < 300; }
  /// The header's value (names without regard to case), or empty.
  std::string_view header(std::string_view name) const;
};

/// Why there is no answer. The text names the URL without user, password and query.
struct HttpError : Error {
  enum class Kind : std::uint8_t {
    invalid,    ///< The request itself, a file of it that cannot be read.
    refused,    ///< `allow_address` did.
    resolve,    ///< The host has no address.
    connect,    ///< Nobody listens there.
    tls,        ///< The certificate, theirs or ours.
    timeout,    ///< Of connecting, of the whole, or stalled.
    broken,     ///< The connection ended early, or what came is not HTTP.
    too_large,  ///< More than `max_body`.
    storage,    ///< `to_file` cannot be written.
    aborted
  };
  Kind kind;
};
using HttpResult = tl::expected<HttpResponse, HttpError>;

/// Asks once and waits for the answer; any status is one. May be called from several threads.
HttpResult http_fetch(const HttpRequest& request);

/// How often to ask again, and how long to wait in between.
struct HttpRetry {
  unsigned tries = 3;
  std::chrono::milliseconds first{500}, most{30'000};
  std::chrono::milliseconds total{300'000};  ///< No wait goes beyond this, counted from the start.
  bool after_429 = true;
};

/// Asks again after answers 429, 500, 502, 503, 504, and where there was no answer for a reason
/// that may pass. A Retry-After lengthens the wait; if it is beyond `total` that answer is the
/// result.
HttpResult http_fetch(const HttpRequest& request, const HttpRetry& retry);

/// The wait after `tried` (1, 2 ...) tries: doubled each time up to `most`, then between a half
/// (`draw` 0) and the whole (1) of it.
std::chrono::milliseconds retry_wait(const HttpRetry& retry, unsigned tried, double draw);

/// Waits; false: `abort` (may be none) was set meanwhile.
bool wait_unless(const std::atomic<bool>* abort, std::chrono::milliseconds time);

/// A URL fit for logs and answers: no user, password, query or fragment.
std::string url_for_message(const std::string& url);

}  // namespace intelmq
