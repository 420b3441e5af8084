// SPDX-License-Identifier: Apache-2.0
#include "serve/http.hpp"

#include <algorithm>

#include "base/text.hpp"

namespace intelmq::serve {
namespace {

const std::string empty;

bool same_name(std::string_view a, std::string_view b) {
  const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
  return std::equal(a.begin(), a.end(), b.begin(), b.end(),
                    [&](char x, char y) { return lower(x) == lower(y); });
}

}  // namespace

std::string_view Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers)
    if (same_name(key, name)) return value;
  return {};
}

bool Request::has_header(std::string_view name) const {
  return std::any_of(headers.begin(), headers.end(),
                     [&](const auto& header) { return same_name(header.first, name); });
}

std::optional<std::string> Request::parameter(std::string_view name) const {
  for (const auto& [key, value] : query)
    if (key == name) return value;
  return std::nullopt;
}

const std::string& Request::value(std::string_view name) const {
  for (const auto& [key, text] : values)
    if (key == name) return text;
  return empty;
}

Response Response::json(const Json& body, int status) {
  Response out;
  out.status = status;
  out.body = body.dump();
  out.body += '\n';
  return out;
}

Response Response::text(std::string body, std::string type) {
  Response out;
  out.type = std::move(type);
  out.body = std::move(body);
  return out;
}

Response Response::empty() {
  Response out;
  out.status = 204;
  out.type.clear();
  return out;
}

}  // namespace intelmq::serve
