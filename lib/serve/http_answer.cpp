// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <cerrno>
#include <charconv>
#include <ctime>

#include "base/file.hpp"
#include "base/text.hpp"
#include "serve/http_connection.hpp"

namespace intelmq::serve {
namespace {

constexpr std::size_t piece_size = 64u << 10;   // each gets the idle time anew
constexpr std::size_t block_size = 128u << 10;  // of a file
constexpr std::size_t most_behind = 1u << 20;   // of a stream

bool has(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers)
    if (ascii_lower(key) == name) return true;
  return false;
}

/// What frames the answer is decided here alone.
bool is_ours(std::string_view name) {
  for (const std::string_view ours :
       {"connection", "content-length", "content-type", "date", "transfer-encoding"})
    if (ascii_lower(name) == ours) return true;
  return false;
}

void put(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  for (const char c : value) out += static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c;
  out += "\r\n";
}

std::string date() {
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  gmtime_r(&now, &parts);
  char text[40];
  return {text, std::strftime(text, sizeof text, "%a, %d %b %Y %H:%M:%S GMT", &parts)};
}

/// The stream as the handler has it. Lost without an end, it takes the connection with it, so
/// that the client sees that something is missing.
class Outflow final : public BodyStream {
 public:
  Outflow(std::shared_ptr<Flow> flow, std::weak_ptr<Connection> connection)
      : flow_{std::move(flow)}, connection_{std::move(connection)} {}
  ~Outflow() override {
    if (!flow_->ended) cut();
  }
  bool write(std::string_view bytes) override {
    if (!open()) return false;
    if (flow_->queue.size() + flow_->sending > most_behind) {
      cut();
      return false;
    }
    flow_->queue += bytes;
    notify();
    return true;
  }
  void end() override {
    flow_->ended = true;
    notify();
  }
  bool open() const override { return flow_->open && !flow_->ended; }

 private:
  void notify() {
    if (const auto connection = connection_.lock()) connection->notify();
  }
  void cut() {
    flow_->open = false;
    if (const auto connection = connection_.lock()) connection->abort();
  }
  std::shared_ptr<Flow> flow_;
  std::weak_ptr<Connection> connection_;
};

std::string hex(std::size_t value) {
  char text[20];
  return {text, std::to_chars(text, text + sizeof text, value, 16).ptr};
}

}  // namespace

Upload::~Upload() {
  if (!path.empty()) unlink(path.c_str());
}

std::string head_of(const Response& response, std::optional<std::uint64_t> length, bool chunked,
                    bool keep) {
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + ' ';
  out.append(reason_of(response.status)).append("\r\n");
  put(out, "Date", date());
  if (!response.type.empty()) put(out, "Content-Type", response.type);
  if (length) put(out, "Content-Length", std::to_string(*length));
  if (chunked) put(out, "Transfer-Encoding", "chunked");
  if (!keep) put(out, "Connection", "close");
  for (const auto& [name, value] : response.headers)
    if (!is_ours(name)) put(out, name, value);
  return out += "\r\n";
}

/// What every answer has.
void Connection::finish(Exchange& x, Response& response) const {
  x.keep = x.keep && !hub_->closing;
  if (!has(response, "etag") && !has(response, "cache-control"))
    response.headers.emplace_back("Cache-Control", "no-store");
  response.headers.emplace_back("X-Content-Type-Options", "nosniff");
  response.headers.emplace_back("X-Request-Id", x.request->id);
  if (response.type != "application/problem+json") return;
  auto body = Json::parse(response.body);
  if (!body || !body->is_object()) return;
  const std::string& target = x.request->target;
  if (!x.request->path.empty() && target.starts_with('/'))
    body->set("instance", target.substr(0, target.find('?')));
  body->set("request_id", x.request->id);
  response.body = body->dump() + '\n';
}

/// True: the connection goes on.
Task<bool> Connection::answer(Exchange& x, Response response) {
  finish(x, response);
  bool sent = false;
  if (!response.file.empty()) {
    sent = co_await send_file(x, response);
  } else if (response.stream) {
    sent = co_await send_stream(x, response);
  } else {
    sent = co_await send_body(x, response);
  }
  over_ = over_ || !sent;
  co_return sent&& x.keep;
}

Task<bool> Connection::send_body(Exchange& x, Response& response) {
  const bool bare = response.status == 204 || response.status == 304;
  std::optional<std::uint64_t> length;
  if (!bare) length = response.body.size();
  std::string bytes = head_of(response, length, false, x.keep);
  if (bare || x.request->head) response.body.clear();
  if (response.body.size() < piece_size) bytes += std::exchange(response.body, {});
  const bool begun = co_await send(bytes);
  if (!begun) co_return false;
  co_return co_await send(response.body);
}

Task<bool> Connection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    due(hub_->options.limits.idle_time);
    const bool written = co_await wire_->write(bytes.substr(0, piece_size));
    if (!written) co_return false;
    bytes.remove_prefix(std::min(bytes.size(), piece_size));
  }
  undue();
  co_return !over_;
}

Task<bool> Connection::send_file(Exchange& x, Response& response) {
  FileDescriptor file;
  struct stat facts = {};
  std::string block;
  int failure = 0;
  std::function<void()> open = [&] {
    file = FileDescriptor(::open(response.file.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK));
    failure = !file || fstat(file.get(), &facts) != 0 ? errno : 0;
    if (failure == 0 && !S_ISREG(facts.st_mode)) failure = EINVAL;
  };
  co_await off_loop(std::move(open));
  if (failure != 0) {
    hub_->log.error(response.file +
                    ": cannot be sent: " + std::generic_category().message(failure));
    response = problem("internal", "The file cannot be read.");
    finish(x, response);
    co_return co_await send_body(x, response);
  }
  auto left = static_cast<std::uint64_t>(facts.st_size);
  const std::string head = head_of(response, left, false, x.keep);
  bool sent = co_await send(head);
  const std::function<void()> read = [&] {
    block.resize(std::min<std::uint64_t>(left, block_size));
    const ssize_t got = ::read(file.get(), block.data(), block.size());
    block.resize(got > 0 ? static_cast<std::size_t>(got) : 0);
  };
  while (sent && left > 0 && !x.request->head) {
    co_await off_loop(read);
    if (block.empty()) co_return false;  // it has become shorter
    sent = co_await send(block);
    left -= block.size();
  }
  co_return sent;
}

/// The connection ends with the stream: while it runs, all that comes is dropped, as it is read
/// for the end alone.
Task<bool> Connection::send_stream(Exchange& x, Response& response) {
  x.keep = false;
  const bool chunked = x.parser.version() >= 11;
  const std::string head = head_of(response, std::nullopt, chunked, false);
  const bool begun = co_await send(head);
  if (!begun || x.request->head) co_return begun;
  const auto flow = std::make_shared<Flow>();
  asio::co_spawn(
      hub_->loop.io().context,
      [self = shared_from_this(), flow]() -> Task<void> { return self->watch_peer(flow); },
      asio::detached);
  response.stream(std::make_shared<Outflow>(flow, weak_from_this()));
  const bool done = co_await send_flow(flow, chunked);
  flow->open = false;
  co_return done;
}

Task<void> Connection::watch_peer(std::shared_ptr<Flow> flow) {
  for (std::size_t got = 1; got > 0;) got = co_await wire_->read(room_.get(), 1u << 10);
  flow->open = false;
  abort();
}

Task<bool> Connection::send_flow(std::shared_ptr<Flow> flow, bool chunked) {
  while (!over_) {
    if (flow->queue.empty()) {
      if (flow->ended) co_return co_await send(chunked ? "0\r\n\r\n" : "");
      co_await wait();
      continue;
    }
    std::string bytes = std::exchange(flow->queue, {});
    flow->sending = bytes.size();
    if (chunked) bytes = hex(bytes.size()) + "\r\n" + bytes + "\r\n";
    const bool sent = co_await send(bytes);
    if (!sent) co_return false;
    flow->sending = 0;
  }
  co_return false;
}

}  // namespace intelmq::serve
