// SPDX-License-Identifier: Apache-2.0
#include <string>
#include <thread>
#include <unordered_set>
#include <vector>

#include "base/sha256.hpp"
#include "state/redis_seen.hpp"

namespace intelmq {
namespace {

constexpr std::chrono::milliseconds patience{5000};
constexpr int tries = 5;

class RedisSeen final : public Seen {
 public:
  RedisSeen(const RedisAddress& address, std::uint32_t ttl_seconds)
      : address_{address}, ttl_{std::to_string(ttl_seconds)}, keeps_{ttl_seconds == 0} {}

  Result<void> connect() {
    bool may_pass = false;
    auto opened = RedisConnection::open(address_, may_pass);
    if (!opened) return tl::unexpected(opened.error());
    connection_ = std::move(*opened);
    return {};
  }

  Seed seed() const override { return {}; }
  bool check_and_add(Key) override { return true; }
  void prefetch(Key) const override {}
  bool takes_text() const override { return true; }

  bool check_and_add_text(std::string_view text) override {
    std::string key = sha256_hex(text);
    if (added_.contains(key)) return false;
    if (is_there(key)) return false;
    added_.insert(std::move(key));
    return true;
  }

  /// All keys at once; as often as it takes until the server has them.
  Result<void> commit() override {
    if (failure_.text.empty() && !added_.empty()) again([this] { return write(); });
    if (!failure_.text.empty()) return tl::unexpected(failure_);
    added_.clear();
    return {};
  }

  Result<void> close() override { return {}; }
  Counters counters() const override { return {}; }

 private:
  bool is_there(const std::string& key) {
    bool there = false;
    again([&] {
      const auto reply = connection_->ask({"EXISTS", key}, patience);
      if (!reply) return lose(reply.error());
      if ((*reply)->is_error()) return refuse((*reply)->text);
      there = (*reply)->integer != 0;
      return true;
    });
    return there;
  }

  bool write() {
    connection_->next_replies();
    for (const std::string& key : added_) {
      if (keeps_)
        connection_->command({"SET", key, "hash"});
      else
        connection_->command({"SET", key, "hash", "EX", ttl_});
    }
    for (std::size_t i = 0; i < added_.size(); ++i) {
      const auto reply = connection_->wait_reply(patience);
      if (!reply) return lose(reply.error());
      if ((*reply)->is_error()) {
        connection_.reset();  // its other replies are not read
        return refuse((*reply)->text);
      }
    }
    return true;
  }

  /// Tries until `step` says that it is done. What does not pass soon is a failure that stays until
  /// the next run: nothing is acknowledged then.
  template <class Step>
  void again(Step&& step) {
    for (int i = 0; failure_.text.empty() && i < tries; ++i) {
      if (i) std::this_thread::sleep_for(std::chrono::milliseconds(100) * (1 << i));
      if (!connection_)
        if (auto connected = connect(); !connected) {
          last_ = connected.error();
          continue;
        }
      if (step()) return;
    }
    if (failure_.text.empty()) failure_ = last_;
  }

  bool lose(const Error& why) {
    last_ = why;
    connection_.reset();
    return false;
  }

  bool refuse(std::string_view error) {
    last_.text = "redis cache " + address_.endpoint.name() + ": " + explain_redis_error(error);
    if (!is_passing_redis_error(error)) failure_ = last_;
    return false;
  }

  RedisAddress address_;
  std::string ttl_;
  bool keeps_;  // without a time to live
  std::unique_ptr<RedisConnection> connection_;
  std::unordered_set<std::string> added_;  // since the last commit
  Error last_, failure_;
};

}  // namespace
}  // namespace intelmq

extern "C" __attribute__((visibility("default"))) void intelmq_open_redis_seen(
    const intelmq::RedisAddress& address, std::uint32_t ttl_seconds,
    intelmq::Result<std::unique_ptr<intelmq::Seen>>& out) {
  auto seen = std::make_unique<intelmq::RedisSeen>(address, ttl_seconds);
  if (auto connected = seen->connect(); connected)
    out = std::move(seen);
  else
    out = tl::unexpected<intelmq::Error>(connected.error());
}
