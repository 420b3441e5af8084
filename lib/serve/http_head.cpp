// SPDX-License-Identifier: Apache-2.0
#include "serve/http_head.hpp"

#include <sys/random.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <random>

#include "base/text.hpp"

namespace intelmq::serve {

const std::string_view all_methods = "GET, HEAD, POST, PUT, PATCH, DELETE, OPTIONS";

namespace {

Problem malformed(std::string detail) {
  return {"malformed-request", std::move(detail), {}, Json::object(), {}};
}

Problem too_large(std::string_view code, std::string detail, std::size_t limit) {
  Problem out{code, std::move(detail), {}, Json::object(), {}};
  out.members.set("limit", static_cast<std::int64_t>(limit));
  return out;
}

HeadScan refuse(Problem problem) { return {0, std::move(problem)}; }

std::size_t count(const Request& request, std::string_view name) {
  return static_cast<std::size_t>(
      std::count_if(request.headers.begin(), request.headers.end(),
                    [&](const auto& field) { return ascii_lower(field.first) == name; }));
}

bool is_word(char c) {
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

std::optional<Problem> check_framing(const Request& request, unsigned version, Framing& framing) {
  const std::size_t lengths = count(request, "content-length");
  const std::size_t codings = count(request, "transfer-encoding");
  if (lengths > 1) return malformed("The header Content-Length comes more than once.");
  if (lengths == 1 && codings > 0)
    return malformed("Content-Length and Transfer-Encoding must not come together.");
  if (codings > 0) {
    if (version < 11) return malformed("HTTP/1.0 has no Transfer-Encoding.");
    if (codings > 1 || ascii_lower(request.header("transfer-encoding")) != "chunked")
      return malformed("The only Transfer-Encoding taken is 'chunked'.");
    framing.chunked = true;
  }
  if (lengths == 1) {
    const std::string_view text = request.header("content-length");
    std::uint64_t value = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc{} || end != text.data() + text.size())
      return malformed("Content-Length " + quote_for_message(text) + " is not a number of bytes.");
    framing.length = value;
  }
  if (request.has_header("expect")) {
    if (ascii_lower(request.header("expect")) != "100-continue")
      return malformed("Of the header Expect only '100-continue' is known.");
    framing.expects_continue = version >= 11;
  }
  return std::nullopt;
}

bool has_dots(std::string_view path) {
  for (const std::string_view part : intelmq::split(path, '/'))
    if (part == "." || part == "..") return true;
  return false;
}

bool is_clean(std::string_view text) {
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t size = utf8_size(text, at);
    if (size == 0 || static_cast<unsigned char>(text[at]) < 0x20 || text[at] == 0x7f) return false;
    at += size;
  }
  return true;
}

/// The path and query of `http://HOST/...`, if HOST is that of the header.
std::optional<std::string_view> origin_of(const Request& request) {
  std::string_view target = request.target;
  if (target.starts_with('/')) return target;
  const std::string_view scheme = request.peer.tls ? "https://" : "http://";
  if (ascii_lower(target.substr(0, scheme.size())) != scheme) return std::nullopt;
  target.remove_prefix(scheme.size());
  const std::size_t end = std::min(target.find_first_of("/?"), target.size());
  if (ascii_lower(target.substr(0, end)) != ascii_lower(request.header("host")))
    return std::nullopt;
  return end < target.size() && target[end] == '/' ? target.substr(end) : "/";
}

std::optional<Problem> read_query(std::string_view text, Request& request) {
  for (const std::string_view part : intelmq::split(text, '&')) {
    if (part.empty()) continue;
    const std::size_t equals = std::min(part.find('='), part.size());
    const auto name = decode_percent(part.substr(0, equals), true);
    const auto value = decode_percent(part.substr(std::min(equals + 1, part.size())), true);
    if (!name || !value || !is_clean(*name) || !is_clean(*value))
      return malformed("The query has a bad percent encoding in " + quote_for_message(part) + ".");
    request.query.emplace_back(*name, *value);
  }
  return std::nullopt;
}

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  const char lower = static_cast<char>(c | 0x20);
  return lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : -1;
}

}  // namespace

HeadScan scan_head(std::string_view bytes, const Limits& limits) {
  std::size_t at = 0, fields = 0;
  for (unsigned line = 0;; ++line) {
    const std::size_t end = bytes.find('\n', at);
    const std::size_t size = std::min(end, bytes.size()) - at;
    if (line == 0 && size > limits.request_line + 1)
      return refuse(
          too_large("uri-too-long", "The request line is too long.", limits.request_line));
    if (line > limits.header_fields && size > 1)
      return refuse(too_large("headers-too-large", "The request has too many header fields.",
                              limits.header_fields));
    if (line == 1) fields = at;
    if (line > 0 && at + size - fields > limits.headers)
      return refuse(
          too_large("headers-too-large", "The header fields are too long.", limits.headers));
    if (end == std::string_view::npos) return {};
    const std::string_view text = bytes.substr(at, size);
    if (!text.ends_with('\r')) return refuse(malformed("A line ends without a carriage return."));
    if (text.find('\r') != text.size() - 1)
      return refuse(malformed("A carriage return stands inside a line."));
    if (text.starts_with(' ') || text.starts_with('\t'))
      return refuse(malformed("A line of the head begins with a blank (folded header)."));
    at = end + 1;
    if (text.size() == 1) return {at, std::nullopt};
  }
}

std::optional<Problem> check_head(const Request& request, unsigned version, Framing& framing) {
  const auto names = intelmq::split(all_methods, ',');
  if (std::none_of(names.begin(), names.end(),
                   [&](std::string_view name) { return trim(name) == request.method; }))
    return Problem{"method-not-allowed",
                   "There is no method " + quote_for_message(request.method) + " here.",
                   {},
                   Json::object(),
                   {{"Allow", std::string(all_methods)}}};
  const std::size_t hosts = count(request, "host");
  if (hosts > 1) return malformed("The header Host comes more than once.");
  if (hosts == 0 && version >= 11) return malformed("The header Host is missing.");
  return check_framing(request, version, framing);
}

std::optional<Problem> read_target(Request& request) {
  if (request.target == "*" && request.method == "OPTIONS") {
    request.path = request.target;
    return std::nullopt;
  }
  const auto origin = origin_of(request);
  if (!origin)
    return malformed("The target " + quote_for_message(request.target) +
                     " is not a path that begins with '/'.");
  if (std::any_of(origin->begin(), origin->end(),
                  [](char c) { return c <= ' ' || c >= 0x7f || c == '\\' || c == '#'; }))
    return malformed("The target has a character that must be percent-encoded.");
  const std::size_t end = std::min(origin->find('?'), origin->size());
  const std::string_view raw = origin->substr(0, end);
  const std::string lower = ascii_lower(raw);
  const auto path = decode_percent(raw, false);
  if (!path || !is_clean(*path) || lower.find("%2f") != std::string::npos ||
      lower.find("%5c") != std::string::npos)
    return malformed("The path has a bad percent encoding.");
  if (has_dots(*path)) return malformed("The path has a segment '.' or '..'.");
  request.path = *path;
  return read_query(origin->substr(std::min(end + 1, origin->size())), request);
}

std::optional<std::string> decode_percent(std::string_view text, bool plus) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += plus && text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = hex_value(text[i + 1]), low = hex_value(text[i + 2]);
    if (high < 0 || low < 0 || (high == 0 && low == 0)) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

std::string request_id(std::string_view given) {
  const auto allowed = [](char c) { return is_word(c) || c == '.' || c == '_' || c == '-'; };
  if (!given.empty() && given.size() <= 64 && std::all_of(given.begin(), given.end(), allowed))
    return std::string(given);
  std::array<unsigned char, 16> bytes{};
  if (getrandom(bytes.data(), bytes.size(), 0) != static_cast<ssize_t>(bytes.size())) {
    std::random_device device;
    for (unsigned char& byte : bytes) byte = static_cast<unsigned char>(device());
  }
  std::string out;
  for (const unsigned char byte : bytes)
    for (const unsigned digit : {byte >> 4, byte & 15}) out += "0123456789abcdef"[digit];
  return out;
}

}  // namespace intelmq::serve
