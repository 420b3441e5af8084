// SPDX-License-Identifier: Apache-2.0
#include "serve/http_facts.hpp"

#include <algorithm>
#include <array>

namespace intelmq::serve {
namespace {

// Far above what the router can give: only a defect would come near.
constexpr std::size_t most_requests = 4096, most_reasons = 64;

std::string_view known_method(std::string_view method) {
  constexpr std::array<std::string_view, 7> known = {"GET",   "HEAD",   "POST",   "PUT",
                                                     "PATCH", "DELETE", "OPTIONS"};
  return std::find(known.begin(), known.end(), method) == known.end() ? "other" : method;
}

}  // namespace

void HttpFacts::count(std::string_view method, std::string_view route, int code) {
  if (code < 100 || code > 599) code = 0;
  Key key{known_method(method), route.empty() ? "none" : route, code};
  if (requests_.size() >= most_requests && !requests_.contains(key)) key = {"other", "other", 0};
  ++requests_[key];
}

void HttpFacts::count_auth_failure(std::string_view reason) {
  std::string key{reason};
  if (auth_failures_.size() >= most_reasons && !auth_failures_.contains(key)) key = "other";
  ++auth_failures_[key];
}

}  // namespace intelmq::serve
