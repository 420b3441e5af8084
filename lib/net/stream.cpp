// SPDX-License-Identifier: Apache-2.0
#include "net/stream.hpp"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

#include "net/tls.hpp"

namespace intelmq {
namespace {

using Clock = std::chrono::steady_clock;

class Socket {
 public:
  explicit Socket(int fd) : fd_{fd} {}
  Socket(Socket&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  Socket& operator=(Socket&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Socket() {
    if (fd_ >= 0) ::close(fd_);
  }
  int get() const { return fd_; }

 private:
  int fd_;
};

std::string reason(int error) { return std::generic_category().message(error); }

tl::unexpected<Error> failed(const Endpoint& endpoint, std::string_view what) {
  return fail(endpoint.name() + ": " + std::string(what));
}

/// Waits for an event on a socket until the deadline; false: it is over.
bool wait_for(int fd, short events, Clock::time_point deadline) {
  for (;;) {
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - Clock::now()).count();
    if (left <= 0) return false;
    pollfd watched = {fd, events, 0};
    const int ready = ::poll(&watched, 1, static_cast<int>(left));
    if (ready > 0) return true;
    if (ready < 0 && errno != EINTR) return false;
  }
}

/// Connects a fresh non-blocking socket; 0, or why it failed.
int connect_socket(int fd, const sockaddr* address, socklen_t size, Clock::time_point deadline) {
  if (::connect(fd, address, size) == 0) return 0;
  if (errno != EINPROGRESS && errno != EINTR && errno != EAGAIN) return errno;
  if (!wait_for(fd, POLLOUT, deadline)) return ETIMEDOUT;
  int error = 0;
  socklen_t length = sizeof error;
  return getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &length) == 0 ? error : errno;
}

Result<Socket> connect_unix(const Endpoint& endpoint, Clock::time_point deadline) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (endpoint.unix_path.size() >= sizeof address.sun_path)
    return failed(endpoint, "the path of a socket has at most 107 bytes");
  std::memcpy(address.sun_path, endpoint.unix_path.data(), endpoint.unix_path.size());
  Socket socket(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.get() < 0) return failed(endpoint, reason(errno));
  const int error = connect_socket(socket.get(), reinterpret_cast<const sockaddr*>(&address),
                                   sizeof address, deadline);
  if (error) return failed(endpoint, reason(error));
  return socket;
}

void set_tcp_options(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  // A peer that is gone without a word is noticed within a minute.
  setsockopt(fd, SOL_SOCKET, SO_KEEPALIVE, &on, sizeof on);
  const int idle = 20, interval = 10, probes = 3;
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPIDLE, &idle, sizeof idle);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPINTVL, &interval, sizeof interval);
  setsockopt(fd, IPPROTO_TCP, TCP_KEEPCNT, &probes, sizeof probes);
  const unsigned unsent_ms = 30000;
  setsockopt(fd, IPPROTO_TCP, TCP_USER_TIMEOUT, &unsent_ms, sizeof unsent_ms);
}

Result<Socket> connect_tcp(const Endpoint& endpoint, Clock::time_point deadline) {
  addrinfo hints = {};
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_ADDRCONFIG;
  addrinfo* found = nullptr;
  const int code =
      getaddrinfo(endpoint.host.c_str(), std::to_string(endpoint.port).c_str(), &hints, &found);
  if (code != 0) return failed(endpoint, gai_strerror(code));
  const std::unique_ptr<addrinfo, decltype(&freeaddrinfo)> all(found, freeaddrinfo);
  int error = EADDRNOTAVAIL;
  for (const addrinfo* at = found; at; at = at->ai_next) {
    Socket socket(::socket(at->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
    error = socket.get() < 0 ? errno
                             : connect_socket(socket.get(), at->ai_addr, at->ai_addrlen, deadline);
    if (!error && connected_with_itself(socket.get())) error = ECONNREFUSED;
    if (error) continue;
    set_tcp_options(socket.get());
    return socket;
  }
  return failed(endpoint, reason(error));
}

class PlainStream final : public Stream {
 public:
  PlainStream(Socket socket, std::string name)
      : socket_{std::move(socket)}, name_{std::move(name)} {}

  Result<std::size_t> read(char* to, std::size_t size) override {
    for (;;) {
      const ssize_t got = ::recv(socket_.get(), to, size, 0);
      if (got >= 0) return static_cast<std::size_t>(got);
      if (errno == EAGAIN) return later;
      if (errno != EINTR) return fail(name_ + ": " + reason(errno));
    }
  }
  Result<std::size_t> write(std::string_view bytes) override {
    for (;;) {
      const ssize_t put = ::send(socket_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (put >= 0) return static_cast<std::size_t>(put);
      if (errno == EAGAIN) return later;
      if (errno != EINTR) return fail(name_ + ": " + reason(errno));
    }
  }
  int fd() const override { return socket_.get(); }

 private:
  Socket socket_;
  std::string name_;
};

class TlsStream final : public Stream {
 public:
  static Result<std::unique_ptr<Stream>> start(Socket socket, const Endpoint& endpoint,
                                               Clock::time_point deadline) {
    auto stream = std::unique_ptr<TlsStream>(new TlsStream(std::move(socket), endpoint.name()));
    if (auto ready = stream->prepare(endpoint); !ready) return tl::unexpected(ready.error());
    if (auto done = stream->shake_hands(endpoint, deadline); !done)
      return tl::unexpected(done.error());
    return stream;
  }

  Result<std::size_t> read(char* to, std::size_t size) override {
    std::size_t got = 0;
    ERR_clear_error();
    if (SSL_read_ex(ssl_.get(), to, size, &got)) return got;
    return stopped(0);
  }
  Result<std::size_t> write(std::string_view bytes) override {
    std::size_t put = 0;
    ERR_clear_error();
    if (SSL_write_ex(ssl_.get(), bytes.data(), bytes.size(), &put)) return put;
    const int error = SSL_get_error(ssl_.get(), 0);
    if (error == SSL_ERROR_WANT_READ || error == SSL_ERROR_WANT_WRITE) return later;
    return fail(name_ + ": TLS: " + tls_reason());
  }
  int fd() const override { return socket_.get(); }

 private:
  TlsStream(Socket socket, std::string name) : socket_{std::move(socket)}, name_{std::move(name)} {}

  Result<std::size_t> stopped(int code) {
    switch (SSL_get_error(ssl_.get(), code)) {
      case SSL_ERROR_WANT_READ:
      case SSL_ERROR_WANT_WRITE: return later;
      case SSL_ERROR_ZERO_RETURN: return std::size_t{0};
      default: return fail(name_ + ": TLS: " + tls_reason());
    }
  }

  Result<void> prepare(const Endpoint& endpoint) {
    context_.reset(SSL_CTX_new(TLS_client_method()));
    if (!context_) return fail(name_ + ": TLS: " + tls_reason());
    if (auto ready = prepare_tls(context_.get(), endpoint); !ready) return ready;
    ssl_.reset(SSL_new(context_.get()));
    if (!ssl_ || SSL_set_fd(ssl_.get(), socket_.get()) != 1)
      return fail(name_ + ": TLS: " + tls_reason());
    in6_addr address;  // room for either kind
    const char* const host = endpoint.expected().c_str();
    const bool is_address =
        inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1;
    if (!is_address) SSL_set_tlsext_host_name(ssl_.get(), host);
    return {};
  }

  Result<void> shake_hands(const Endpoint& endpoint, Clock::time_point deadline) {
    for (;;) {
      ERR_clear_error();
      const int code = SSL_connect(ssl_.get());
      if (code == 1) return {};
      const int error = SSL_get_error(ssl_.get(), code);
      const bool reading = error == SSL_ERROR_WANT_READ;
      if (!reading && error != SSL_ERROR_WANT_WRITE) {
        const long verdict = SSL_get_verify_result(ssl_.get());
        return failed(endpoint,
                      "TLS: " + (verdict == X509_V_OK ? tls_reason()
                                                      : X509_verify_cert_error_string(verdict) +
                                                            std::string(" (ca= names a file of "
                                                                        "certificates to trust)")));
      }
      if (!wait_for(socket_.get(), reading ? POLLIN : POLLOUT, deadline))
        return failed(endpoint, "TLS: no answer in time");
    }
  }

  template <auto Free>
  struct Freed {
    template <class T>
    void operator()(T* object) const {
      Free(object);
    }
  };
  Socket socket_;
  std::string name_;
  std::unique_ptr<SSL_CTX, Freed<SSL_CTX_free>> context_;
  std::unique_ptr<SSL, Freed<SSL_free>> ssl_;
};

}  // namespace

bool connected_with_itself(int fd) {
  sockaddr_storage own = {}, peer = {};
  socklen_t own_size = sizeof own, peer_size = sizeof peer;
  return getsockname(fd, reinterpret_cast<sockaddr*>(&own), &own_size) == 0 &&
         getpeername(fd, reinterpret_cast<sockaddr*>(&peer), &peer_size) == 0 &&
         own_size == peer_size && std::memcmp(&own, &peer, own_size) == 0;
}

Result<std::unique_ptr<Stream>> Stream::connect(const Endpoint& endpoint) {
  const auto deadline = Clock::now() + endpoint.connect_timeout;
  Result<Socket> socket = endpoint.unix_path.empty() ? connect_tcp(endpoint, deadline)
                                                     : connect_unix(endpoint, deadline);
  if (!socket) return tl::unexpected(socket.error());
  if (endpoint.tls) return TlsStream::start(std::move(*socket), endpoint, deadline);
  return std::make_unique<PlainStream>(std::move(*socket), endpoint.name());
}

}  // namespace intelmq
