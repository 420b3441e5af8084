// SPDX-License-Identifier: Apache-2.0
#include "serve/http_connection.hpp"

#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <cerrno>
#include <utility>

#include "base/file.hpp"

namespace intelmq::serve {
namespace {

constexpr std::size_t read_size = 16u << 10;
constexpr std::size_t most_unparsed = 32u << 10;  // a chunk's line or trailers longer than that: no
constexpr std::size_t block_size = 256u << 10;    // to a file at once
constexpr std::uint64_t skipped_body = 64u << 10;
constexpr std::chrono::seconds linger_time{2};

Problem make_problem(std::string_view code, std::string detail) {
  return {code, std::move(detail), {}, Json::object(), {}};
}

bool has_bare_line_end(std::string_view text) {
  for (std::size_t at = text.find('\n'); at != std::string_view::npos; at = text.find('\n', at + 1))
    if (at == 0 || text[at - 1] != '\r') return true;
  return false;
}

Problem too_large(std::uint64_t limit) {
  Problem out = make_problem("payload-too-large", "The body is longer than allowed here.");
  out.members.set("limit", static_cast<std::int64_t>(limit));
  return out;
}

Problem busy() {
  Problem out = make_problem("rate-limited", "Too many requests are being worked on just now.");
  out.headers.emplace_back("Retry-After", "1");
  return out;
}

/// The handler's end of an answer: what is never answered is answered here.
class Reply {
 public:
  explicit Reply(std::weak_ptr<Connection> connection) : connection_{std::move(connection)} {}
  Reply(const Reply&) = delete;
  Reply& operator=(const Reply&) = delete;
  ~Reply() {
    if (!connection_.expired()) give(problem("internal", "The request was lost on the way."));
  }
  void give(Response response) {
    if (const auto to = std::exchange(connection_, {}).lock()) to->take(std::move(response));
  }

 private:
  std::weak_ptr<Connection> connection_;
};

}  // namespace

Connection::Connection(std::shared_ptr<Connections> hub, std::unique_ptr<Wire> wire, Peer peer,
                       std::string group)
    : hub_{std::move(hub)},
      wire_{std::move(wire)},
      peer_{std::move(peer)},
      group_{std::move(group)},
      room_{std::make_unique<char[]>(read_size)},
      signal_{hub_->loop.io().context} {
  due(hub_->options.limits.header_time);
}

void Connection::abort() {
  over_ = true;
  wire_->close();
  notify();
}

void Connection::take(Response response) {
  response_ = std::move(response);
  notify();
}

Task<void> Connection::wait() {
  ErrorCode ignored;
  signal_.expires_at(Clock::time_point::max());
  co_await signal_.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
}

Task<void> Connection::off_loop(std::function<void()> job) {
  const auto done = std::make_shared<bool>(false);
  hub_->loop.work(std::move(job), [self = shared_from_this(), done] {
    *done = true;
    self->notify();
  });
  while (!*done) co_await wait();  // to the end: the job works on what the caller has
}

// Here and below: g++ 12 lays out the frame of a coroutine wrongly where co_await stands inside
// some larger expressions, so that each has a statement of its own.
Task<void> Connection::run() {
  const bool opened = co_await wire_->open(peer_);
  over_ = over_ || !opened;
  due(hub_->options.limits.header_time);
  while (!over_) {
    const bool on = co_await exchange();
    if (!on) break;
    waiting_ = true;
    since_ = Clock::now();
    due(hub_->options.limits.idle_time);
    if (hub_->closing) break;
  }
  if (!over_) co_await part();
  wire_->close();
}

/// What the client still sends is read for a while: a socket closed with something unread in it
/// takes the answer away from the client.
Task<void> Connection::part() {
  due(linger_time);
  waiting_ = true;
  since_ = Clock::time_point::min();  // the first to go, should there be too many
  co_await wire_->finish();
  for (std::size_t got = 1; got > 0 && !over_;) got = co_await wire_->read(room_.get(), read_size);
}

Task<void> Connection::more() {
  const std::size_t got = co_await wire_->read(room_.get(), read_size);
  over_ = over_ || got == 0;
  in_.append(room_.get(), got);
}

Task<bool> Connection::exchange() {
  Exchange x(*hub_);
  const std::optional<Problem> wrong_head = co_await read_head(x);
  if (over_) co_return false;
  if (wrong_head) co_return co_await refuse(x, wrong_head->response());
  HttpServer::Admission admission = hub_->admit(*x.request);
  if (admission.refused) co_return co_await refuse(x, std::move(*admission.refused));
  const std::optional<Problem> wrong_body = co_await read_body(x, admission.file);
  if (over_) co_return false;
  if (wrong_body) {
    x.framing.chunked = true;  // nobody knows how much is still to come
    x.request->body = std::string();
    x.memory.clear();  // before others are refused for it
    co_return co_await refuse(x, wrong_body->response());
  }
  undue();
  co_return co_await handle(x);
}

Task<std::optional<Problem>> Connection::read_head(Exchange& x) {
  const Limits& limits = hub_->options.limits;
  x.request->peer = peer_;
  HeadScan scan;
  for (bool begun = false;;) {
    if (in_.starts_with("\r\n")) in_.erase(0, 2);
    if (!in_.empty()) scan = scan_head(in_, limits);
    if (scan.size > 0 || scan.refused) break;
    if (!in_.empty() && !std::exchange(begun, true)) due(limits.header_time);
    co_await more();
    if (over_) co_return std::nullopt;
  }
  waiting_ = false;
  undue();
  std::optional<Problem> wrong = std::move(scan.refused);
  if (!wrong) wrong = x.parser.head(std::string_view(in_).substr(0, scan.size));
  in_.erase(0, scan.size);
  x.request->id = request_id(x.request->header("x-request-id"));
  if (!wrong) wrong = check_head(*x.request, x.parser.version(), x.framing);
  if (!wrong) wrong = read_target(*x.request);
  if (wrong) {
    x.framing.chunked = true;
    co_return wrong;
  }
  x.keep = x.parser.version() >= 11 && x.parser.keeps_alive();
  x.request->head = x.request->method == "HEAD";
  if (x.request->head) x.request->method = "GET";
  co_return wrong;
}

/// Answers without having read the body; goes on only if that can be skipped cheaply.
Task<bool> Connection::refuse(Exchange& x, Response response) {
  const bool small = !x.framing.chunked && x.framing.length.value_or(0) <= skipped_body;
  x.keep = x.keep && small && !(x.framing.any() && x.framing.expects_continue);
  const bool on = co_await answer(x, std::move(response));
  if (!on) co_return false;
  std::string ignored;
  std::uint64_t total = 0;
  waiting_ = true;  // whoever has been refused may be sent away
  since_ = Clock::now();
  while (!x.parser.done()) {
    due(hub_->options.limits.body_time);
    const auto wrong = co_await read_piece(x, ignored, skipped_body, total);
    if (wrong || over_) co_return false;
    ignored.clear();
  }
  co_return true;
}

Task<std::optional<Problem>> Connection::read_body(Exchange& x, bool file) {
  if (file && !x.framing.chunked && !x.framing.length)
    co_return make_problem("length-required", "The body has neither a length nor chunks.");
  if (x.framing.any()) {
    const Limits& limits = hub_->options.limits;
    const std::uint64_t limit = file ? limits.file_body : limits.body;
    if (x.framing.length.value_or(0) > limit) co_return too_large(limit);
    if (x.framing.expects_continue && in_.empty()) {
      const bool sent = co_await send("HTTP/1.1 100 Continue\r\n\r\n");
      over_ = over_ || !sent;
    }
    due(limits.body_time);
  }
  if (file) co_return co_await read_to_file(x);
  co_return co_await read_to_memory(x);
}

Task<std::optional<Problem>> Connection::read_piece(Exchange& x, std::string& out,
                                                    std::uint64_t limit, std::uint64_t& total) {
  if (in_.empty()) co_await more();
  if (over_) co_return std::nullopt;
  const std::size_t before = out.size();
  const RequestParser::Step step = x.parser.body(in_, out);
  in_.erase(0, step.used);
  total += out.size() - before;
  if (step.malformed)
    co_return make_problem("malformed-request", "The chunks are not well-formed.");
  if (total > limit) co_return too_large(limit);
  if (step.used > 0 || x.parser.done()) co_return std::nullopt;
  if (in_.size() > most_unparsed || has_bare_line_end(in_))
    co_return make_problem("malformed-request", "The line of a chunk is too long or ends badly.");
  co_await more();
  co_return std::nullopt;
}

Task<std::optional<Problem>> Connection::read_to_memory(Exchange& x) {
  const Limits& limits = hub_->options.limits;
  std::uint64_t total = 0;
  while (!x.parser.done() && !over_) {
    const std::size_t before = x.request->body.size();
    const auto wrong = co_await read_piece(x, x.request->body, limits.body, total);
    if (wrong || over_) co_return wrong;
    x.memory.add(x.request->body.size() - before);
    if (hub_->body_bytes > limits.body * limits.in_flight) co_return busy();
  }
  co_return std::nullopt;
}

Task<std::optional<Problem>> Connection::read_to_file(Exchange& x) {
  const HttpServer::Options& options = hub_->options;
  if (options.upload_directory.empty())
    co_return make_problem("insufficient-storage", "There is no directory for uploads.");
  std::string path = options.upload_directory + "/upload-XXXXXX", block;
  FileDescriptor file;
  int failure = 0;
  std::function<void()> create = [&] {
    file = FileDescriptor(mkostemp(path.data(), O_CLOEXEC));
    failure = file ? 0 : errno;
  };
  const std::function<void()> write = [&] {
    failure = write_some(file.get(), block).error;
    block.clear();
  };
  co_await off_loop(std::move(create));
  if (failure == 0) x.request->body_file = path;
  x.upload.path = x.request->body_file;
  for (std::uint64_t total = 0; failure == 0 && !x.parser.done() && !over_;) {
    const auto wrong = co_await read_piece(x, block, options.limits.file_body, total);
    if (wrong || over_) co_return wrong;
    if (block.size() < block_size && !x.parser.done()) continue;
    co_await off_loop(write);
    due(options.limits.body_time);
  }
  if (failure == 0) co_return std::nullopt;
  hub_->log.error(options.upload_directory +
                  ": cannot write an upload: " + std::generic_category().message(failure));
  if (failure == ENOSPC || failure == EDQUOT || failure == EFBIG)
    co_return make_problem("insufficient-storage",
                           "There is no room for the body in the directory for uploads.");
  co_return make_problem("internal", "The body could not be written to the directory for uploads.");
}

Task<bool> Connection::handle(Exchange& x) {
  if (hub_->in_flight >= hub_->options.limits.in_flight)
    co_return co_await answer(x, busy().response());
  Response response;
  {
    const Counted<unsigned> counted(hub_->in_flight, 1);
    hub_->handle(x.request, [reply = std::make_shared<Reply>(weak_from_this())](Response given) {
      reply->give(std::move(given));
    });
    while (!response_ && !over_) co_await wait();
    if (!response_) co_return false;
    response = std::move(*std::exchange(response_, std::nullopt));
  }
  co_return co_await answer(x, std::move(response));
}

}  // namespace intelmq::serve
