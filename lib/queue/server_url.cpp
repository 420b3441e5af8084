// SPDX-License-Identifier: Apache-2.0
#include "queue/server_url.hpp"

#include <charconv>

namespace intelmq {
namespace {

/// `[[USER:]PASSWORD@]`, taken off the front; false if it has a wrong escape.
bool take_login(std::string_view& authority, ServerUrl& out) {
  const std::size_t at = authority.rfind('@');
  if (at == std::string_view::npos) return true;
  const std::string_view login = authority.substr(0, at);
  authority.remove_prefix(at + 1);
  const std::size_t colon = login.find(':');
  out.has_user = colon != login.npos;
  const auto user = percent_decoded(colon == login.npos ? "" : login.substr(0, colon));
  const auto password = percent_decoded(colon == login.npos ? login : login.substr(colon + 1));
  if (!user || !password) return false;
  out.user = *user;
  out.password = *password;
  return true;
}

/// `HOST[:PORT]`, with an IPv6 address in brackets; an error's text, or nothing.
std::string_view take_host(std::string_view authority, Endpoint& endpoint) {
  std::string_view port;
  if (authority.starts_with('[')) {
    const std::size_t end = authority.find(']');
    if (end == authority.npos) return "']' is missing after the IPv6 address";
    endpoint.host = authority.substr(1, end - 1);
    port = authority.substr(end + 1);
    if (!port.empty() && port.front() != ':') return "a port must follow with ':'";
    port.remove_prefix(port.empty() ? 0 : 1);
  } else {
    const std::size_t colon = authority.find(':');
    endpoint.host = authority.substr(0, colon);
    if (colon != authority.npos) port = authority.substr(colon + 1);
  }
  if (endpoint.host.empty()) endpoint.host = "127.0.0.1";
  if (port.empty()) return {};
  const auto number = number_in(port, 65535);
  if (!number || *number == 0) return "the port is no number from 1 to 65535";
  endpoint.port = static_cast<std::uint16_t>(*number);
  return {};
}

}  // namespace

std::optional<unsigned> number_in(std::string_view text, unsigned most) {
  unsigned value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size() || value > most) return std::nullopt;
  return value;
}

Result<ServerUrl> ServerUrl::parse(std::string_view text, std::uint16_t default_port,
                                   std::string_view form) {
  const std::string scheme = url_scheme(text);
  std::string_view rest = text.substr(scheme.size() + 1);
  if (!rest.starts_with("//")) return fail(scheme + ": has no host" + std::string(form));
  rest.remove_prefix(2);
  const std::size_t slash = rest.find('/');
  std::string_view authority = rest.substr(0, slash);
  ServerUrl out;
  out.endpoint.port = default_port;
  out.path = slash == rest.npos ? "" : rest.substr(slash + 1);
  if (!take_login(authority, out))
    return fail(scheme + ": '%' in user or password must be followed by two hex digits");
  if (const auto wrong = take_host(authority, out.endpoint); !wrong.empty()) {
    if (out.path.find('@') != out.path.npos)  // then this may be half a password
      return fail(scheme + "://...: a '/' in user or password must be written %2F");
    return fail(scheme + "://" + std::string(authority) + ": " + std::string(wrong));
  }
  return out;
}

Result<QueueUrl> options_of(std::string_view url) {
  const std::string scheme = url_scheme(url);
  const std::size_t question = url.find('?');
  const std::string_view options = question == url.npos ? "" : url.substr(question);
  // No option's name has an '@': this is half a password.
  if (options.substr(0, options.find('=')).find('@') != options.npos)
    return fail(scheme + "://...: a '?' in user or password must be written %3F");
  return QueueUrl::parse(scheme + ":" + std::string(options));
}

Result<void> read_tls_options(Endpoint& out, const QueueUrl& url) {
  out.ca_file = url.text("ca", "");
  out.certificate = url.text("cert", "");
  out.key = url.text("key", "");
  const auto insecure = url.flag("insecure");
  if (!insecure) return tl::unexpected<Error>(insecure.error());
  out.verify = !*insecure;
  return {};
}

}  // namespace intelmq
