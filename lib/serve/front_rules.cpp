// SPDX-License-Identifier: Apache-2.0
#include "serve/front_rules.hpp"

#include <arpa/inet.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstring>

#include "base/text.hpp"

namespace intelmq::serve {
namespace {

using std::string_view;

constexpr int json_depth = 64;

Problem refusal(string_view code, std::string detail) {
  return {code, std::move(detail), {}, Json::object(), {}};
}

bool is_port(string_view text) {
  return !text.empty() && text.size() <= 5 &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

/// The media type before its parameters, in lower case.
std::string media_type(string_view header) {
  return ascii_lower(trim(header.substr(0, header.find(';'))));
}

/// The value of the parameter in "type; a=1; b=2", without quotes; nothing if it is not there.
std::optional<std::string> media_parameter(string_view header, string_view name) {
  for (const string_view part : split(header, ';')) {
    const std::size_t equals = part.find('=');
    if (equals == part.npos || ascii_lower(trim(part.substr(0, equals))) != name) continue;
    string_view value = trim(part.substr(equals + 1));
    if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    return ascii_lower(value);
  }
  return std::nullopt;
}

std::vector<string_view> types_of(Body body) {
  switch (body) {
    case Body::none: return {};
    case Body::json:
    case Body::list: return {"application/json"};
    case Body::merge: return {"application/merge-patch+json", "application/json"};
    case Body::file: return {"application/x-tar"};
  }
  return {};
}

bool has_body(const Request& head) {
  return !head.body.empty() || !head.body_file.empty() || head.has_header("transfer-encoding") ||
         (head.has_header("content-length") && trim(head.header("content-length")) != "0");
}

bool refused(string_view range) {
  const auto q = media_parameter(range, "q");
  double weight = 1;
  if (q && std::from_chars(q->data(), q->data() + q->size(), weight).ec != std::errc()) return true;
  return weight <= 0;
}

}  // namespace

bool is_loopback(const std::string& host) {
  in_addr v4{};
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return (ntohl(v4.s_addr) >> 24) == 127;
  return host == "::1" || host == "localhost" || host == "ip6-localhost" || host == "ip6-loopback";
}

std::optional<std::string> host_of(string_view header) {
  header = trim(header);
  if (header.starts_with('[')) {
    const std::size_t end = header.find(']');
    if (end == header.npos) return std::nullopt;
    const string_view rest = header.substr(end + 1);
    if (!rest.empty() && (rest.front() != ':' || !is_port(rest.substr(1)))) return std::nullopt;
    return ascii_lower(header.substr(1, end - 1));
  }
  const std::size_t colon = header.find(':');
  if (colon != header.npos && !is_port(header.substr(colon + 1))) return std::nullopt;
  string_view name = header.substr(0, colon);
  if (name.ends_with('.')) name.remove_suffix(1);
  if (name.empty()) return std::nullopt;
  return ascii_lower(name);
}

std::optional<Problem> check_host(const Request& request, const std::vector<std::string>& hosts) {
  if (request.peer.address == "unix") return std::nullopt;
  const auto host = host_of(request.header("host"));
  if (host && (is_loopback(*host) || std::find(hosts.begin(), hosts.end(), *host) != hosts.end()))
    return std::nullopt;
  return refusal("host-not-allowed", "The host " + quote_for_message(request.header("host")) +
                                         " is not one of this service; --allow-host adds it.");
}

std::optional<Problem> check_site(const Request& request) {
  const std::string site = ascii_lower(request.header("sec-fetch-site"));
  if (!site.empty() && site != "same-origin" && site != "none")
    return refusal("cross-site", "A page of another site sent this (Sec-Fetch-Site: " +
                                     quote_for_message(site) + ").");
  if (!request.has_header("origin")) return std::nullopt;
  // What came without TLS may have had it before a proxy on this machine.
  const std::string host = ascii_lower(trim(request.header("host")));
  const std::string origin = ascii_lower(trim(request.header("origin")));
  if (origin == "https://" + host || (!request.peer.tls && origin == "http://" + host))
    return std::nullopt;
  return refusal("cross-site", "A page of " + quote_for_message(request.header("origin")) +
                                   " sent this; it is not one of " + quote_for_message(host) + ".");
}

std::optional<Problem> check_content(const Request& head, Body body) {
  const std::vector<string_view> types = types_of(body);
  if (types.empty()) return std::nullopt;
  const string_view given = head.header("content-type");
  if (given.empty() && !has_body(head)) return std::nullopt;
  const std::string wanted(types.front());
  if (std::find(types.begin(), types.end(), media_type(given)) == types.end())
    return refusal("unsupported-media-type",
                   given.empty() ? "The body has no Content-Type; send " + wanted + "."
                                 : "The body is " + quote_for_message(given) + "; send " + wanted +
                                       " instead.");
  if (media_parameter(given, "charset").value_or("utf-8") != "utf-8")
    return refusal("unsupported-media-type", "The body is not UTF-8.");
  if (ascii_lower(head.has_header("content-encoding") ? head.header("content-encoding")
                                                      : "identity") != "identity")
    return refusal("unsupported-media-type", "Compressed bodies are not taken.");
  return std::nullopt;
}

bool accepts(const Request& request, string_view type) {
  if (!request.has_header("accept")) return true;
  const std::string wanted = media_type(type);
  const std::string group = wanted.substr(0, wanted.find('/')) + "/*";
  // The most precise range counts: "text/html;q=0, */*" takes all but HTML.
  int precise = -1;
  bool good = false;
  for (const auto& [name, value] : request.headers) {
    if (ascii_lower(name) != "accept") continue;
    for (const string_view range : split(value, ',')) {
      const std::string each = media_type(range);
      const int level = each == wanted ? 2 : each == group ? 1 : each == "*/*" ? 0 : -1;
      if (level < 0 || level < precise) continue;
      precise = level;
      good = !refused(range);
    }
  }
  return good;
}

Problem not_acceptable(string_view type) {
  return refusal("not-acceptable",
                 "This can be had as " + std::string(type.substr(0, type.find(';'))) + " alone.");
}

std::optional<Problem> check_json(Request& request, Body body) {
  const bool list = body == Body::list;
  // An empty list says something, such as that events go nowhere: it is not taken for granted.
  if (!list && trim(request.body).empty()) request.body = "{}";
  const auto parsed = Json::parse_strict(request.body, json_depth);
  if (!parsed) return refusal("malformed-request", "The body is " + parsed.error().text + ".");
  if (list ? !parsed->is_array() : !parsed->is_object())
    return refusal("malformed-request",
                   list ? "The body is not a JSON list." : "The body is not a JSON object.");
  return std::nullopt;
}

string_view traceparent(const Request& request) {
  // version "-" trace-id "-" parent-id "-" flags; later versions may append to it
  const string_view text = request.header("traceparent");
  if (text.size() < 55 || text.size() > 128 || text[2] != '-' || text[35] != '-' ||
      text[52] != '-' || text.starts_with("ff") || (text.size() > 55 && text[55] != '-'))
    return {};
  const auto plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f') || c == '-';
  };
  if (!std::all_of(text.begin(), text.end(), plain)) return {};
  if (text.starts_with("00") && text.size() != 55) return {};
  const auto zero = [](string_view part) {
    return part.find_first_not_of('0') == part.npos || part.find('-') != part.npos;
  };
  return zero(text.substr(3, 32)) || zero(text.substr(36, 16)) ? string_view{} : text;
}

std::string address_group(const std::string& address) {
  std::array<unsigned char, 16> bytes{};
  if (inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) return address;
  constexpr std::array<unsigned char, 12> mapped = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(mapped.begin(), mapped.end(), bytes.begin())) return address;
  std::memset(bytes.data() + 8, 0, 8);
  std::array<char, INET6_ADDRSTRLEN> text{};
  inet_ntop(AF_INET6, bytes.data(), text.data(), text.size());
  return text.data();
}

}  // namespace intelmq::serve
