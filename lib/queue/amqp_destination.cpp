// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <chrono>
#include <vector>

#include "base/wakeup.hpp"
#include "queue/amqp_connection.hpp"
#include "queue/event_lines.hpp"

namespace intelmq {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::seconds patience{30};
constexpr std::size_t most_bytes = 4u << 20;  // before the queue's length is looked at again
constexpr int at_once = 64;                   // events sent before the server is listened to

/// Publishes events persistently, many at a time. Delivered means that the server has confirmed
/// each; what it has not is published again when it is back, so that after a lost connection the
/// last events may be there twice.
class AmqpDestination final : public Destination {
 public:
  AmqpDestination(AmqpQueue queue, const DestinationOptions& options)
      : queue_{std::move(queue)},
        link_{queue_.name(), options.log, [this](bool& may_pass) { return open(may_pass); }},
        name_{link_.name()},
        wakeup_{options.wakeup} {}

  Result<void> start() { return link_.connect(); }

  Result<Delivery> write(std::string_view lines) override {
    lines_.add(lines);
    return Delivery::done;
  }

  Result<Delivery> flush() override {
    confirmed_.assign(lines_.size(), false);
    first_ = 0;
    while (first_ < lines_.size()) {
      if (link_ && deliver()) break;
      if (!error_.text.empty()) return tl::unexpected(std::exchange(error_, {}));
      if (auto waited = link_.wait_to_write(wakeup_); !waited)
        return tl::unexpected(waited.error());
    }
    lines_.clear();
    return Delivery::done;
  }

  Result<void> close() override { return {}; }

 private:
  Result<std::unique_ptr<AmqpConnection>> open(bool& may_pass) const {
    auto connection = AmqpConnection::open(queue_, may_pass);
    if (!connection) return connection;
    auto done = (*connection)->declare();
    if (done) done = (*connection)->confirm();
    may_pass = (*connection)->may_pass();
    if (!done) return tl::unexpected<Error>(done.error());
    return connection;
  }

  // Each of the following gives false if it cannot go on: the connection is lost, the queue is
  // full, or `error_` says what is wrong for good.

  bool deliver() {
    silent_since_ = Clock::now();
    if (!listen()) return false;
    while (first_ < lines_.size()) {
      std::size_t count = lines_.size() - first_;
      if (queue_.max_length) {
        const std::uint64_t room = room_in_queue();
        if (room == 0) return false;
        count = lines_.fitting(first_, most_bytes, std::min(room, queue_.batch));
      }
      for (std::size_t i = first_; i < first_ + count; ++i)
        if (!confirmed_[i] && !publish(i)) return false;
      if (!await_confirms()) return false;
      first_ += count;
      link_.succeeded();
    }
    return true;
  }

  bool publish(std::size_t i) {
    if (++since_heard_ >= at_once && !listen()) return false;
    if (!await_room()) return false;
    const std::string_view line = lines_[i];
    if (published_.empty()) first_tag_ = next_tag_;
    ++next_tag_;
    published_.push_back(i);
    if (line.size() <= AmqpConnection::small) return went(link_->publish(line));
    if (!went(link_->begin(line.size()))) return false;
    for (std::size_t at = 0; at < line.size(); at += AmqpConnection::small)
      if (!await_room() || !went(link_->add(line.substr(at, AmqpConnection::small)))) return false;
    return true;
  }

  /// Waits until the server reads on.
  bool await_room() {
    while (blocked_ || !link_->has_room())
      if (!pause(!blocked_)) return false;
    return true;
  }

  bool await_confirms() {
    silent_since_ = Clock::now();
    for (;;) {
      if (!listen()) return false;
      if (published_.empty()) return true;
      if (!pause(false)) return false;
    }
  }

  /// Waits for a moment, and listens.
  bool pause(bool for_room) {
    const bool asked = wakeup_ && wakeup_->finish_asked();
    if (asked && (blocked_ || Clock::now() - silent_since_ > patience)) return give_up();
    link_->wait(for_room, 500);
    if (wakeup_) wakeup_->breathe();
    return listen();
  }

  bool give_up() {
    error_.text = link_.unfinished();
    return false;
  }

  // --- hearing -----------------------------------------------------------------------------------

  /// Takes in all that the server said.
  bool listen() {
    since_heard_ = 0;
    for (;;) {
      const auto news = link_->poll();
      if (!news) return went(tl::unexpected<Error>(news.error()));
      if (news->kind == AmqpNews::Kind::none) return true;
      silent_since_ = Clock::now();
      if (!take(*news)) return false;
    }
  }

  bool take(const AmqpNews& news) {
    switch (news.kind) {
      case AmqpNews::Kind::ack: note(news); return true;
      case AmqpNews::Kind::nack:
        error_.text = name_ +
                      ": the server refused an event (nack); the queue is at its limit (x-overflow "
                      "reject-publish) or failed: take events out of it or raise the limit";
        return false;
      case AmqpNews::Kind::returned: error_.text = unroutable(news.text); return false;
      case AmqpNews::Kind::blocked:
        blocked_ = true;
        link_.warn(name_ + ": the server takes no events (" + std::string(news.text) +
                   "); waiting until it does");
        return true;
      case AmqpNews::Kind::unblocked:
        blocked_ = false;
        link_.warn(name_ + ": the server takes events again");
        return true;
      default: return true;
    }
  }

  /// Notes which events the server has; it may confirm them in any order.
  void note(const AmqpNews& news) {
    const std::uint64_t last = news.number - first_tag_;  // wraps for what is already noted
    if (last >= published_.size()) return;
    for (std::uint64_t i = news.multiple ? noted_ : last; i <= last; ++i)
      confirmed_[published_[i]] = true;
    while (noted_ < published_.size() && confirmed_[published_[noted_]]) ++noted_;
    if (noted_ < published_.size()) return;
    published_.clear();
    noted_ = 0;
  }

  std::string unroutable(std::string_view reason) const {
    if (queue_.exchange.empty())
      return name_ + ": no such queue any more (" + std::string(reason) +
             "); it was removed: run again to have it declared";
    return name_ + ": the exchange '" + queue_.exchange + "' has no queue for the routing key '" +
           queue_.queue + "' (" + std::string(reason) + "); bind a queue to it with that key";
  }

  // --- trouble -----------------------------------------------------------------------------------

  /// Whether something could be sent or heard.
  bool went(const Result<void>& done) {
    if (done) return true;
    if (link_->may_pass())
      lose(done.error().text);
    else
      error_ = done.error();
    return false;
  }

  /// What was published and not confirmed is published again.
  void lose(const std::string& why) {
    link_.lose(why);
    published_.clear();
    noted_ = 0;
    next_tag_ = 1;
    blocked_ = false;
  }

  /// How many events the queue may still take; 0 too if that cannot be known.
  std::uint64_t room_in_queue() {
    const auto length = link_->count();
    if (!length) {
      went(tl::unexpected<Error>(length.error()));
      return 0;
    }
    const bool full = *length >= queue_.max_length;
    if (full && !was_full_)
      link_.warn(name_ + ": the queue holds " + std::to_string(*length) +
                 " events; waiting until it is shorter");
    was_full_ = full;
    return full ? 0 : queue_.max_length - *length;
  }

  AmqpQueue queue_;
  AmqpLink link_;
  std::string name_;
  const Wakeup* wakeup_;
  EventLines lines_;
  std::vector<bool> confirmed_;         // of the lines
  std::size_t first_ = 0;               // line that may not be confirmed
  std::vector<std::size_t> published_;  // lines under way, in the order of their tags
  std::uint64_t first_tag_ = 1;         // of the first of them
  std::uint64_t next_tag_ = 1;
  std::size_t noted_ = 0;  // so many of them are confirmed without a gap
  int since_heard_ = 0;    // events published since the server was listened to
  bool blocked_ = false;   // the server has no memory or disk
  bool was_full_ = false;
  Clock::time_point silent_since_{};
  Error error_;
};

}  // namespace

Result<std::unique_ptr<Destination>> open_amqp_destination(AmqpQueue queue,
                                                           const DestinationOptions& options) {
  auto destination = std::make_unique<AmqpDestination>(std::move(queue), options);
  if (auto started = destination->start(); !started) return tl::unexpected(started.error());
  return destination;
}

}  // namespace intelmq
