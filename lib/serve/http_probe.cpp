// SPDX-License-Identifier: Apache-2.0
#include "serve/http_probe.hpp"

#include <poll.h>

#include <algorithm>
#include <cstdio>

#include "base/text.hpp"
#include "net/stream.hpp"
#include "serve/http_listen.hpp"

namespace intelmq::serve {
namespace {

using Clock = std::chrono::steady_clock;
constexpr std::size_t most = 64u << 10;

struct Target {
  Endpoint endpoint;
  std::string host, path;
};

Result<Target> read_target(std::string_view where, std::string_view otherwise) {
  Target out;
  out.path = otherwise;
  if (where.starts_with("unix:") && where.size() > 5) {
    out.endpoint.unix_path = where.substr(5);
    out.host = "localhost";
    return out;
  }
  if (!where.starts_with("http://"))
    return fail("cannot ask " + quote_for_message(where) +
                "; write 'http://HOST:PORT/PATH' or 'unix:PATH'");
  where.remove_prefix(7);
  const std::size_t slash = std::min(where.find('/'), where.size());
  out.host = where.substr(0, slash);
  if (slash < where.size()) out.path = where.substr(slash);
  const bool has_port = out.host.find_last_of(':') != std::string::npos && !out.host.ends_with(']');
  const auto [host, port] = split_host_port(has_port ? out.host : out.host + ":80");
  const bool clean =
      std::all_of(out.path.begin(), out.path.end(), [](char c) { return c > ' ' && c < 0x7f; });
  if (port.empty() || !clean) return fail("there is no such URL: " + quote_for_message(where));
  out.endpoint.host = host;
  out.endpoint.port = static_cast<std::uint16_t>(std::stoi(port));
  return out;
}

/// False: the time is over.
bool wait_for(int fd, short events, Clock::time_point end) {
  const auto left =
      std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now()).count();
  pollfd one{fd, events, 0};
  return left > 0 && ::poll(&one, 1, static_cast<int>(left)) > 0;
}

Result<std::string> exchange(Stream& stream, std::string_view request, Clock::time_point end) {
  while (!request.empty()) {
    const auto written = stream.write(request);
    if (!written) return tl::unexpected<Error>(written.error());
    if (*written != Stream::later) request.remove_prefix(*written);
    if (*written == Stream::later && !wait_for(stream.fd(), POLLOUT, end))
      return fail("no time left");
  }
  std::string out;
  while (out.size() < most) {
    char bytes[4096];
    const auto got = stream.read(bytes, sizeof bytes);
    if (!got) return tl::unexpected<Error>(got.error());
    if (*got == 0) return out;
    if (*got != Stream::later) out.append(bytes, *got);
    if (*got == Stream::later && !wait_for(stream.fd(), POLLIN, end))
      return fail("no answer in time");
  }
  return out;
}

}  // namespace

Result<Probed> probe(std::string_view where, std::string_view otherwise,
                     std::chrono::milliseconds limit) {
  auto target = read_target(where, otherwise);
  if (!target) return tl::unexpected<Error>(target.error());
  const auto end = Clock::now() + limit;
  target->endpoint.connect_timeout = limit;
  auto stream = Stream::connect(target->endpoint);
  if (!stream) return tl::unexpected<Error>(stream.error());
  const auto answer = exchange(**stream,
                               "GET " + target->path + " HTTP/1.1\r\nHost: " + target->host +
                                   "\r\nConnection: close\r\n\r\n",
                               end);
  if (!answer) return fail(std::string(where) + ": " + answer.error().text);
  const bool is_http = answer->size() >= 12 && answer->starts_with("HTTP/1.1 ") &&
                       std::all_of(answer->begin() + 9, answer->begin() + 12,
                                   [](char c) { return c >= '0' && c <= '9'; });
  if (!is_http) return fail(std::string(where) + ": what answers there does not speak HTTP");
  const std::size_t head = answer->find("\r\n\r\n");
  return Probed{std::stoi(answer->substr(9, 3)),
                head == std::string::npos ? "" : answer->substr(head + 4)};
}

int healthcheck(std::string_view where) {
  const auto probed = probe(where, "/livez", std::chrono::seconds(4));
  if (!probed) {
    std::printf("unhealthy: %s\n", probed.error().text.c_str());
    return 1;
  }
  const bool well = probed->status / 100 == 2;
  std::printf("%s: HTTP status %d\n", well ? "healthy" : "unhealthy", probed->status);
  return well ? 0 : 1;
}

}  // namespace intelmq::serve
