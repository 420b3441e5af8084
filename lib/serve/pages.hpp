// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <charconv>
#include <optional>
#include <string>

#include "serve/http.hpp"
#include "serve/problem.hpp"

namespace intelmq::serve {

/// Where a list begins and how long it may be, as `?limit=` (1 to 500, else 100) and `?cursor=`
/// say; nothing: they are wrong.
struct PageWanted {
  std::size_t first = 0, most = 100;
};
std::optional<PageWanted> page_wanted(const Request& request);

/// `{"items": [...], "next": "<cursor>" or null}` of what lies between two iterators.
template <class Iterator, class Show>
Response paged(const Request& request, Iterator begin, Iterator end, const Show& show) {
  const auto wanted = page_wanted(request);
  if (!wanted)
    return problem("malformed-request",
                   "limit is a number from 1 to 500, cursor the `next` of a page");
  Json items = Json::array();
  std::size_t at = 0;
  for (; begin != end; ++begin, ++at) {
    if (at < wanted->first) continue;
    if (at >= wanted->first + wanted->most) break;
    items.push(show(*begin));
  }
  return Response::json(Json::object()
                            .set("items", std::move(items))
                            .set("next", begin == end ? Json() : Json(std::to_string(at))));
}

}  // namespace intelmq::serve
