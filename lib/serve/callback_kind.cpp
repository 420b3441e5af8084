// SPDX-License-Identifier: Apache-2.0
#include "serve/callback_kind.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/file.hpp"
#include "base/text.hpp"
#include "type/ip.hpp"
#include "type/url.hpp"

namespace intelmq::serve {
namespace {

bool in_any(const IpAddress& address, std::initializer_list<std::string_view> networks) {
  return std::any_of(networks.begin(), networks.end(), [&](std::string_view text) {
    const auto network = IpNetwork::parse(text, HostBits::refuse);
    return network && network->contains(address);
  });
}

/// The IPv4 address that an IPv6 address stands for (mapped, NAT64), or itself.
IpAddress unwrapped(const IpAddress& address) {
  if (!in_any(address, {"::ffff:0:0/96", "64:ff9b::/96"})) return address;
  IpAddress out;
  std::copy(address.bytes.begin() + 12, address.bytes.end(), out.bytes.begin());
  return out;
}

bool is_loopback(const IpAddress& address) {
  return in_any(unwrapped(address), {"127.0.0.0/8", "::1/128"});
}

bool names_loopback(const std::string& host) {
  const auto address = IpAddress::parse(host);
  return host == "localhost" || (address && is_loopback(*address));
}

}  // namespace

std::string Call::text(std::string_view name, const std::string& otherwise) const {
  const Json& value = settings[name];
  return value.is_string() ? value.text() : otherwise;
}

Result<Secret> Call::secret(std::string_view name) const {
  const Json& value = settings[name];
  if (value.is_string()) return Secret(value.text());
  if (const Json& path = value["$secret_file"]; path.is_string()) {
    auto content = read_file(path.text());
    if (!content) return tl::unexpected(content.error());
    Secret out{std::string(trim(*content))};
    Secret wiped{std::move(*content)};
    return out;
  }
  if (const Json& variable = value["$env"]; variable.is_string()) {
    if (const char* content = std::getenv(variable.text().c_str())) return Secret(content);
    return fail(std::string(name) + ": the environment variable " +
                quote_for_message(variable.text()) + " is not set for the service");
  }
  return Secret();
}

bool host_allowed(std::string_view host, const std::vector<std::string>& allowed) {
  return std::any_of(allowed.begin(), allowed.end(), [&](const std::string& entry) {
    const std::string name = ascii_lower(entry);
    if (name == "*") return !names_loopback(std::string(host));
    if (name.rfind("*.", 0) == 0)
      return host.size() >= name.size() &&
             host.substr(host.size() - name.size() + 1) == std::string_view(name).substr(1);
    return name == host;
  });
}

bool address_allowed(const std::string& text, bool loopback) {
  const auto parsed = IpAddress::parse(text);
  if (!parsed) return false;
  const IpAddress address = unwrapped(*parsed);
  if (is_loopback(address)) return loopback;
  return !in_any(address, {"0.0.0.0/8", "169.254.0.0/16", "100.100.100.200/32", "192.0.0.192/32",
                           "224.0.0.0/4", "240.0.0.0/4", "::/128", "fe80::/10", "fec0::/10",
                           "ff00::/8", "fd00:ec2::254/128", "fd20:ce::254/128"});
}

void read_url(Members& members, const Outside& outside, bool credentials) {
  const auto text = members.required_text("url");
  members.file("ca_file");
  if (!text) return;
  const auto url = split_url(*text);
  if (!url || !url->hostname || (url->scheme != "https" && url->scheme != "http"))
    return members.wrong("url", "value", "is not a URL with http(s) and a host");
  if (url->username || url->password)
    return members.wrong("url", "value", "may not hold credentials; they have their own members");
  if (!host_allowed(*url->hostname, outside.allow_hosts))
    return members.wrong("url", "host-not-allowed",
                         "the host " + quote_for_message(*url->hostname) +
                             " may not be called; start the service with "
                             "--callback-allow-host to allow it");
  if (credentials && url->scheme == "http" && !names_loopback(*url->hostname))
    members.wrong("url", "value", "credentials are sent: use https");
}

void read_object_names(Members& members) {
  for (const std::string_view name : {"host", "service"}) {
    const auto text = name == "host" ? members.required_text(name) : members.text(name);
    if (text && (text->empty() || text->size() > 255 ||
                 std::any_of(text->begin(), text->end(),
                             [](char c) { return static_cast<unsigned char>(c) < ' '; })))
      members.wrong(name, "value", "may have 1 to 255 bytes, without control characters");
  }
}

std::string service_name(const Call& call) {
  return call.text("service", "IntelMQ " + call.notice.service);
}

HttpResult post(const Call& call, const std::string& path, HttpRequest request) {
  std::string url = call.text("url");
  while (!path.empty() && url.ends_with('/')) url.pop_back();
  const auto parts = split_url(url);
  const std::string host = parts && parts->hostname ? *parts->hostname : "";
  if (!host_allowed(host, call.outside.allow_hosts)) {
    HttpError error;
    error.text = "the host " + quote_for_message(host) +
                 " may not be called; see "
                 "--callback-allow-host";
    error.kind = HttpError::Kind::refused;
    return tl::unexpected(std::move(error));
  }
  request.method = "POST";
  request.url = url + path;
  request.timeout = std::chrono::seconds(10);
  request.connect_timeout = std::chrono::seconds(5);
  request.max_body = 64u << 10;
  request.redirects = 0;
  request.proxy = "";  // a proxy's address would be checked instead of the host's
  request.ca_file = call.text("ca_file");
  const bool loopback = names_loopback(host);
  request.allow_address = [loopback](const std::string& address) {
    return address_allowed(address, loopback);
  };
  return call.outside.fetch(request);
}

std::string reply_text(const HttpResponse& reply) {
  std::string out = "HTTP " + std::to_string(reply.status);
  if (const std::string_view words = trim(reply.body); !words.empty())
    out += ": " + quote_for_message(words);
  return out;
}

}  // namespace intelmq::serve
