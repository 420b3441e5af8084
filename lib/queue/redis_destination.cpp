// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <vector>

#include "base/wakeup.hpp"
#include "queue/event_lines.hpp"
#include "queue/redis_link.hpp"

namespace intelmq {
namespace {

constexpr std::size_t most_bytes = 4u << 20;  // in one command

/// Pushes lines onto a list as IntelMQ does, many in a command, or adds them to a stream, one in
/// each of many commands. Delivered means that the server has said so; what it has not is sent
/// again when it is back, so that after a lost connection the last events may be there twice.
class RedisDestination final : public Destination {
 public:
  RedisDestination(RedisQueue queue, const DestinationOptions& options)
      : queue_{std::move(queue)},
        link_{queue_, options.log},
        name_{link_.name()},
        wakeup_{options.wakeup},
        // Events on their way through a botnet say what they are. It has no streams.
        lines_{!queue_.is_stream} {}

  Result<void> start() { return link_.connect(); }

  Result<Delivery> write(std::string_view lines) override {
    lines_.add(lines);
    return Delivery::done;
  }

  Result<Delivery> flush() override {
    std::size_t done = 0;  // lines that the server has
    while (done < lines_.size()) {
      const auto pushed = link_ ? push(done) : Result<std::size_t>{0};
      if (!pushed) return tl::unexpected(pushed.error());
      done += *pushed;
      if (*pushed) {
        link_.succeeded();
        continue;
      }
      if (auto waited = link_.wait_to_write(wakeup_); !waited)
        return tl::unexpected(waited.error());
    }
    lines_.clear();
    return Delivery::done;
  }

  Result<void> close() override { return {}; }

 private:
  /// Sends the lines from `first` on; the number of those that the server has. 0: try again after
  /// a while.
  Result<std::size_t> push(std::size_t first) {
    link_->let_breathe(wakeup_);
    if (queue_.max_length && is_full()) return 0;
    std::vector<std::size_t> counts;
    link_->next_replies();
    // With a limit: look at the length before the next batch.
    const std::size_t room = queue_.max_length ? queue_.batch : lines_.size();
    const std::size_t end = std::min(lines_.size(), first + room);
    for (std::size_t at = first; at < end; at += counts.back())
      counts.push_back(queue_.is_stream ? add_entry(at) : push_lines(at, end));
    std::size_t done = 0;
    bool refused = false, lost_master = false;
    for (const std::size_t count : counts) {
      const auto reply = link_->wait_reply(RedisLink::patience);
      if (!reply) {
        link_.lose(reply.error().text);
        return done;
      }
      if (!(*reply)->is_error()) {
        // What was taken behind a refused one is sent once more: their order counts.
        if (!refused) done += count;
        continue;
      }
      const std::string why = name_ + ": " + explain_redis_error((*reply)->text);
      if (!is_passing_redis_error((*reply)->text)) return fail(why);
      if (!refused) link_.warn(why + "; trying again");
      refused = true;
      lost_master = lost_master || (*reply)->is_error("READONLY");
    }
    if (lost_master) link_.lose(name_ + ": the server takes no writes any more");
    return done;
  }

  /// As many lines as one command takes; their number.
  std::size_t push_lines(std::size_t first, std::size_t end) {
    const std::size_t count =
        lines_.fitting(first, most_bytes, std::min<std::size_t>(queue_.batch, end - first));
    link_->begin_command(count + 2);
    link_->word("LPUSH");
    link_->word(queue_.key);
    for (std::size_t i = first; i < first + count; ++i) link_->word(lines_[i]);
    return count;
  }

  std::size_t add_entry(std::size_t i) {
    if (queue_.max_entries)
      link_->command(
          {"XADD", queue_.key, "MAXLEN", "~", max_entries_, "*", queue_.field, lines_[i]});
    else
      link_->command({"XADD", queue_.key, "*", queue_.field, lines_[i]});
    return 1;
  }

  bool is_full() {
    const auto length =
        link_->ask({queue_.is_stream ? "XLEN" : "LLEN", queue_.key}, RedisLink::patience);
    if (!length) {
      link_.lose(length.error().text);
      return true;
    }
    const bool full = static_cast<std::uint64_t>((*length)->integer) >= queue_.max_length;
    if (full && !was_full_)
      link_.warn(name_ + ": the queue holds " + std::to_string((*length)->integer) +
                 " events; waiting until it is shorter");
    was_full_ = full;
    return full;
  }

  RedisQueue queue_;
  RedisLink link_;
  std::string name_;
  std::string max_entries_ = std::to_string(queue_.max_entries);
  const Wakeup* wakeup_;
  EventLines lines_;
  bool was_full_ = false;
};

}  // namespace

Result<std::unique_ptr<Destination>> open_redis_destination(RedisQueue queue,
                                                            const DestinationOptions& options) {
  auto destination = std::make_unique<RedisDestination>(std::move(queue), options);
  if (auto started = destination->start(); !started) return tl::unexpected(started.error());
  return destination;
}

}  // namespace intelmq
