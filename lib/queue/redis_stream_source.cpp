// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <deque>

#include "queue/redis_consumer.hpp"
#include "queue/redis_source.hpp"

namespace intelmq {
namespace {

using SteadyClock = std::chrono::steady_clock;
using std::chrono::milliseconds;

/// Reads a stream as one consumer of a group, many entries at a time: each is pending until it was
/// delivered and acknowledged. What is pending for this consumer at the start was not delivered by
/// the process before and comes first; what others left pending for long is taken over.
class RedisStreamSource final : public RedisSource {
 public:
  RedisStreamSource(RedisQueue queue, const SourceOptions& options)
      : RedisSource{std::move(queue), options}, consumer_{queue_} {
    recovering_ = true;
  }
  RedisStreamSource(const RedisStreamSource&) = delete;
  RedisStreamSource& operator=(const RedisStreamSource&) = delete;

  /// What was acknowledged shall not come again in the next run.
  ~RedisStreamSource() override {
    if (link_ && owes()) settle();
    while (link_ && asked_) {
      const auto reply = link_->wait_reply(milliseconds(5000));
      if (!reply || !take(**reply)) break;
    }
  }

  Result<void> start() {
    if (auto connected = link_.connect(); !connected || probe_) return connected;
    const auto made = make_group(queue_.start);
    if (!made) return tl::unexpected(made.error());
    if (!made->empty()) return fail(name_ + ": " + explain_redis_error(*made));
    return {};
  }

  Result<void> acknowledge() override {
    std::move(handed_.begin(), handed_.end(), std::back_inserter(owed_));
    handed_.clear();
    if (link_ && owes()) settle();
    return {};  // what could not be settled is settled when the server is back
  }

 private:
  /// What the next batch is taken from, in this order.
  enum class Phase : std::uint8_t { pending, abandoned, fresh };

  /// IDs for one XACK, a blank behind each.
  struct Ids {
    std::string text;
    std::size_t count = 0;
  };
  static constexpr std::size_t most_ids = 1000;

  // --- asking ------------------------------------------------------------------------------------

  bool ask_for_more() override {
    if (phase_ == Phase::fresh && is_claim_due()) begin(Phase::abandoned);
    if (phase_ == Phase::fresh && dry_) return false;
    // What is on its way is pending too, and would come a second time.
    if (first_page_ && (!handed_.empty() || at_ < batch_.size() || owes())) return false;
    first_page_ = false;
    link_->next_replies();
    if (phase_ == Phase::abandoned) {
      link_->command({"XAUTOCLAIM", queue_.key, consumer_.group(), consumer_.name(),
                      std::to_string(queue_.claim_after * 1000), cursor_, "COUNT",
                      std::to_string(queue_.batch)});
    } else {
      link_->command({"XREADGROUP", "GROUP", consumer_.group(), consumer_.name(), "COUNT",
                      std::to_string(queue_.batch), "STREAMS", queue_.key,
                      phase_ == Phase::pending ? std::string_view(cursor_) : ">"});
    }
    return sent_events();
  }

  bool ask_to_be_told() override {
    if (phase_ != Phase::fresh || !dry_ || is_claim_due()) return ask_for_more();
    link_->next_replies();
    link_->command({"XREADGROUP", "GROUP", consumer_.group(), consumer_.name(), "COUNT",
                    std::to_string(queue_.batch), "BLOCK", std::to_string(until_claim().count()),
                    "STREAMS", queue_.key, ">"});
    blocked_ = true;
    return sent_events();
  }

  bool sent_events() {
    expected_.push_back(Expected::events);
    return sent(1);
  }

  void begin(Phase phase) {
    if (phase == Phase::abandoned && !may_claim()) phase = Phase::fresh;
    phase_ = phase;
    cursor_ = "0-0";
    recovering_ = phase != Phase::fresh;
    first_page_ = recovering_;
    if (!recovering_) dry_ = false;
  }

  bool may_claim() {
    if (queue_.claim_after && !link_->has_autoclaim()) {
      link_.warn(name_ +
                 ": entries that other consumers left pending are not taken over, for which the "
                 "server must be Redis 6.2 or newer and let us ask for INFO; claim-after=0 says "
                 "that this is known");
      queue_.claim_after = 0;
    }
    return queue_.claim_after != 0;
  }

  /// Until we look for abandoned entries again; 0: never.
  milliseconds until_claim() const {
    if (!queue_.claim_after) return milliseconds(0);
    const milliseconds every(1000 * std::clamp<std::uint64_t>(queue_.claim_after, 1, 60));
    const auto left =
        std::chrono::duration_cast<milliseconds>(claimed_ + every - SteadyClock::now());
    return std::max(left, milliseconds(1));
  }

  bool is_claim_due() const { return queue_.claim_after && until_claim() <= milliseconds(1); }

  // --- taking ------------------------------------------------------------------------------------

  bool take(const RedisReply& reply) override {
    const Expected what = expected_.front();
    expected_.pop_front();
    if (what == Expected::acknowledged) return take_acknowledged(reply);
    --outstanding_;
    blocked_ = false;
    if (reply.is_error()) {
      const bool gone = reply.is_error("NOGROUP") || reply.is_error("UNBLOCKED");
      if (!gone) return refuse(reply.text);
      lose(name_ + ": the stream or its group was deleted and will be made again");
      return false;
    }
    if (phase_ == Phase::abandoned ? take_abandoned(reply) : take_read(reply)) return true;
    lose(name_ + ": the answer is not what Redis says");
    return false;
  }

  /// The answer to XREADGROUP: one stream with its entries.
  bool take_read(const RedisReply& reply) {
    if (reply.is_nil()) {
      dry_ = true;
      return true;
    }
    if (reply.size != 1 || reply.items[0].size != 2) return false;
    const RedisReply& entries = reply.items[0].items[1];
    const bool some = add(entries);
    if (phase_ != Phase::pending)
      dry_ = !some;
    else if (some)
      cursor_ = coming_.back().id;
    else
      begin(Phase::abandoned);
    return true;
  }

  /// The answer to XAUTOCLAIM: where to go on, and entries.
  bool take_abandoned(const RedisReply& reply) {
    if (reply.size < 2) return false;
    add(reply.items[1]);
    cursor_ = reply.items[0].text;
    if (cursor_ != "0-0") return true;
    claimed_ = SteadyClock::now();
    begin(Phase::fresh);
    return true;
  }

  /// Entries as pairs of ID and fields; false: none.
  bool add(const RedisReply& entries) {
    for (std::size_t i = 0; i < entries.size; ++i) {
      const RedisReply& entry = entries.items[i];
      if (entry.size == 2) coming_.push_back({entry.items[0].text, entry.items + 1});
    }
    return !coming_.empty();
  }

  std::optional<std::string_view> hand(const Item& item) override {
    if (handed_.empty() || handed_.back().count == most_ids) handed_.emplace_back();
    handed_.back().text.append(item.id).push_back(' ');
    ++handed_.back().count;
    const RedisReply& fields = *item.value;
    if (fields.size == 0) return std::nullopt;  // it was deleted, but is still pending
    if (fields.size == 2) return fields.items[1].text;
    for (std::size_t i = 0; i + 1 < fields.size; i += 2)
      if (fields.items[i].text == queue_.field) return fields.items[i + 1].text;
    return odd(item);
  }

  /// An entry that holds no event, as a record that fails and tells where it came from.
  std::string_view odd(const Item& item) {
    odd_ = std::string(item.id) + " has no field '" + queue_.field + "' but";
    for (std::size_t i = 0; i + 1 < item.value->size; i += 2)
      odd_.append(" ")
          .append(item.value->items[i].text)
          .append("=")
          .append(item.value->items[i + 1].text);
    const std::size_t size = odd_.size();
    odd_.append(RedisReply::padding, '\0');
    return std::string_view(odd_).substr(0, size);
  }

  // --- acknowledging -----------------------------------------------------------------------------

  bool owes() const override { return asked_ < owed_.size(); }

  /// Sends what is delivered and does not wait: that may be done any number of times.
  void settle() override {
    for (; owes(); ++asked_) {
      const Ids& ids = owed_[asked_];
      link_->begin_command(3 + ids.count);
      for (const std::string_view word : {std::string_view("XACK"), std::string_view(queue_.key),
                                          std::string_view(consumer_.group())})
        link_->word(word);
      for (std::size_t at = 0; at < ids.text.size();) {
        const std::size_t end = ids.text.find(' ', at);
        link_->word(std::string_view(ids.text).substr(at, end - at));
        at = end + 1;
      }
      expected_.push_back(Expected::acknowledged);
    }
    if (auto done = link_->send(); !done) lose(done.error().text);
  }

  bool take_acknowledged(const RedisReply& reply) {
    --asked_;
    if (reply.is_error()) std::rotate(owed_.begin(), owed_.begin() + 1, owed_.end());
    if (reply.is_error()) return refuse(reply.text);
    owed_.pop_front();
    return true;
  }

  // --- trouble -----------------------------------------------------------------------------------

  void lose(const std::string& why) override {
    RedisSource::lose(why);
    expected_.clear();
    asked_ = 0;
  }

  /// The server's objection, or nothing. What passes is met again by whoever reads.
  Result<std::string> make_group(std::string_view start) {
    const auto reply =
        link_->ask({"XGROUP", "CREATE", queue_.key, consumer_.group(), start, "MKSTREAM"},
                   RedisLink::patience);
    if (!reply) return tl::unexpected(reply.error());
    if (!(*reply)->is_error() || (*reply)->is_error("BUSYGROUP")) return {};
    if (is_passing_redis_error((*reply)->text)) return {};
    return std::string((*reply)->text);
  }

  void find_place() override {
    // A stream that was deleted meanwhile is a new one: all of it is unread.
    const auto made = make_group("0");
    if (!made) return lose(made.error().text);
    if (!made->empty()) {
      refuse(*made);
      return;
    }
    dry_ = false;
    begin(Phase::pending);
    if (owes()) settle();
  }

  enum class Expected : std::uint8_t { events, acknowledged };

  RedisConsumer consumer_;
  Phase phase_ = Phase::pending;
  std::string cursor_ = "0-0";
  bool first_page_ = true;         // of the pending or abandoned entries
  std::vector<Ids> handed_;        // since the last acknowledgement
  std::deque<Ids> owed_;           // delivered, but maybe still pending
  std::size_t asked_ = 0;          // how many of these the server was asked for
  std::deque<Expected> expected_;  // replies, in the order of the commands
  SteadyClock::time_point claimed_{};
  std::string odd_;
};

}  // namespace

Result<std::unique_ptr<Source>> open_redis_stream_source(RedisQueue queue,
                                                         const SourceOptions& options) {
  auto source = std::make_unique<RedisStreamSource>(std::move(queue), options);
  if (auto started = source->start(); !started) return tl::unexpected(started.error());
  return source;
}

}  // namespace intelmq
