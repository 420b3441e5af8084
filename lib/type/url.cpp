// SPDX-License-Identifier: Apache-2.0
#include "type/url.hpp"

#include <uninorm.h>

#include <algorithm>
#include <cstdint>
#include <cstdlib>
#include <memory>

#include "type/ip.hpp"
#include "type/python_text.hpp"
#include "type/utf8.hpp"

namespace intelmq {
namespace {

constexpr std::size_t npos = std::string_view::npos;

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool is_scheme(std::string_view text) {
  return !text.empty() && is_letter(text.front()) &&
         std::all_of(text.begin(), text.end(), [](char c) {
           return is_letter(c) || is_digit(c) || c == '+' || c == '-' || c == '.';
         });
}

// Cuts `text` before the first `mark` and returns what stood behind it, if there was one.
std::optional<std::string_view> cut(std::string_view& text, char mark) {
  const std::size_t at = text.find(mark);
  if (at == npos) return std::nullopt;
  const std::string_view rest = text.substr(at + 1);
  text = text.substr(0, at);
  return rest;
}

std::string without_breaks(std::string_view text) {
  while (!text.empty() && static_cast<unsigned char>(text.front()) <= 0x20) text.remove_prefix(1);
  std::string out{text};
  out.erase(std::remove_if(out.begin(), out.end(),
                           [](char c) { return c == '\t' || c == '\r' || c == '\n'; }),
            out.end());
  return out;
}

// `v1.x` of RFC 3986.
bool is_future_address(std::string_view host) {
  const std::size_t dot = host.find('.');
  return dot != npos && dot > 1 && dot + 1 < host.size() &&
         host.substr(1, dot - 1).find_first_not_of("0123456789abcdefABCDEF") == npos;
}

bool good_brackets(std::string_view netloc) {
  const std::size_t open = netloc.find('[');
  if ((open == npos) != (netloc.find(']') == npos)) return false;
  if (open == npos) return true;
  std::string_view host = netloc.substr(open + 1);
  cut(host, ']');
  if (!host.empty() && host.front() == 'v') return is_future_address(host);
  const auto network = IpNetwork::parse(host, HostBits::clear);
  return network && network->address.v6;
}

struct Free {
  void operator()(std::uint8_t* memory) const noexcept { std::free(memory); }
};

// Whether NFKC, which IDNA applies, leaves the text one host.
bool stable_host(std::string_view netloc) {
  if (is_ascii(netloc)) return true;
  std::string host;
  for (std::size_t at = 0; at < netloc.size();) {
    const CodePoint point = code_point_at(netloc, at);
    at += point.size;
    const bool mark =
        point.code < 0x80 && std::string_view{"@:#?"}.find(static_cast<char>(point.code)) != npos;
    if (!mark && !is_surrogate(point.code)) append_utf8(host, point.code);
  }
  std::size_t size = 0;
  const std::unique_ptr<std::uint8_t, Free> normal{
      u8_normalize(UNINORM_NFKC, reinterpret_cast<const std::uint8_t*>(host.data()), host.size(),
                   nullptr, &size)};
  if (normal == nullptr) return false;
  const std::string_view text{reinterpret_cast<const char*>(normal.get()), size};
  return text.find_first_of("/?#@:") == npos;
}

void set_port(SplitUrl& url, std::string_view text) {
  if (text.empty()) return;
  long port = 0;
  for (const char c : text) {
    port = is_digit(c) && port <= 65535 ? port * 10 + (c - '0') : 65536;
  }
  url.port_error = port > 65535;
  if (!url.port_error) url.port = port;
}

void set_hostname(SplitUrl& url, std::string_view host) {
  if (host.empty()) return;
  const std::size_t percent = std::min(host.find('%'), host.size());
  url.hostname = lower(host.substr(0, percent)).append(host.substr(percent));
}

void split_netloc(SplitUrl& url) {
  std::string_view host = url.netloc;
  if (const std::size_t at = host.rfind('@'); at != npos) {
    std::string_view user = host.substr(0, at);
    host = host.substr(at + 1);
    if (const auto password = cut(user, ':')) url.password = std::string{*password};
    url.username = std::string{user};
  }
  std::string_view before = host;
  if (const auto bracketed = cut(before, '[')) {
    host = *bracketed;
    std::string_view tail = cut(host, ']').value_or("");
    set_port(url, cut(tail, ':').value_or(""));
  } else {
    set_port(url, cut(host, ':').value_or(""));
  }
  set_hostname(url, host);
}

bool has_params(std::string_view scheme) {
  constexpr std::string_view schemes[] = {"",      "ftp",   "hdl",  "prospero", "http",  "imap",
                                          "https", "shttp", "rtsp", "rtsps",    "rtspu", "sip",
                                          "sips",  "mms",   "sftp", "tel"};
  return std::find(std::begin(schemes), std::end(schemes), scheme) != std::end(schemes);
}

// Whether it begins like `http://h`, with a host in ASCII and without brackets.
bool is_ordinary(std::string_view text) {
  if (text.substr(0, 4) != "http") return false;
  text.remove_prefix(text.size() > 4 && text[4] == 's' ? 5 : 4);
  if (text.substr(0, 3) != "://") return false;
  std::size_t at = 3;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '/' || c == '?' || c == '#') break;
    if (c <= ' ' || c == 0x7F || c == '[' || c == ']') return false;
  }
  return at > 3;
}

void replace_all(std::string& text, std::string_view from, std::string_view to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at)) {
    text.replace(at, from.size(), to);
    at += to.size();
  }
}

// file://localhost/path for a file URL without host.
std::string local_file(const SplitUrl& url) {
  std::string out = "file://localhost";
  if (!url.path.empty() && url.path.front() != '/') out.push_back('/');
  out += url.path;
  if (!url.query.empty()) out.append("?").append(url.query);
  if (!url.fragment.empty()) out.append("#").append(url.fragment);
  return out;
}

}  // namespace

Result<SplitUrl> split_url(std::string_view text) {
  const std::string clean = without_breaks(text);
  std::string_view rest = clean;
  SplitUrl url;
  if (const std::size_t colon = rest.find(':'); colon != npos && is_scheme(rest.substr(0, colon))) {
    url.scheme = lower(rest.substr(0, colon));
    rest.remove_prefix(colon + 1);
  }
  if (rest.substr(0, 2) == "//") {
    const std::size_t end = std::min(rest.find_first_of("/?#", 2), rest.size());
    url.netloc = rest.substr(2, end - 2);
    rest.remove_prefix(end);
  }
  if (!good_brackets(url.netloc)) {
    return fail("URL '" + clean + "': the brackets of the host enclose no IPv6 address");
  }
  if (const auto fragment = cut(rest, '#')) url.fragment = std::string{*fragment};
  if (const auto query = cut(rest, '?')) url.query = std::string{*query};
  if (!stable_host(url.netloc)) {
    return fail("URL '" + clean + "': the host holds characters that stand for URL delimiters");
  }
  url.path = std::string{rest};
  split_netloc(url);
  return url;
}

Result<SplitUrl> parse_url(std::string_view text) {
  Result<SplitUrl> url = split_url(text);
  if (!url || !has_params(url->scheme)) return url;
  const std::size_t slash = url->path.rfind('/');
  const std::size_t mark = url->path.find(';', slash == std::string::npos ? 0 : slash);
  if (mark == std::string::npos) return url;
  url->params = url->path.substr(mark + 1);
  url->path.resize(mark);
  return url;
}

UrlCheck check_url(std::string_view text) {
  if (is_ordinary(text)) return UrlCheck::valid;
  if (text.empty() || is_space(code_point_at(text, 0).code)) return UrlCheck::invalid;
  const auto url = split_url(text);
  if (!url) return UrlCheck::error;
  return url->netloc.empty() ? UrlCheck::invalid : UrlCheck::valid;
}

bool valid_url(std::string_view text) { return check_url(text) == UrlCheck::valid; }

std::optional<std::string> sanitise_url(std::string_view text) {
  std::string url{strip(text)};
  if (url.find("hxxp") != std::string::npos) {
    replace_all(url, "hxxp://", "http://");
    replace_all(url, "hxxps://", "https://");
  }
  if (is_ordinary(url)) return url;
  const auto parts = split_url(url);
  if (!parts) return std::nullopt;
  if (parts->scheme == "file" && parts->netloc.empty()) url = local_file(*parts);
  if (!valid_url(url)) return std::nullopt;
  return url;
}

}  // namespace intelmq
