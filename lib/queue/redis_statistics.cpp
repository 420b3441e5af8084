// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>

#include "queue/redis_queue.hpp"

namespace intelmq {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds patience{250};  // for each answer while connecting, and at the end
constexpr milliseconds longest_silence{10000};
constexpr milliseconds first_pause{1000}, longest_pause{60000};

/// Keys on a Redis server. Answers are read when the next figures are written, so that the bot
/// waits for the server only while it connects, and for that the less often the longer it took.
class RedisStatistics final : public StatisticsSink {
 public:
  explicit RedisStatistics(RedisAddress address) : address_{std::move(address)} {
    address_.endpoint.connect_timeout = patience;
  }

  Result<void> write(const std::vector<Figure>& figures) override {
    if (connection_)
      if (auto taken = take_answers(); !taken) connection_.reset();
    if (!connection_)
      if (auto connected = connect(); !connected) return connected;
    // As long as the server owes answers, the way there may be full.
    if (outstanding_) return wait_for_answers();
    connection_->next_replies();
    for (const Figure& figure : figures) {
      const std::string value = std::to_string(figure.value);
      if (figure.seconds)
        connection_->command({"SET", figure.name, value, "EX", std::to_string(figure.seconds)});
      else
        connection_->command({"SET", figure.name, value});
    }
    outstanding_ = figures.size();
    asked_ = SteadyClock::now();
    if (auto sent = connection_->send(); !sent) return lose(sent.error());
    return {};
  }

  Result<void> close() override {
    for (; connection_ && outstanding_; --outstanding_) {
      const auto reply = connection_->wait_reply(patience);
      if (!reply) return lose(reply.error());
      if ((*reply)->is_error()) return refuse((*reply)->text);
    }
    return {};
  }

 private:
  Result<void> connect() {
    const auto begin = SteadyClock::now();
    if (begin < next_try_) return tl::unexpected(why_);
    bool may_pass = false;
    auto opened = RedisConnection::open(address_, may_pass);
    const auto now = SteadyClock::now();
    if (!opened) {
      next_try_ = now + std::max<SteadyClock::duration>(pause_, 50 * (now - begin));
      pause_ = std::min(longest_pause, 2 * pause_);
      return lose(opened.error());
    }
    connection_ = std::move(*opened);
    outstanding_ = 0;
    return {};
  }

  Result<void> take_answers() {
    for (; outstanding_; --outstanding_) {
      const auto reply = connection_->poll_reply();
      if (!reply) return lose(reply.error());
      if (!*reply) return {};
      if ((*reply)->is_error()) return refuse((*reply)->text);
      pause_ = first_pause;
    }
    return {};
  }

  Result<void> wait_for_answers() {
    if (SteadyClock::now() - asked_ < longest_silence)
      return fail(address_.endpoint.name() + ": has not answered yet");
    return lose({address_.endpoint.name() + ": no answer for 10 seconds"});
  }

  Result<void> lose(Error why) {
    connection_.reset();
    why_ = std::move(why);
    return tl::unexpected(why_);
  }

  Result<void> refuse(std::string_view error) {
    next_try_ = SteadyClock::now() + pause_;
    pause_ = std::min(longest_pause, 2 * pause_);
    return lose({address_.endpoint.name() + ": " + explain_redis_error(error)});
  }

  RedisAddress address_;
  std::unique_ptr<RedisConnection> connection_;
  std::size_t outstanding_ = 0;  // answers
  SteadyClock::time_point asked_, next_try_;
  milliseconds pause_ = first_pause;
  Error why_;  // there is no connection
};

}  // namespace

Result<std::unique_ptr<StatisticsSink>> open_redis_statistics(std::string_view url) {
  auto address = parse_redis_server(url);
  if (!address) return tl::unexpected<Error>(address.error());
  return std::make_unique<RedisStatistics>(std::move(*address));
}

}  // namespace intelmq
