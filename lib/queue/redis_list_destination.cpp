// SPDX-License-Identifier: Apache-2.0
#include <cstring>
#include <thread>
#include <vector>

#include "base/log.hpp"
#include "base/wakeup.hpp"
#include "queue/redis_queue.hpp"

namespace intelmq {
namespace {

constexpr std::chrono::milliseconds patience{30000};
constexpr std::size_t most_bytes = 4u << 20;  // in one command

/// Whether the object has the member `__type`: inside a string the quotes would be escaped.
bool has_type(std::string_view line) {
  constexpr std::string_view name = "\"__type\"";
  for (std::size_t at = 0; (at = line.find(name, at)) != line.npos;) {
    at += name.size();
    const std::size_t colon = line.find_first_not_of(' ', at);
    if (colon != line.npos && line[colon] == ':') return true;
  }
  return false;
}

/// Pushes lines onto a list as IntelMQ does, many at a time. Delivered means that the server has
/// said so; what it has not is pushed again when it is back, so that after a lost connection the
/// last events may be there twice.
class RedisListDestination final : public Destination {
 public:
  RedisListDestination(RedisQueue queue, const DestinationOptions& options)
      : queue_{std::move(queue)}, name_{queue_.name()}, options_{options} {}

  Result<void> start() {
    bool may_pass = false;
    auto opened = RedisConnection::open(queue_.address, may_pass);
    if (!opened) return tl::unexpected(opened.error());
    connection_ = std::move(*opened);
    return {};
  }

  Result<Delivery> write(std::string_view lines) override {
    while (!lines.empty()) {
      const std::size_t end = lines.find('\n');
      add(lines.substr(0, end));
      lines.remove_prefix(end == lines.npos ? lines.size() : end + 1);
    }
    return Delivery::done;
  }

  Result<Delivery> flush() override {
    std::size_t done = 0;  // lines that the server has
    while (done < ends_.size()) {
      const auto pushed = connection_ ? push(done) : Result<std::size_t>{0};
      if (!pushed) return tl::unexpected(pushed.error());
      done += *pushed;
      if (*pushed) {
        backoff_.reset();
        continue;
      }
      if (auto waited = wait(); !waited) return tl::unexpected(waited.error());
    }
    text_.clear();
    ends_.clear();
    return Delivery::done;
  }

  Result<void> close() override { return {}; }

 private:
  void add(std::string_view line) {
    if (line.empty()) return;
    text_ += line;
    // Events on their way through a botnet say what they are.
    if (line.back() == '}' && !has_type(line)) {
      text_.pop_back();
      const bool empty = line.find('"') == line.npos;
      text_ += empty ? "\"__type\": \"Event\"}" : ", \"__type\": \"Event\"}";
    }
    ends_.push_back(text_.size());
  }

  std::string_view line(std::size_t i) const {
    const std::size_t begin = i ? ends_[i - 1] : 0;
    return std::string_view(text_).substr(begin, ends_[i] - begin);
  }

  /// Pushes the lines from `first` on, as many as one command takes; the number of those that the
  /// server has. 0: try again after a while.
  Result<std::size_t> push(std::size_t first) {
    if (queue_.max_length && is_full()) return 0;
    std::vector<std::size_t> counts;
    connection_->next_replies();
    for (std::size_t at = first; at < ends_.size();) {
      const std::size_t count = in_one_command(at);
      connection_->begin_command(count + 2);
      connection_->word("LPUSH");
      connection_->word(queue_.list);
      for (std::size_t i = at; i < at + count; ++i) connection_->word(line(i));
      counts.push_back(count);
      at += count;
      if (queue_.max_length) break;  // look at its length before the next
    }
    std::size_t done = 0;
    bool refused = false;
    for (const std::size_t count : counts) {
      const auto reply = connection_->wait_reply(patience);
      if (!reply) {
        lose(reply.error().text);
        return done;
      }
      if ((*reply)->is_error()) {
        if (!is_passing_redis_error((*reply)->text))
          return fail(name_ + ": " + explain_redis_error((*reply)->text));
        if (!refused) warn(name_ + ": " + explain_redis_error((*reply)->text) + "; trying again");
        if ((*reply)->is_error("READONLY")) lost_master_ = true;
        refused = true;
      } else if (!refused) {
        done += count;
      } else {
        // A later command was taken after one was refused: those lines come once more.
      }
    }
    if (lost_master_) lose(name_ + ": the server takes no writes any more");
    lost_master_ = false;
    return done;
  }

  std::size_t in_one_command(std::size_t first) const {
    const std::size_t begin = first ? ends_[first - 1] : 0;
    std::size_t count = 1;
    while (first + count < ends_.size() && count < queue_.batch &&
           ends_[first + count] - begin <= most_bytes)
      ++count;
    return count;
  }

  bool is_full() {
    const auto length = connection_->ask({"LLEN", queue_.list}, patience);
    if (!length) {
      lose(length.error().text);
      return true;
    }
    const bool full = static_cast<std::uint64_t>((*length)->integer) >= queue_.max_length;
    if (full && !was_full_)
      warn(name_ + ": the queue holds " + std::to_string((*length)->integer) +
           " events; waiting until it is shorter");
    was_full_ = full;
    return full;
  }

  /// Waits before the next try, and connects again if the connection was lost.
  Result<void> wait() {
    const auto delay = backoff_.next();
    if (options_.wakeup)
      options_.wakeup->wait(-1, static_cast<int>(delay.count()));
    else
      std::this_thread::sleep_for(delay);
    if (options_.wakeup && options_.wakeup->finish_asked())
      return fail(name_ +
                  ": asked to end before the server took everything; what was not "
                  "acknowledged will be read again");
    if (connection_) return {};
    bool may_pass = false;
    auto opened = RedisConnection::open(queue_.address, may_pass);
    if (opened) {
      connection_ = std::move(*opened);
      warn(name_ + ": connected again");
      return {};
    }
    if (!may_pass) return tl::unexpected(opened.error());
    warn(opened.error().text);
    return {};
  }

  void lose(const std::string& why) {
    connection_.reset();
    warn(why + "; connecting again");
  }

  void warn(const std::string& text) {
    if (options_.log) options_.log->warning(text);
  }

  RedisQueue queue_;
  std::string name_;
  DestinationOptions options_;
  std::unique_ptr<RedisConnection> connection_;
  std::string text_;               // lines on their way, one behind the other
  std::vector<std::size_t> ends_;  // of each of them
  Backoff backoff_;
  bool was_full_ = false, lost_master_ = false;
};

}  // namespace

Result<std::unique_ptr<Destination>> open_redis_list_destination(
    RedisQueue queue, const DestinationOptions& options) {
  auto destination = std::make_unique<RedisListDestination>(std::move(queue), options);
  if (auto started = destination->start(); !started) return tl::unexpected(started.error());
  return destination;
}

}  // namespace intelmq
