// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "serve/http.hpp"

namespace intelmq::serve {

/// What a route takes as the body of a request.
enum class Body : std::uint8_t {
  none,   ///< Any is read (within the limit) and ignored.
  json,   ///< application/json; other types are 415, absent is "{}".
  list,   ///< The same, but a list, which has to be there.
  merge,  ///< application/merge-patch+json, application/json too.
  file    ///< application/x-tar, streamed to a file with its own limit.
};

/// One method of one path.
struct Route {
  std::string method;   ///< GET also answers HEAD.
  std::string pattern;  ///< "/api/v1/parameters/{name}"
  Scope scope = Scope::read;
  Body body = Body::none;
  Handler handler;
  bool audited = false;  ///< It changes something.
  bool per_bot = false;  ///< Also as /api/v1/bots/{bot}/...
};

/// The paths there are.
class Router {
 public:
  /// A route with `per_bot` is added in both forms.
  void add(Route route);
  /// The same with a handler that answers at once.
  void add(std::string method, std::string pattern, Scope scope,
           std::function<Response(const Request&)> handler, Body body = Body::none,
           bool per_bot = false);

  /// The route, or why there is none: the methods the path has (empty: no such path). Fills in
  /// `request.route` and `request.values`.
  std::variant<const Route*, std::vector<std::string>> find(Request& request) const;
  const std::vector<Route>& routes() const { return routes_; }

 private:
  std::vector<Route> routes_;
  struct Split {
    std::vector<std::string> parts;
  };
  std::vector<Split> splits_;
};

}  // namespace intelmq::serve
