// SPDX-License-Identifier: Apache-2.0
#include "serve/http_server.hpp"

#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/co_spawn.hpp>
#include <cerrno>
#include <exception>
#include <utility>

#include "serve/http_connection.hpp"
#include "serve/http_listen.hpp"

namespace intelmq::serve {
namespace {

constexpr std::chrono::milliseconds clock_tick{250}, accept_pause{100};
constexpr int accepted_at_once = 32;

class Server final : public HttpServer {
 public:
  Server(Loop& loop, Listener listener, std::shared_ptr<const Tls> tls,
         std::shared_ptr<Connections> connections)
      : loop_{loop},
        listener_{std::move(listener)},
        address_{listener_.address()},
        tls_{std::move(tls)},
        connections_{std::move(connections)} {
    listen();
  }
  ~Server() override {
    close();
    connections_->abort();
  }
  std::string address() const override { return address_; }
  Result<void> reload() override;
  void close() override {
    accepting_.reset();
    listener_.close();
    connections_->close();
  }

 private:
  void listen() {
    accepting_ = loop_.readable(listener_.fd(), [this] { accept(); });
  }
  void accept();
  void refuse(int fd) const;

  Loop& loop_;
  Listener listener_;
  std::string address_;
  std::shared_ptr<const Tls> tls_;
  std::shared_ptr<Connections> connections_;
  Watch accepting_;
};

Result<void> Server::reload() {
  if (!connections_->options.tls) return {};
  auto loaded = Tls::load(*connections_->options.tls);
  if (!loaded) return tl::unexpected<Error>(loaded.error());
  tls_ = std::move(*loaded);
  return {};
}

void Server::accept() {
  for (int i = 0; i < accepted_at_once; ++i) {
    Listener::Accepted got = listener_.accept();
    if (!got.socket) {
      if (got.error == EMFILE || got.error == ENFILE || got.error == ENOMEM ||
          got.error == ENOBUFS) {
        connections_->log.warning(address_ + ": no connection can be taken just now: " +
                                  std::generic_category().message(got.error));
        accepting_ = loop_.after(accept_pause, [this] { listen(); });
      }
      return;
    }
    if (!connections_->make_room(got.group)) {
      refuse(got.socket.get());
      continue;
    }
    Socket socket(loop_.io().context, asio::generic::stream_protocol(got.family, 0),
                  got.socket.release());
    got.peer.tls = static_cast<bool>(tls_);
    connections_->add(
        tls_ ? tls_->wrap(std::move(socket)) : std::make_unique<Wire>(std::move(socket)),
        std::move(got.peer), std::move(got.group));
  }
}

/// Tells why, if that can be told at once and without TLS.
void Server::refuse(int fd) const {
  if (tls_) return;
  Response response = problem("rate-limited", "There are too many connections.");
  response.headers.emplace_back("Retry-After", "1");
  const std::string bytes = head_of(response, response.body.size(), false, false) + response.body;
  char ignored[4096];
  (void)!recv(fd, ignored, sizeof ignored, MSG_DONTWAIT);
  (void)!send(fd, bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
  shutdown(fd, SHUT_WR);
}

}  // namespace

Connections::Connections(Loop& its_loop, Log& its_log, HttpServer::Options its_options,
                         HttpServer::Admit admit, Handler handler)
    : loop{its_loop},
      log{its_log},
      options{std::move(its_options)},
      admit_{std::move(admit)},
      handler_{std::move(handler)} {}

bool Connections::make_room(const std::string& group) {
  const auto same = std::count_if(open_.begin(), open_.end(),
                                  [&](const auto& one) { return one->group() == group; });
  const bool group_full = static_cast<unsigned>(same) >= options.limits.per_address;
  if (!group_full && open_.size() < options.limits.connections) return true;
  auto oldest = open_.end();
  for (auto one = open_.begin(); one != open_.end(); ++one)
    if ((*one)->is_waiting() && (!group_full || (*one)->group() == group) &&
        (oldest == open_.end() || (*one)->since() < (*oldest)->since()))
      oldest = one;
  if (oldest == open_.end()) return false;
  const std::shared_ptr<Connection> gone = *oldest;
  open_.erase(oldest);
  gone->abort();
  return true;
}

void Connections::add(std::unique_ptr<Wire> wire, Peer peer, std::string group) {
  auto self = shared_from_this();
  auto made =
      std::make_shared<Connection>(self, std::move(wire), std::move(peer), std::move(group));
  open_.push_back(made);
  if (!clock_) clock_ = loop.every(clock_tick, [this] { end_overdue(); });
  asio::co_spawn(
      loop.io().context, [made]() -> Task<void> { co_await made->run(); },
      [self, made](const std::exception_ptr& failure) {
        self->remove(made.get());
        if (!failure) return;
        made->abort();
        try {
          std::rethrow_exception(failure);
        } catch (const std::exception& what) {
          self->log.error(self->options.listen + ": a connection ended: " + what.what());
        }
      });
}

void Connections::remove(const Connection* connection) {
  open_.erase(std::remove_if(open_.begin(), open_.end(),
                             [&](const auto& one) { return one.get() == connection; }),
              open_.end());
  if (open_.empty()) clock_.reset();
}

void Connections::end_overdue() {
  const auto now = Connection::Clock::now();
  for (const auto& one : std::vector(open_))
    if (one->deadline() < now) one->abort();
}

void Connections::close() {
  closing = true;
  for (const auto& one : std::vector(open_))
    if (one->is_waiting()) one->abort();
}

void Connections::abort() {
  aborted_ = true;
  clock_.reset();
  for (const auto& one : std::exchange(open_, {})) one->abort();  // who holds on to this
}

HttpServer::Admission Connections::admit(const Request& head) const {
  if (aborted_) return {false, problem("internal", "The service ends.")};
  if (head.path == "*") return {false, Response::empty().with("Allow", std::string(all_methods))};
  if (options.get_only && head.method != "GET")
    return {false, problem("method-not-allowed", "There are only GET and HEAD here.")
                       .with("Allow", "GET, HEAD")};
  if (!admit_) return {};
  try {
    return admit_(head);
  } catch (const std::exception& what) {
    log.error(head.path + ": " + what.what());
    return {false, problem("internal", "The request failed.")};
  }
}

void Connections::handle(std::shared_ptr<Request> request, const Responder& respond) const {
  const std::string path = request->path;
  if (aborted_) return;
  try {
    handler_(std::move(request), respond);
  } catch (const std::exception& what) {
    log.error(path + ": " + what.what());
    respond(problem("internal", "The request failed."));
  }
}

Result<std::unique_ptr<HttpServer>> HttpServer::open(Loop& loop, Log& log, Options options,
                                                     Admit admit, Handler handler) {
  std::shared_ptr<const Tls> tls;
  if (options.tls) {
    auto loaded = Tls::load(*options.tls);
    if (!loaded) return tl::unexpected<Error>(loaded.error());
    tls = std::move(*loaded);
  }
  auto listener = Listener::open(options.listen);
  if (!listener) return tl::unexpected<Error>(listener.error());
  auto connections = std::make_shared<Connections>(loop, log, std::move(options), std::move(admit),
                                                   std::move(handler));
  return std::make_unique<Server>(loop, std::move(*listener), std::move(tls),
                                  std::move(connections));
}

}  // namespace intelmq::serve
