// SPDX-License-Identifier: Apache-2.0
#include "serve/http_listen.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <memory>

#include "base/text.hpp"

namespace intelmq::serve {
namespace {

constexpr unsigned socket_mode = 0660;

union Address {
  sockaddr any;
  sockaddr_in v4;
  sockaddr_in6 v6;
  sockaddr_un local;
  sockaddr_storage room;
};

std::string text_of(int family, const void* bytes) {
  char text[INET6_ADDRSTRLEN] = "";
  inet_ntop(family, bytes, text, sizeof text);
  return text;
}

/// An IPv4 address that came through an IPv6 socket is shown as what it is.
std::string text_of(const Address& address) {
  if (address.any.sa_family == AF_INET) return text_of(AF_INET, &address.v4.sin_addr);
  const auto* bytes = address.v6.sin6_addr.s6_addr;
  if (IN6_IS_ADDR_V4MAPPED(&address.v6.sin6_addr)) return text_of(AF_INET, bytes + 12);
  return text_of(AF_INET6, bytes);
}

std::string network_of(const Address& address) {
  if (address.any.sa_family != AF_INET6 || IN6_IS_ADDR_V4MAPPED(&address.v6.sin6_addr))
    return text_of(address);
  return {reinterpret_cast<const char*>(address.v6.sin6_addr.s6_addr), 8};
}

void describe_local(int fd, Listener::Accepted& out) {
  ucred credentials{};
  socklen_t size = sizeof credentials;
  out.peer.address = "unix";
  out.peer.loopback = true;
  if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &credentials, &size) == 0) {
    out.peer.uid = credentials.uid;
    out.peer.gid = credentials.gid;
    out.peer.pid = credentials.pid;
  }
  out.group = "uid:" + std::to_string(credentials.uid);
}

void describe_remote(int fd, const Address& address, Listener::Accepted& out) {
  out.peer.address = text_of(address);
  out.peer.loopback = out.peer.address == "::1" || out.peer.address.starts_with("127.");
  out.group = network_of(address);
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/// Whether somebody takes connections at this socket file.
bool is_live(const Address& address, socklen_t size) {
  const FileDescriptor probe(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  return connect(probe.get(), &address.any, size) == 0 || errno != ECONNREFUSED;
}

}  // namespace

std::pair<std::string, std::string> split_host_port(std::string_view text) {
  const std::size_t colon = text.rfind(':');
  if (colon == std::string_view::npos) return {};
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  if (host.starts_with('[') && host.ends_with(']'))
    host = host.substr(1, host.size() - 2);
  else if (host.find(':') != std::string_view::npos)
    return {};
  const bool digits =
      std::all_of(port.begin(), port.end(), [](char c) { return c >= '0' && c <= '9'; });
  if (host.empty() || port.empty() || port.size() > 5 || !digits ||
      std::stoi(std::string(port)) > 65535)
    return {};
  return {std::string(host), std::string(port)};
}

Result<Listener> Listener::open(std::string_view address) {
  Listener out;
  out.address_ = address;
  Result<void> bound;
  if (address.starts_with("unix:") && address.size() > 5) {
    bound = out.bind_unix(std::string(address.substr(5)));
  } else if (address.starts_with("tcp:")) {
    const auto [host, port] = split_host_port(address.substr(4));
    if (port.empty())
      return fail("cannot listen on " + quote_for_message(address) +
                  "; write 'tcp:HOST:PORT', an IPv6 address in brackets");
    bound = out.bind_tcp(host, port);
  } else {
    return fail("cannot listen on " + quote_for_message(address) +
                "; write 'unix:PATH' or 'tcp:HOST:PORT'");
  }
  if (!bound) return tl::unexpected<Error>(bound.error());
  return out;
}

Result<void> Listener::bind_unix(const std::string& path) {
  Address address{};
  address.local.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.local.sun_path)
    return fail("cannot listen on " + quote_for_message(address_) + ": the path has more than " +
                std::to_string(sizeof address.local.sun_path - 1) + " bytes");
  std::copy(path.begin(), path.end(), address.local.sun_path);
  // Held as long as the socket: of two that find the same stale socket only one may replace it.
  auto lock = lock_file(path + ".lock");
  if (!lock) return fail("cannot listen on " + address_ + ": " + lock.error().text);
  struct stat found = {};
  if (lstat(path.c_str(), &found) == 0) {
    if (!S_ISSOCK(found.st_mode))
      return fail("cannot listen on " + address_ + ": the file there is no socket; remove it");
    if (is_live(address, sizeof address.local))
      return fail("cannot listen on " + address_ +
                  ": another process listens there; stop it first");
    unlink(path.c_str());
  }
  FileDescriptor made(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  // Nobody can connect before listen, so nobody gets in before the mode is set.
  if (!made || bind(made.get(), &address.any, sizeof address.local) != 0 ||
      chmod(path.c_str(), socket_mode) != 0 || listen(made.get(), SOMAXCONN) != 0 ||
      lstat(path.c_str(), &found) != 0)
    return system_failure("cannot listen on " + address_, "the socket", errno);
  socket_ = std::move(made);
  lock_ = std::move(*lock);
  path_ = path;
  device_ = found.st_dev;
  inode_ = found.st_ino;
  return {};
}

Result<void> Listener::bind_tcp(std::string_view host, const std::string& port) {
  addrinfo hints{}, *list = nullptr;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_PASSIVE;
  const int code = getaddrinfo(std::string(host).c_str(), port.c_str(), &hints, &list);
  if (code != 0) return fail("cannot listen on " + address_ + ": " + gai_strerror(code));
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> owner(list, freeaddrinfo);
  FileDescriptor made(socket(list->ai_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0));
  const int on = 1;
  if (made) setsockopt(made.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (!made || bind(made.get(), list->ai_addr, list->ai_addrlen) != 0 ||
      listen(made.get(), SOMAXCONN) != 0) {
    const int error = errno;
    if (error == EADDRINUSE)
      return fail("cannot listen on " + address_ +
                  ": another process listens there; stop it or choose another port");
    return system_failure("cannot listen on " + address_, "the socket", error);
  }
  Address bound{};
  socklen_t size = sizeof bound;
  getsockname(made.get(), &bound.any, &size);
  const bool six = bound.any.sa_family == AF_INET6;
  const std::string name = six ? text_of(AF_INET6, &bound.v6.sin6_addr) : text_of(bound);
  address_ = "tcp:" + (six ? "[" + name + "]" : name) + ":" +
             std::to_string(ntohs(six ? bound.v6.sin6_port : bound.v4.sin_port));
  socket_ = std::move(made);
  return {};
}

void Listener::close() {
  if (!socket_) return;
  struct stat found = {};
  if (!path_.empty() && lstat(path_.c_str(), &found) == 0 && found.st_dev == device_ &&
      found.st_ino == inode_)
    unlink(path_.c_str());
  socket_.reset();
  lock_.reset();
}

Listener::Accepted Listener::accept() const {
  Accepted out;
  Address address{};
  socklen_t size = sizeof address;
  out.socket = FileDescriptor(accept4(fd(), &address.any, &size, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!out.socket) {
    out.error = errno;
    return out;
  }
  out.family = path_.empty() ? address.any.sa_family : AF_UNIX;
  if (out.family == AF_UNIX)
    describe_local(out.socket.get(), out);
  else
    describe_remote(out.socket.get(), address, out);
  return out;
}

}  // namespace intelmq::serve
