// SPDX-License-Identifier: Apache-2.0
#include "serve/pages.hpp"

namespace intelmq::serve {
namespace {

bool read_number(const std::optional<std::string>& text, std::size_t& out) {
  if (!text) return true;
  if (text->size() > 9) return false;  // no number of these is longer
  const char* const end = text->data() + text->size();
  return std::from_chars(text->data(), end, out).ptr == end && !text->empty();
}

}  // namespace

std::optional<PageWanted> page_wanted(const Request& request) {
  PageWanted out;
  if (!read_number(request.parameter("limit"), out.most) || out.most < 1 || out.most > 500 ||
      !read_number(request.parameter("cursor"), out.first) || out.first > 1'000'000'000)
    return std::nullopt;
  return out;
}

}  // namespace intelmq::serve
