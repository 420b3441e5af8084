// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <tuple>

namespace intelmq::serve {

/// What the listeners have answered so far. Whatever clients send, the number of different labels
/// stays bounded: routes are the router's patterns, methods those that HTTP has.
class HttpFacts {
 public:
  using Key = std::tuple<std::string, std::string, int>;  ///< Method, route, status.

  /// One answer; `route` is the pattern, empty where there was none.
  void count(std::string_view method, std::string_view route, int code);
  /// One failed attempt to log in; `reason` is a word of the program's own ("expired").
  void count_auth_failure(std::string_view reason);

  const std::map<Key, std::uint64_t>& requests() const { return requests_; }
  const std::map<std::string, std::uint64_t>& auth_failures() const { return auth_failures_; }

 private:
  std::map<Key, std::uint64_t> requests_;
  std::map<std::string, std::uint64_t> auth_failures_;
};

}  // namespace intelmq::serve
