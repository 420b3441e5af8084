// SPDX-License-Identifier: Apache-2.0
#include "net/redis.hpp"

#include <hiredis/read.h>
#include <poll.h>

#include <array>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <vector>

namespace intelmq {
namespace {

using Kind = RedisReply::Kind;
using SteadyClock = std::chrono::steady_clock;

/// Chunks of memory that are given back all at once; the first is kept.
class Chunks {
 public:
  char* take(std::size_t size) {
    size = (size + 15) / 16 * 16;
    if (size > left_) {
      if (chunks_.empty() && size > usual) chunks_.emplace_back(new char[usual]);
      const std::size_t chunk = size > usual ? size : usual;
      chunks_.emplace_back(new char[chunk]);
      at_ = chunks_.back().get();
      left_ = chunk;
    }
    char* const out = at_;
    at_ += size;
    left_ -= size;
    return out;
  }
  void reset() {
    if (!chunks_.empty()) chunks_.resize(1);
    at_ = chunks_.empty() ? nullptr : chunks_[0].get();
    left_ = chunks_.empty() ? 0 : usual;
  }

 private:
  static constexpr std::size_t usual = 512u << 10;
  std::vector<std::unique_ptr<char[]>> chunks_;
  char* at_ = nullptr;
  std::size_t left_ = 0;
};

/// The value in a line of INFO; `name` has its colon.
std::string_view value_in(std::string_view info, std::string_view name) {
  const std::size_t at = info.find(name);
  if (at == std::string_view::npos) return {};
  info.remove_prefix(at + name.size());
  return info.substr(0, info.find('\r'));
}

unsigned version_in(std::string_view info) {
  const std::string_view text = value_in(info, "redis_version:");
  if (text.empty()) return 0;
  const char* p = text.data();
  const char* const end = p + text.size();
  unsigned version = 0;
  for (int part = 0; part < 3; ++part) {
    unsigned number = 0;
    p = std::from_chars(p, end, number).ptr;
    version = version * 100 + (number < 100 ? number : 99);
    if (p < end && *p == '.') ++p;
  }
  return version;
}

struct Meaning {
  std::string_view word, sentence;
  bool passes;
};

constexpr std::array meanings = {
    Meaning{"OOM", "the server has no memory left (maxmemory); free some or raise it", true},
    Meaning{"LOADING", "the server is still loading its data", true},
    Meaning{"READONLY",
            "the server is a replica that takes no writes; after a failover name the "
            "new master",
            true},
    Meaning{"MISCONF",
            "the server cannot save to its disk and refuses writes; free some disk "
            "space there",
            true},
    Meaning{"BUSY ", "the server is busy with a script", true},
    Meaning{"MASTERDOWN", "the server has lost its master", true},
    Meaning{"CLUSTERDOWN", "the cluster is down", true},
    Meaning{"TRYAGAIN", "the cluster moves this key just now", true},
    Meaning{"NOAUTH", "the server wants a password; give it as redis://:PASSWORD@HOST", false},
    Meaning{"WRONGPASS", "user or password is wrong", false},
    Meaning{"NOPERM", "the user may not do this; see the server's ACL", false},
    Meaning{"MOVED",
            "this is a node of a cluster and the key lives on another one; name that "
            "node, or put the queue's name into braces so that its lists stay together",
            false},
    Meaning{"WRONGTYPE", "the key is there, but not as this kind of queue", false},
};

const Meaning* meaning_of(std::string_view error) {
  for (const Meaning& meaning : meanings)
    if (error.starts_with(meaning.word)) return &meaning;
  return nullptr;
}

}  // namespace

std::string explain_redis_error(std::string_view error) {
  const Meaning* meaning = meaning_of(error);
  if (!meaning) return "the server says: " + std::string(error);
  return std::string(meaning->sentence) + " (it says: " + std::string(error) + ")";
}

bool is_passing_redis_error(std::string_view error) {
  const Meaning* meaning = meaning_of(error);
  return meaning && meaning->passes;
}

/// hiredis's reader, building replies in chunks.
struct RedisConnection::Parser {
  Parser() : reader{redisReaderCreateWithFunctions(&functions)} {
    if (!reader) throw std::bad_alloc{};
    reader->privdata = this;
  }
  ~Parser() { redisReaderFree(reader); }
  Parser(const Parser&) = delete;
  Parser& operator=(const Parser&) = delete;

  static RedisReply* place(const redisReadTask* task, Kind kind) {
    RedisReply* reply;
    if (task->parent) {
      auto* parent = static_cast<RedisReply*>(task->parent->obj);
      reply = const_cast<RedisReply*>(parent->items) + task->idx;
    } else {
      auto* self = static_cast<Parser*>(task->privdata);
      reply = new (self->chunks().take(sizeof(RedisReply))) RedisReply;
    }
    reply->kind = kind;
    return reply;
  }
  static void* make_text(const redisReadTask* task, char* text, std::size_t size) {
    auto* self = static_cast<Parser*>(task->privdata);
    char* const copy = self->chunks().take(size + RedisReply::padding);
    std::memcpy(copy, text, size);
    std::memset(copy + size, 0, RedisReply::padding);
    RedisReply* reply = place(task, task->type == REDIS_REPLY_ERROR    ? Kind::error
                                    : task->type == REDIS_REPLY_STATUS ? Kind::status
                                                                       : Kind::text);
    reply->text = {copy, size};
    return reply;
  }
  static void* make_array(const redisReadTask* task, int size) {
    auto* self = static_cast<Parser*>(task->privdata);
    RedisReply* reply = place(task, Kind::array);
    const auto count = static_cast<std::size_t>(size);
    auto* items =
        reinterpret_cast<RedisReply*>(self->chunks().take((count + 1) * sizeof(RedisReply)));
    for (std::size_t i = 0; i < count; ++i) new (items + i) RedisReply;
    reply->items = items;
    reply->size = count;
    return reply;
  }
  static void* make_integer(const redisReadTask* task, long long value) {
    RedisReply* reply = place(task, Kind::integer);
    reply->integer = value;
    return reply;
  }
  static void* make_nil(const redisReadTask* task) { return place(task, Kind::nil); }
  static void release(void*) {}

  static inline redisReplyObjectFunctions functions = {make_text, make_array, make_integer,
                                                       make_nil, release};
  Chunks& chunks() { return both[active]; }

  redisReader* reader;
  Chunks both[2];
  unsigned active = 0;
  std::array<char, 64 * 1024> in;
};

RedisConnection::RedisConnection(std::unique_ptr<Stream> stream, std::string name)
    : stream_{std::move(stream)}, name_{std::move(name)}, parser_{std::make_unique<Parser>()} {}

RedisConnection::~RedisConnection() = default;

Result<std::unique_ptr<RedisConnection>> RedisConnection::open(const RedisAddress& address,
                                                               bool& gone) {
  gone = true;
  auto stream = Stream::connect(address.endpoint);
  if (!stream) return tl::unexpected(stream.error());
  std::unique_ptr<RedisConnection> connection(
      new RedisConnection(std::move(*stream), address.endpoint.name()));
  if (auto done = connection->log_in(address, gone); !done) return tl::unexpected(done.error());
  return connection;
}

Result<void> RedisConnection::log_in(const RedisAddress& address, bool& gone) {
  const auto expect = [&](const Result<const RedisReply*>& reply) -> Result<const RedisReply*> {
    if (!reply || !(*reply)->is_error()) return reply;
    gone = is_passing_redis_error((*reply)->text);
    return fail(name_ + ": " + explain_redis_error((*reply)->text));
  };
  const auto timeout = address.endpoint.connect_timeout;
  if (!address.password.empty()) {
    const auto said =
        expect(address.user.empty() ? ask({"AUTH", address.password}, timeout)
                                    : ask({"AUTH", address.user, address.password}, timeout));
    if (!said) return tl::unexpected(said.error());
  }
  if (const auto said = expect(ask({"SELECT", std::to_string(address.database)}, timeout)); !said)
    return tl::unexpected(said.error());
  const auto info = ask({"INFO", "server"}, timeout);
  if (!info) return tl::unexpected(info.error());
  // Who may not ask gets the commands that every server knows.
  const std::string_view told = (*info)->kind == Kind::text ? (*info)->text : "";
  version_ = version_in(told);
  run_ = value_in(told, "run_id:");
  next_replies();
  return {};
}

Result<RedisConnection::Identity> RedisConnection::supersede(const Identity& before) {
  constexpr std::chrono::seconds patience{10};
  // Who may not do that, or comes too late, goes on.
  if (before.number && !run_.empty() && before.run == run_)
    if (auto ended = ask({"CLIENT", "KILL", "ID", std::to_string(before.number)}, patience); !ended)
      return tl::unexpected(ended.error());
  const auto own = ask({"CLIENT", "ID"}, patience);
  if (!own) return tl::unexpected(own.error());
  Identity identity{run_, (*own)->integer};
  number_ = identity.number;
  next_replies();
  return identity;
}

void RedisConnection::command(std::initializer_list<std::string_view> words) {
  begin_command(words.size());
  for (const std::string_view text : words) word(text);
}

void RedisConnection::begin_command(std::size_t words) {
  if (sent_ == out_.size()) {
    out_.clear();
    sent_ = 0;
  }
  char number[24];
  const auto end = std::to_chars(number, number + sizeof number, words).ptr;
  out_ += '*';
  out_.append(number, end);
  out_ += "\r\n";
}

void RedisConnection::word(std::string_view text) {
  char number[24];
  const auto end = std::to_chars(number, number + sizeof number, text.size()).ptr;
  out_ += '$';
  out_.append(number, end);
  out_ += "\r\n";
  out_ += text;
  out_ += "\r\n";
}

Result<void> RedisConnection::send() {
  while (sent_ < out_.size()) {
    const auto put = stream_->write(std::string_view(out_).substr(sent_));
    if (!put) return tl::unexpected(put.error());
    if (*put != Stream::later) {
      sent_ += *put;
      continue;
    }
    pollfd watched = {stream_->fd(), POLLIN | POLLOUT, 0};
    constexpr int patience_ms = 30000;
    const int ready = ::poll(&watched, 1, patience_ms);
    if (ready == 0) return fail(name_ + ": takes no commands for 30 seconds");
    if (ready < 0 && errno != EINTR) return fail(name_ + ": cannot be waited for");
    if (ready > 0 && (watched.revents & (POLLIN | POLLHUP | POLLERR)))
      if (auto got = take_in(); !got) return tl::unexpected(got.error());
  }
  return {};
}

/// Reads what is there; false: nothing.
Result<bool> RedisConnection::take_in() {
  const auto got = stream_->read(parser_->in.data(), parser_->in.size());
  if (!got) return tl::unexpected(got.error());
  if (*got == Stream::later) return false;
  if (*got == 0) return fail(name_ + ": the server closed the connection");
  redisReaderFeed(parser_->reader, parser_->in.data(), *got);
  return true;
}

Result<const RedisReply*> RedisConnection::parsed() {
  void* reply = nullptr;
  if (redisReaderGetReply(parser_->reader, &reply) != 0)
    return fail(name_ + ": this is no Redis server: " + parser_->reader->errstr);
  return static_cast<const RedisReply*>(reply);
}

Result<const RedisReply*> RedisConnection::poll_reply() {
  for (;;) {
    auto reply = parsed();
    if (!reply || *reply) return reply;
    const auto got = take_in();
    if (!got) return tl::unexpected(got.error());
    if (!*got) return nullptr;
  }
}

Result<const RedisReply*> RedisConnection::wait_reply(std::chrono::milliseconds timeout) {
  if (auto sent = send(); !sent) return tl::unexpected(sent.error());
  const auto deadline = SteadyClock::now() + timeout;
  for (;;) {
    auto reply = poll_reply();
    if (!reply || *reply) return reply;
    const auto left =
        std::chrono::duration_cast<std::chrono::milliseconds>(deadline - SteadyClock::now());
    if (left.count() <= 0)
      return fail(name_ + ": no answer within " + std::to_string(timeout.count() / 1000) +
                  " seconds");
    pollfd watched = {stream_->fd(), POLLIN, 0};
    ::poll(&watched, 1, static_cast<int>(std::min(left, std::chrono::milliseconds(1000)).count()));
    if (wakeup_) wakeup_->breathe();
  }
}

Result<const RedisReply*> RedisConnection::ask(std::initializer_list<std::string_view> words,
                                               std::chrono::milliseconds timeout) {
  command(words);
  return wait_reply(timeout);
}

void RedisConnection::next_replies() {
  parser_->active ^= 1;
  parser_->chunks().reset();
}

}  // namespace intelmq
