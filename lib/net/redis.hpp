// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "base/wakeup.hpp"
#include "net/stream.hpp"

namespace intelmq {

/// A Redis server, and as whom to use which database of it.
struct RedisAddress {
  Endpoint endpoint;
  std::string user, password;  ///< Without user: the password alone, as before Redis 6.
  unsigned database = 0;
};

/// One reply. Views stay good until the second `RedisConnection::next_replies` after it came.
struct RedisReply {
  enum class Kind : std::uint8_t { text, integer, nil, array, status, error };
  /// Bytes that may be read beyond the end of a text.
  static constexpr std::size_t padding = 64;

  Kind kind = Kind::nil;
  std::string_view text;  ///< Of texts, states and errors.
  std::int64_t integer = 0;
  const RedisReply* items = nullptr;
  std::size_t size = 0;  ///< Of an array.

  bool is_error() const { return kind == Kind::error; }
  bool is_nil() const { return kind == Kind::nil; }
  /// Whether it is an error of this kind, its first word: OOM, LOADING, NOAUTH ...
  bool is_error(std::string_view word) const { return is_error() && text.starts_with(word); }
};

/// What a server's error means and what helps, as one sentence.
std::string explain_redis_error(std::string_view error);

/// Whether a server's error passes: it is starting, out of memory or disk, or failing over.
bool is_passing_redis_error(std::string_view error);

/// A connection that commands are written to in any number before their replies are read.
class RedisConnection {
 public:
  /// Connects, logs in and selects the database. Error: names server and reason; `gone` tells
  /// whether trying again may help.
  static Result<std::unique_ptr<RedisConnection>> open(const RedisAddress& address, bool& gone);
  ~RedisConnection();

  /// Which connection of which run of a server: after its restart numbers are given out anew.
  struct Identity {
    std::string run;  ///< Empty where the server does not tell.
    std::int64_t number = 0;
  };
  /// Ends an earlier connection of ours, which the server may still believe in and do things for.
  /// One to an earlier run of the server is gone, and its number may be somebody else's by now.
  /// Gives the identity of this one.
  Result<Identity> supersede(const Identity& before);
  /// The server's number of this connection, known after `supersede`; or 0.
  std::int64_t number() const { return number_; }

  /// Adds a command to what `send` writes.
  void command(std::initializer_list<std::string_view> words);
  /// The same, word by word: `begin_command(n)`, then n times `word`.
  void begin_command(std::size_t words);
  void word(std::string_view text);

  /// Writes what it can of the commands; takes in replies meanwhile so that neither side waits for
  /// the other. Error: the connection is lost.
  Result<void> send();
  /// The next reply, nullptr if it is not there yet. Error: the connection is lost.
  Result<const RedisReply*> poll_reply();
  /// The same, waiting; `lost` after the timeout too.
  Result<const RedisReply*> wait_reply(std::chrono::milliseconds timeout);
  /// Whom to let breathe while a reply is waited for; nullptr: nobody.
  void let_breathe(const Wakeup* wakeup) { wakeup_ = wakeup; }
  /// Sends one command and gives its reply.
  Result<const RedisReply*> ask(std::initializer_list<std::string_view> words,
                                std::chrono::milliseconds timeout);

  /// Replies that come from now on are kept apart: those from before the last call are given back,
  /// those since then stay until the next one. No reply may be half read.
  void next_replies();
  int fd() const { return stream_->fd(); }
  std::size_t unsent() const { return out_.size() - sent_; }
  /// Redis 6.2 has LMOVE and BLMOVE.
  bool has_lmove() const { return version_ >= 60200; }
  /// And XAUTOCLAIM.
  bool has_autoclaim() const { return has_lmove(); }

 private:
  struct Parser;
  RedisConnection(std::unique_ptr<Stream> stream, std::string name);
  Result<void> log_in(const RedisAddress& address, bool& gone);
  Result<bool> take_in();
  Result<const RedisReply*> parsed();

  std::unique_ptr<Stream> stream_;
  std::string name_;
  std::unique_ptr<Parser> parser_;
  std::string out_;
  std::size_t sent_ = 0;
  unsigned version_ = 0;
  std::string run_;
  std::int64_t number_ = 0;
  const Wakeup* wakeup_ = nullptr;
};

}  // namespace intelmq
