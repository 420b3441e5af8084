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
  bool takes_texts() const override { return true; }

  void check_and_add_texts(std::span<Text> texts) override {
    keys_.clear();
    for (const Text& text : texts) keys_.push_back(sha256_hex(text.text));
    there_.assign(keys_.size(), false);
    again([this] { return ask(); });
    for (std::size_t i = 0; i < keys_.size(); ++i)
      texts[i].is_new = !there_[i] && added_.insert(std::move(keys_[i])).second;
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
  bool ask() {
    connection_->next_replies();
    for (const std::string& key : keys_) connection_->command({"EXISTS", key});
    for (std::size_t i = 0; i < keys_.size(); ++i) {
      const RedisReply* reply = answer();
      if (!reply) return false;
      there_[i] = reply->integer != 0;
    }
    return true;
  }

  bool write() {
    connection_->next_replies();
    for (const std::string& key : added_) {
      if (keeps_)
        connection_->command({"SET", key, "hash"});
      else
        connection_->command({"SET", key, "hash", "EX", ttl_});
    }
    for (std::size_t i = 0; i < added_.size(); ++i)
      if (!answer()) return false;
    return true;
  }

  /// The next reply that is no error; nullptr: the connection is given up, and so are the others.
  const RedisReply* answer() {
    const auto reply = connection_->wait_reply(patience);
    if (reply && !(*reply)->is_error()) return *reply;
    if (reply)
      refuse((*reply)->text);
    else
      last_.text = "redis cache " + reply.error().text;
    connection_.reset();
    return nullptr;
  }

  /// Tries until `step` says that it is done. What does not pass soon is a failure that stays until
  /// the next run: nothing is acknowledged then.
  template <class Step>
  void again(Step&& step) {
    for (int i = 0; failure_.text.empty() && i < tries; ++i) {
      if (i) std::this_thread::sleep_for(std::chrono::milliseconds(100) * (1 << i));
      if (!connection_)
        if (auto connected = connect(); !connected) {
          last_.text = "redis cache " + connected.error().text;
          continue;
        }
      if (step()) return;
    }
    if (failure_.text.empty()) failure_.text = last_.text + "; it did not come back in time";
  }

  void refuse(std::string_view error) {
    last_.text = "redis cache " + address_.endpoint.name() + ": " + explain_redis_error(error);
    if (!is_passing_redis_error(error)) failure_ = last_;
  }

  RedisAddress address_;
  std::string ttl_;
  bool keeps_;  // without a time to live
  std::unique_ptr<RedisConnection> connection_;
  std::unordered_set<std::string> added_;  // since the last commit
  std::vector<std::string> keys_;          // of the texts that are asked for
  std::vector<bool> there_;                // for each of them
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
