// SPDX-License-Identifier: Apache-2.0
#include "serve/syslog_link.hpp"

#include <netdb.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>
#include <system_error>

#include "base/file.hpp"
#include "net/stream.hpp"

namespace intelmq::serve {
namespace {

using Clock = std::chrono::steady_clock;
using Transport = SyslogTarget::Transport;

tl::unexpected<Error> failed(const std::string& name, int error) {
  return fail(name + ": " + std::generic_category().message(error));
}

class StreamLink final : public SyslogLink {
 public:
  StreamLink(std::unique_ptr<Stream> stream, std::string name)
      : stream_{std::move(stream)}, name_{std::move(name)} {}

  Result<void> write(std::string_view& bytes) override {
    while (!bytes.empty()) {
      const auto put = stream_->write(bytes);
      if (!put) return tl::unexpected(put.error());
      if (*put == Stream::later) break;
      bytes.remove_prefix(*put);
    }
    return {};
  }
  Result<void> check() override {
    char nothing[512];
    for (;;) {
      const auto got = stream_->read(nothing, sizeof nothing);
      if (!got) return tl::unexpected(got.error());
      if (*got == Stream::later) return {};
      if (*got == 0) return fail(name_ + ": the server has closed the connection");
    }
  }
  bool datagrams() const override { return false; }
  int fd() const override { return stream_->fd(); }

 private:
  std::unique_ptr<Stream> stream_;
  std::string name_;
};

class DatagramLink final : public SyslogLink {
 public:
  DatagramLink(FileDescriptor socket, std::string name)
      : socket_{std::move(socket)}, name_{std::move(name)} {}

  Result<void> write(std::string_view& bytes) override {
    const ssize_t put = ::send(fd(), bytes.data(), bytes.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put < 0) {
      if (errno == EAGAIN || errno == EINTR || errno == ENOBUFS) return {};
      return failed(name_, errno);
    }
    bytes = {};
    return {};
  }
  Result<void> check() override {
    int error = 0;
    socklen_t size = sizeof error;
    getsockopt(fd(), SOL_SOCKET, SO_ERROR, &error, &size);
    if (error) return failed(name_, error);
    char nothing[16];
    while (::recv(fd(), nothing, sizeof nothing, MSG_DONTWAIT) > 0) continue;
    return {};
  }
  bool datagrams() const override { return true; }
  int fd() const override { return socket_.get(); }

 private:
  FileDescriptor socket_;
  std::string name_;
};

Result<std::unique_ptr<SyslogLink>> connect_udp(const SyslogTarget& target) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_DGRAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int code =
      getaddrinfo(target.host.c_str(), std::to_string(target.port).c_str(), &hints, &found);
  if (code != 0) return fail(target.name() + ": " + gai_strerror(code));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> all(found, freeaddrinfo);
  int error = EADDRNOTAVAIL;
  for (const addrinfo* at = found; at; at = at->ai_next) {
    FileDescriptor socket(::socket(at->ai_family, SOCK_DGRAM | SOCK_CLOEXEC, 0));
    if (socket && ::connect(socket.get(), at->ai_addr, at->ai_addrlen) == 0)
      return std::make_unique<DatagramLink>(std::move(socket), target.name());
    error = errno;
  }
  return failed(target.name(), error);
}

Result<std::unique_ptr<SyslogLink>> connect_stream(const SyslogTarget& target,
                                                   std::chrono::milliseconds limit) {
  Endpoint endpoint;
  endpoint.host = target.host;
  endpoint.port = target.port;
  endpoint.unix_path = target.path;
  endpoint.tls = target.transport == Transport::tls;
  endpoint.server_name = target.server_name;
  endpoint.ca_file = target.ca_file;
  endpoint.certificate = target.cert_file;
  endpoint.key = target.key_file;
  endpoint.connect_timeout = limit;
  auto stream = Stream::connect(endpoint);
  if (!stream) return tl::unexpected(stream.error());
  return std::make_unique<StreamLink>(std::move(*stream), target.name());
}

/// Most syslog servers have a socket of datagrams; some a stream.
Result<std::unique_ptr<SyslogLink>> connect_local(const SyslogTarget& target,
                                                  std::chrono::milliseconds limit) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (target.path.size() >= sizeof address.sun_path) return failed(target.name(), ENAMETOOLONG);
  std::memcpy(address.sun_path, target.path.data(), target.path.size());
  FileDescriptor socket(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  if (socket &&
      ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return std::make_unique<DatagramLink>(std::move(socket), target.name());
  if (errno == EPROTOTYPE) return connect_stream(target, limit);
  return failed(target.name(), errno);
}

/// Milliseconds until then, at least 0.
int left(Clock::time_point until) {
  const auto time =
      std::chrono::duration_cast<std::chrono::milliseconds>(until - Clock::now()).count();
  return static_cast<int>(std::max<std::int64_t>(time, 0));
}

}  // namespace

Result<std::unique_ptr<SyslogLink>> SyslogLink::connect(const SyslogTarget& target,
                                                        std::chrono::milliseconds limit) {
  switch (target.transport) {
    case Transport::local: return connect_local(target, limit);
    case Transport::udp: return connect_udp(target);
    case Transport::tcp:
    case Transport::tls: break;
  }
  return connect_stream(target, limit);
}

Result<void> send_syslog_once(const SyslogTarget& target, const LogRecord& record,
                              std::chrono::milliseconds limit) {
  // A refusal of a client's certificate, or of a datagram, comes a little later.
  constexpr std::chrono::milliseconds afterthought{250};
  auto link = SyslogLink::connect(target, limit);
  if (!link) return tl::unexpected(link.error());
  const std::string message = syslog_message(target.style, record, 0, syslog_host());
  const std::string frame = (*link)->datagrams() ? message : syslog_frame(target.framing, message);
  const auto deadline = Clock::now() + limit;
  for (std::string_view rest = frame;;) {
    if (auto done = (*link)->write(rest); !done) return done;
    if (rest.empty()) break;
    pollfd watched = {(*link)->fd(), POLLOUT, 0};
    if (::poll(&watched, 1, left(deadline)) == 0)
      return fail(target.name() + ": the server does not take the message");
  }
  for (const auto end = Clock::now() + afterthought; left(end) > 0;) {
    pollfd watched = {(*link)->fd(), POLLIN, 0};
    if (::poll(&watched, 1, left(end)) <= 0) continue;
    if (auto alive = (*link)->check(); !alive) return alive;
  }
  return {};
}

}  // namespace intelmq::serve
