// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "serve/actor.hpp"

namespace intelmq::serve {

/// Who is at the other end of a connection, as far as the connection itself tells.
struct Peer {
  std::string address;    ///< "192.0.2.1", "::1", or "unix".
  bool loopback = false;  ///< A unix socket counts.
  bool tls = false;
  std::optional<std::uint32_t> uid, gid;  ///< Unix sockets: SO_PEERCRED.
  std::optional<std::int32_t> pid;
  /// mTLS, after the chain was verified: subject (RFC 2253), DNS/URI/mail SANs, SHA-256 of the DER.
  std::string certificate_subject;
  std::vector<std::string> certificate_names;
  std::string certificate_sha256;  ///< 32 raw bytes, or empty.
};

using Headers = std::vector<std::pair<std::string, std::string>>;

/// One request, its head checked and its body whole.
struct Request {
  std::string method;  ///< "GET"; a HEAD arrives as GET with `head` set.
  bool head = false;
  std::string target;                                      ///< As sent.
  std::string path;                                        ///< Decoded, without query.
  std::vector<std::pair<std::string, std::string>> query;  ///< Decoded.
  Headers headers;
  std::string body;
  std::string body_file;  ///< Routes with `Body::file`: where the body was streamed to.
  Peer peer;
  // filled in on the way
  std::string id;  ///< X-Request-Id.
  Actor actor;
  std::string route;                                        ///< The route's pattern.
  std::vector<std::pair<std::string, std::string>> values;  ///< Of the pattern's {names}.
  /// What a handler adds to the audit log before it answers, redacted: "operation", "before" and
  /// "after" (revisions), "diff".
  Json audit = Json::object();

  /// The header's value (names without regard to case), or empty.
  std::string_view header(std::string_view name) const;
  bool has_header(std::string_view name) const;
  /// The query parameter's value, nothing if it is not there.
  std::optional<std::string> parameter(std::string_view name) const;
  /// The value of {name} in the path.
  const std::string& value(std::string_view name) const;
};

/// The far end of a streamed response; may be kept, and used on the loop only.
class BodyStream {
 public:
  virtual ~BodyStream() = default;
  /// Adds bytes to what is sent; false: the client has gone, or is too slow (1 MiB behind).
  virtual bool write(std::string_view bytes) = 0;
  virtual void end() = 0;
  virtual bool open() const = 0;
};

struct Response {
  int status = 200;
  std::string type = "application/json";
  std::string body;
  Headers headers;
  std::string file;  ///< Send this file as the body (from disk, with its length).
  /// Set: the body is written by whoever is given the stream, once the head has been sent.
  std::function<void(std::shared_ptr<BodyStream>)> stream;

  static Response json(const Json& body, int status = 200);
  static Response text(std::string body, std::string type = "text/plain; charset=utf-8");
  static Response empty();  ///< 204
  Response& with(std::string name, std::string value) & {
    headers.emplace_back(std::move(name), std::move(value));
    return *this;
  }
  Response&& with(std::string name, std::string value) && {
    headers.emplace_back(std::move(name), std::move(value));
    return std::move(*this);
  }
};

/// Takes the answer to one request, once, at any time, on the loop. If it is lost unanswered the
/// client gets 500 `internal`.
using Responder = std::function<void(Response)>;
using Handler = std::function<void(std::shared_ptr<Request>, Responder)>;

}  // namespace intelmq::serve
