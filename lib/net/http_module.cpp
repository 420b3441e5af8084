// SPDX-License-Identifier: Apache-2.0
#include "net/http.hpp"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <mutex>
#include <random>
#include <thread>

#include "base/file.hpp"
#include "base/text.hpp"

namespace intelmq {
namespace {

using Kind = HttpError::Kind;

constexpr std::size_t most_header_bytes = 64u << 10;
constexpr std::size_t most_error_bytes = 16u << 10;  // of a body that was to go to a file

struct EasyCleanup {
  void operator()(CURL* handle) const { curl_easy_cleanup(handle); }
};
struct UrlCleanup {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
struct ListCleanup {
  void operator()(curl_slist* list) const { curl_slist_free_all(list); }
};
struct TextCleanup {
  void operator()(char* text) const { curl_free(text); }
};
using Url = std::unique_ptr<CURLU, UrlCleanup>;
using List = std::unique_ptr<curl_slist, ListCleanup>;

void start_curl() {
  static std::once_flag once;
  std::call_once(once, [] { curl_global_init(CURL_GLOBAL_DEFAULT); });
}

std::string part(CURLU* url, CURLUPart which, unsigned flags = 0) {
  char* text = nullptr;
  if (curl_url_get(url, which, &text, flags) != CURLUE_OK) return {};
  const std::unique_ptr<char, TextCleanup> owner{text};
  return text;
}

void add(List& list, const std::string& line) {
  curl_slist* longer = curl_slist_append(list.get(), line.c_str());
  if (!longer) return;
  (void)list.release();
  list.reset(longer);
}

bool same_name(std::string_view a, std::string_view b) { return ascii_lower(a) == ascii_lower(b); }

bool has_header(const HttpRequest& request, std::string_view name) {
  return std::any_of(request.headers.begin(), request.headers.end(),
                     [&](const auto& header) { return same_name(header.first, name); });
}

std::string numeric(const sockaddr& address) {
  char text[INET6_ADDRSTRLEN] = "";
  if (address.sa_family == AF_INET) {
    sockaddr_in v4;
    std::memcpy(&v4, &address, sizeof v4);
    inet_ntop(AF_INET, &v4.sin_addr, text, sizeof text);
  } else if (address.sa_family == AF_INET6) {
    sockaddr_in6 v6;
    std::memcpy(&v6, &address, sizeof v6);
    inet_ntop(AF_INET6, &v6.sin6_addr, text, sizeof text);
  } else {
    return "unix";
  }
  return text;
}

/// One request on its way, as curl's callbacks see it.
struct Exchange {
  explicit Exchange(const HttpRequest& of) : request{of} {}
  const HttpRequest& request;
  HttpResponse response;
  std::size_t header_bytes = 0;
  std::uint64_t body_bytes = 0;
  std::string refused;      // the address
  bool connected = false;   // to one that was not refused
  bool too_large = false;   // the body
  bool heads_long = false;  // the headers
  int write_error = 0;      // errno of `to_file`

  bool aborted() const { return request.abort && request.abort->load(); }
  bool head(std::string_view line);
  bool body(std::string_view bytes);
};

bool Exchange::head(std::string_view line) {
  header_bytes += line.size();
  if (header_bytes > most_header_bytes) {
    heads_long = true;
    return false;
  }
  if (line.starts_with("HTTP/")) {  // also 100 Continue, and answers that redirect
    response.headers.clear();
    response.body.clear();
    response.status = 0;
    const std::size_t blank = std::min(line.find(' '), line.size() - 1);
    std::from_chars(line.data() + blank + 1, line.data() + line.size(), response.status);
    return true;
  }
  const std::size_t colon = line.find(':');
  if (colon == line.npos) return true;
  response.headers.emplace_back(trim(line.substr(0, colon)), trim(line.substr(colon + 1)));
  return true;
}

bool Exchange::body(std::string_view bytes) {
  body_bytes += bytes.size();
  if (body_bytes > request.max_body) {
    too_large = true;
    return false;
  }
  if (request.to_file < 0) {
    response.body += bytes;
    return true;
  }
  if (!response.good()) {
    const std::size_t room = most_error_bytes - std::min(most_error_bytes, response.body.size());
    response.body += bytes.substr(0, room);
    return true;
  }
  write_error = write_some(request.to_file, bytes).error;
  return write_error == 0;
}

extern "C" {
std::size_t on_header(char* data, std::size_t size, std::size_t count, void* to) {
  return static_cast<Exchange*>(to)->head({data, size * count}) ? size * count : 0;
}

std::size_t on_body(char* data, std::size_t size, std::size_t count, void* to) {
  const std::size_t bytes = size * count;
  return static_cast<Exchange*>(to)->body({data, bytes}) ? bytes : bytes + 1;
}

int on_progress(void* to, curl_off_t, curl_off_t, curl_off_t, curl_off_t) {
  return static_cast<Exchange*>(to)->aborted() ? 1 : 0;
}

curl_socket_t on_socket(void* to, curlsocktype, curl_sockaddr* address) {
  auto& exchange = *static_cast<Exchange*>(to);
  const std::string text = numeric(address->addr);
  const auto& allow = exchange.request.allow_address;
  if (allow && !allow(text)) {
    exchange.refused = text;
    return CURL_SOCKET_BAD;
  }
  exchange.connected = true;
  return socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
}
}

Kind kind_of(CURLcode code) {
  switch (code) {
    case CURLE_URL_MALFORMAT:
    case CURLE_UNSUPPORTED_PROTOCOL:
    case CURLE_BAD_FUNCTION_ARGUMENT:
    case CURLE_SSL_CERTPROBLEM:
    case CURLE_SSL_CACERT_BADFILE: return Kind::invalid;
    case CURLE_COULDNT_RESOLVE_HOST:
    case CURLE_COULDNT_RESOLVE_PROXY: return Kind::resolve;
    case CURLE_COULDNT_CONNECT: return Kind::connect;
    case CURLE_OPERATION_TIMEDOUT: return Kind::timeout;
    case CURLE_SSL_CONNECT_ERROR:
    case CURLE_SSL_CIPHER:
    case CURLE_SSL_ISSUER_ERROR:
    case CURLE_PEER_FAILED_VERIFICATION: return Kind::tls;
    case CURLE_FILESIZE_EXCEEDED: return Kind::too_large;
    case CURLE_ABORTED_BY_CALLBACK: return Kind::aborted;
    default: return Kind::broken;
  }
}

std::string message_url(const std::string& url) {
  start_curl();
  const Url parsed{curl_url()};
  if (!parsed ||
      curl_url_set(parsed.get(), CURLUPART_URL, url.c_str(), CURLU_NON_SUPPORT_SCHEME) != CURLUE_OK)
    return "a URL that cannot be read";
  for (const CURLUPart secret :
       {CURLUPART_USER, CURLUPART_PASSWORD, CURLUPART_OPTIONS, CURLUPART_QUERY, CURLUPART_FRAGMENT})
    curl_url_set(parsed.get(), secret, nullptr, 0);
  return part(parsed.get(), CURLUPART_URL);
}

tl::unexpected<HttpError> error(const HttpRequest& request, Kind kind, std::string_view reason) {
  HttpError out;
  out.text = message_url(request.url) + ": " + std::string(reason);
  out.kind = kind;
  return tl::unexpected(std::move(out));
}

tl::unexpected<HttpError> failure(const Exchange& exchange, CURLcode code, const char* detail) {
  const HttpRequest& request = exchange.request;
  if (exchange.aborted()) return error(request, Kind::aborted, "given up, as we are to stop");
  if (exchange.too_large || code == CURLE_FILESIZE_EXCEEDED)
    return error(request, Kind::too_large,
                 "the answer is longer than " + std::to_string(request.max_body) + " bytes");
  if (exchange.heads_long)
    return error(request, Kind::broken, "the answer's headers are longer than 64 KiB");
  if (exchange.write_error)
    return error(
        request, Kind::storage,
        std::string("the answer cannot be stored: ") + std::strerror(exchange.write_error));
  if (!exchange.refused.empty() && !exchange.connected)
    return error(request, Kind::refused, "connections to " + exchange.refused + " are not allowed");
  return error(request, kind_of(code), *detail ? detail : curl_easy_strerror(code));
}

/// What is wrong with the request before anything was sent.
std::string wrong_with(const HttpRequest& request, CURLU* url) {
  const std::string scheme = part(url, CURLUPART_SCHEME);
  if (std::find(request.schemes.begin(), request.schemes.end(), scheme) == request.schemes.end())
    return "the URL must begin with " + join(request.schemes, ":// or ") + "://";
  for (const auto& [name, value] : request.headers)
    if (name.empty() || name.find_first_of("\r\n:") != name.npos ||
        value.find_first_of("\r\n") != value.npos)
      return "the header " + quote_for_message(name) + " has a line end in it";
  return {};
}

void set_body(CURL* curl, const HttpRequest& request) {
  if (request.method == "GET" && request.body.empty()) return;
  if (request.method == "HEAD") {
    curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    return;
  }
  if (request.method != "DELETE" || !request.body.empty()) {
    curl_easy_setopt(curl, CURLOPT_POST, 1L);
    curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE,
                     static_cast<curl_off_t>(request.body.size()));
    curl_easy_setopt(curl, CURLOPT_POSTFIELDS, request.body.c_str());
  }
  curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, request.method.c_str());
}

List header_lines(const HttpRequest& request) {
  List lines;
  for (const auto& [name, value] : request.headers) {
    std::string line = name;
    line += value.empty() ? ";" : ": ";  // as curl wants an empty one
    add(lines, line += value);
  }
  add(lines, "Expect:");
  if (!has_header(request, "Content-Type")) add(lines, "Content-Type:");
  return lines;
}

void set_limits(CURL* curl, const HttpRequest& request) {
  curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
  curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(request.timeout.count()));
  curl_easy_setopt(curl, CURLOPT_CONNECTTIMEOUT_MS,
                   static_cast<long>(request.connect_timeout.count()));
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_LIMIT, 1L);
  curl_easy_setopt(curl, CURLOPT_LOW_SPEED_TIME, static_cast<long>(request.stall.count()));
  curl_easy_setopt(curl, CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_1_1);
  const std::string schemes = join(request.schemes, ",");
  curl_easy_setopt(curl, CURLOPT_PROTOCOLS_STR, schemes.c_str());
}

void set_redirects(CURL* curl, const HttpRequest& request, bool secure) {
  if (!request.redirects) return;
  curl_easy_setopt(curl, CURLOPT_FOLLOWLOCATION, 1L);
  curl_easy_setopt(curl, CURLOPT_MAXREDIRS, static_cast<long>(request.redirects));
  const std::string schemes = secure ? std::string("https") : join(request.schemes, ",");
  curl_easy_setopt(curl, CURLOPT_REDIR_PROTOCOLS_STR, schemes.c_str());
}

void set_identity(CURL* curl, const HttpRequest& request) {
  curl_easy_setopt(curl, CURLOPT_SSLVERSION, static_cast<long>(CURL_SSLVERSION_TLSv1_2));
  const std::pair<CURLoption, const std::string&> texts[] = {
      {CURLOPT_CAINFO, request.ca_file},
      {CURLOPT_SSLCERT, request.certificate},
      {CURLOPT_SSLKEY, request.key},
      {CURLOPT_UNIX_SOCKET_PATH, request.unix_socket}};
  for (const auto& [option, text] : texts)
    if (!text.empty()) curl_easy_setopt(curl, option, text.c_str());
  if (request.proxy) curl_easy_setopt(curl, CURLOPT_PROXY, request.proxy->c_str());
  curl_easy_setopt(curl, CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L);
  if (request.user.empty()) return;
  curl_easy_setopt(curl, CURLOPT_HTTPAUTH, CURLAUTH_BASIC);
  curl_easy_setopt(curl, CURLOPT_USERNAME, request.user.c_str());
  const std::string password{request.password.reveal()};
  curl_easy_setopt(curl, CURLOPT_PASSWORD, password.c_str());
}

void set_callbacks(CURL* curl, Exchange& exchange) {
  curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, on_header);
  curl_easy_setopt(curl, CURLOPT_HEADERDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, on_body);
  curl_easy_setopt(curl, CURLOPT_WRITEDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETFUNCTION, on_socket);
  curl_easy_setopt(curl, CURLOPT_OPENSOCKETDATA, &exchange);
  curl_easy_setopt(curl, CURLOPT_NOPROGRESS, 0L);
  curl_easy_setopt(curl, CURLOPT_XFERINFOFUNCTION, on_progress);
  curl_easy_setopt(curl, CURLOPT_XFERINFODATA, &exchange);
}

/// "HOST:PORT:ADDRESS:": the URL's own host alone goes to the address.
List pinned(const HttpRequest& request, CURLU* url) {
  List lines;
  if (request.connect_to.empty()) return lines;
  const bool v6 = request.connect_to.find(':') != std::string::npos;
  add(lines, part(url, CURLUPART_HOST) + ":" + part(url, CURLUPART_PORT, CURLU_DEFAULT_PORT) + ":" +
                 (v6 ? "[" + request.connect_to + "]" : request.connect_to) + ":");
  return lines;
}

HttpResult perform(CURL* curl, Exchange& exchange) {
  char detail[CURL_ERROR_SIZE] = "";
  curl_easy_setopt(curl, CURLOPT_ERRORBUFFER, detail);
  const CURLcode code = curl_easy_perform(curl);
  if (code != CURLE_OK) return failure(exchange, code, detail);
  HttpResponse& response = exchange.response;
  char* address = nullptr;
  if (curl_easy_getinfo(curl, CURLINFO_PRIMARY_IP, &address) == CURLE_OK && address)
    response.address = address;
  curl_off_t wait = 0;
  curl_easy_getinfo(curl, CURLINFO_RETRY_AFTER, &wait);
  if (wait > 0) response.retry_after = std::chrono::seconds(std::min<curl_off_t>(wait, 1u << 30));
  return std::move(response);
}

bool empty_file(int fd) { return fd < 0 || (ftruncate(fd, 0) == 0 && lseek(fd, 0, SEEK_SET) == 0); }

HttpResult fetch(const HttpRequest& request) {
  start_curl();
  Exchange exchange{request};
  if (exchange.aborted()) return failure(exchange, CURLE_OK, "");
  const Url url{curl_url()};
  const CURLUcode parsed =
      curl_url_set(url.get(), CURLUPART_URL, request.url.c_str(), CURLU_NON_SUPPORT_SCHEME);
  if (parsed != CURLUE_OK) return error(request, Kind::invalid, curl_url_strerror(parsed));
  if (const std::string wrong = wrong_with(request, url.get()); !wrong.empty())
    return error(request, Kind::invalid, wrong);
  if (!empty_file(request.to_file)) {
    exchange.write_error = errno;
    return failure(exchange, CURLE_WRITE_ERROR, "");
  }
  const std::unique_ptr<CURL, EasyCleanup> curl{curl_easy_init()};
  if (!curl) return error(request, Kind::broken, "no memory");
  const List headers = header_lines(request);
  const List addresses = pinned(request, url.get());
  curl_easy_setopt(curl.get(), CURLOPT_CURLU, url.get());
  curl_easy_setopt(curl.get(), CURLOPT_HTTPHEADER, headers.get());
  curl_easy_setopt(curl.get(), CURLOPT_CONNECT_TO, addresses.get());
  curl_easy_setopt(curl.get(), CURLOPT_USERAGENT, "intelmq/" INTELMQ_VERSION);
  set_limits(curl.get(), request);
  set_redirects(curl.get(), request, part(url.get(), CURLUPART_SCHEME) == "https");
  set_identity(curl.get(), request);
  set_body(curl.get(), request);
  set_callbacks(curl.get(), exchange);
  return perform(curl.get(), exchange);
}

}  // namespace
}  // namespace intelmq

#define EXPORT extern "C" __attribute__((visibility("default")))

EXPORT void intelmq_http_fetch(const intelmq::HttpRequest& request, intelmq::HttpResult& out) {
  out = intelmq::fetch(request);
}

EXPORT void intelmq_url_for_message(const std::string& url, std::string& out) {
  out = intelmq::message_url(url);
}
