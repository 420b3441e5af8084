// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <hiredis/hiredis.h>

#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace intelmq::bench {

constexpr std::size_t batch = 256;

/// A connection as hiredis gives it; whatever goes wrong ends the program with 69.
class Redis {
 public:
  using Reply = std::unique_ptr<redisReply, decltype(&freeReplyObject)>;

  explicit Redis(const char* socket) : context_{redisConnectUnix(socket)} {
    if (context_ == nullptr || context_->err != 0) stop("cannot connect");
  }
  Redis(const Redis&) = delete;
  Redis& operator=(const Redis&) = delete;
  ~Redis() { redisFree(context_); }

  void add(const std::vector<std::string_view>& words) {
    texts_.clear();
    sizes_.clear();
    for (const std::string_view word : words) {
      texts_.push_back(word.data());
      sizes_.push_back(word.size());
    }
    redisAppendCommandArgv(context_, static_cast<int>(words.size()), texts_.data(), sizes_.data());
  }

  /// Sends what was added, if need be, and waits for the next reply.
  Reply reply() {
    void* got = nullptr;
    if (redisGetReply(context_, &got) != REDIS_OK) stop(context_->errstr);
    Reply reply(static_cast<redisReply*>(got), &freeReplyObject);
    if (reply->type == REDIS_REPLY_ERROR) stop(reply->str);
    return reply;
  }

  static std::string_view text(const redisReply& reply) { return {reply.str, reply.len}; }

 private:
  [[noreturn]] static void stop(const char* why) {
    std::fprintf(stderr, "redis: %s\n", why);
    std::_Exit(69);
  }

  redisContext* context_;
  std::vector<const char*> texts_;
  std::vector<std::size_t> sizes_;
};

}  // namespace intelmq::bench
