// SPDX-License-Identifier: Apache-2.0
#include "serve/router.hpp"

#include "base/text.hpp"

namespace intelmq::serve {
namespace {

std::vector<std::string> split_path(std::string_view path) {
  std::vector<std::string> out;
  for (const std::string_view part : intelmq::split(path, '/')) out.emplace_back(part);
  return out;
}

bool is_value(std::string_view part) { return part.size() > 2 && part.front() == '{'; }

/// Fills in the values of the pattern's names if the path is one of it.
bool matches(const std::vector<std::string>& pattern, const std::vector<std::string>& path,
             std::vector<std::pair<std::string, std::string>>& values) {
  if (pattern.size() != path.size()) return false;
  values.clear();
  for (std::size_t i = 0; i < path.size(); ++i) {
    if (!is_value(pattern[i])) {
      if (pattern[i] != path[i]) return false;
      continue;
    }
    if (path[i].empty()) return false;
    values.emplace_back(pattern[i].substr(1, pattern[i].size() - 2), path[i]);
  }
  return true;
}

}  // namespace

void Router::add(Route route) {
  if (route.per_bot) {
    constexpr std::string_view base = "/api/v1/";
    Route each = route;
    each.per_bot = false;
    each.pattern = "/api/v1/bots/{bot}/" + route.pattern.substr(base.size());
    add(std::move(each));
  }
  splits_.push_back({split_path(route.pattern)});
  routes_.push_back(std::move(route));
}

void Router::add(std::string method, std::string pattern, Scope scope,
                 std::function<Response(const Request&)> handler, Body body, bool per_bot) {
  const bool audited = method != "GET";
  add(Route{
      std::move(method), std::move(pattern), scope, body,
      [handler = std::move(handler)](const std::shared_ptr<Request>& request,
                                     const Responder& respond) { respond(handler(*request)); },
      audited, per_bot});
}

std::variant<const Route*, std::vector<std::string>> Router::find(Request& request) const {
  const std::vector<std::string> path = split_path(request.path);
  std::vector<std::pair<std::string, std::string>> values;
  std::vector<std::string> methods;
  const Route* found = nullptr;
  // A literal path goes before {name}, whatever the method: it is another resource.
  std::size_t fewest = ~std::size_t{0};
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    if (!matches(splits_[i].parts, path, values) || values.size() > fewest) continue;
    if (values.size() < fewest) {
      fewest = values.size();
      found = nullptr;
      methods.clear();
    }
    methods.push_back(routes_[i].method);
    if (found || routes_[i].method != request.method) continue;
    found = &routes_[i];
    request.values = values;
  }
  if (!found) return methods;
  request.route = found->pattern;
  return found;
}

}  // namespace intelmq::serve
