// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <thread>

#include "queue/redis_readers.hpp"
#include "queue/redis_source.hpp"

namespace intelmq {
namespace {

constexpr std::uint64_t few = 8;
constexpr std::uint64_t watch_replies = 3;
constexpr std::uint64_t most_given_back = 10'000;
constexpr int most_disturbances = 20;  // one after the other
constexpr std::chrono::milliseconds look_again{20};
constexpr std::chrono::seconds rival_ends_within{5};

/// Reads a list as IntelMQ does, many events at a time: each is moved into the internal list, and
/// taken off its end once it was delivered. What lies there at the start was not delivered by the
/// process before and comes first; what other readers left who are gone comes when it is found.
///
/// How many are taken off is counted, so nobody else may have moved anything there: a connection
/// that broke without the server's knowledge may still do so. The internal list is watched from
/// each of our own changes to the next, and read anew if somebody changed it in between.
class RedisListSource final : public RedisSource {
 public:
  RedisListSource(RedisQueue queue, const SourceOptions& options)
      : RedisSource{std::move(queue), options},
        internal_{queue_.internal_list()},
        readers_{queue_} {}

  ~RedisListSource() override { give_back(); }

  Result<void> start() {
    if (auto connected = link_.connect(); !connected) return connected;
    const auto length = watch_and_count();
    if (!length) return tl::unexpected(length.error());
    if (!length->objection.empty())
      return fail(name_ + ": " + explain_redis_error(length->objection));
    return {};  // it becomes ours when it is first read
  }

  /// The delivered events are the last ones of the internal list.
  Result<void> acknowledge() override {
    if (handed_ == 0) return {};
    owed_ += handed_;
    handed_ = 0;
    if (link_) settle();
    return {};  // what could not be settled is settled when the server is back
  }

 private:
  // --- asking ------------------------------------------------------------------------------------

  bool ask_for_more() override {
    if (dry_ || !placed_) return false;
    if (recovering_) {
      // What is unacknowledged lies where the next batch would be read.
      if (handed_ || owed_) return false;
      link_->next_replies();
      link_->command({"LRANGE", internal_, "-" + std::to_string(queue_.batch), "-1"});
      return sent(1);
    }
    link_->next_replies();
    // Few at first, since the list may be short; more as long as it gives all of them.
    for (std::uint64_t i = 0; i < wish_; ++i) move();
    const std::uint64_t asked = wish_;
    wish_ = std::min(queue_.batch, 4 * wish_);
    watch();
    return sent(asked + watch_replies);
  }

  void move() {
    if (link_->has_lmove())
      link_->command({"LMOVE", queue_.key, internal_, "RIGHT", "LEFT"});
    else
      link_->command({"RPOPLPUSH", queue_.key, internal_});
  }

  bool ask_to_be_told() override {
    if (!placed_) return find_place(), false;
    if (recovering_ || !dry_) return ask_for_more();
    link_->next_replies();
    if (readers_.due() && (!look() || !coming_.empty())) return false;
    const std::string limit = readers_.longest_wait();
    if (link_->has_lmove())
      link_->command({"BLMOVE", queue_.key, internal_, "RIGHT", "LEFT", limit});
    else
      link_->command({"BRPOPLPUSH", queue_.key, internal_, limit});
    blocked_ = true;
    watch();
    return sent(1 + watch_replies);
  }

  // --- watching ----------------------------------------------------------------------------------

  /// From here on; the last of the replies is the list's length.
  void watch() {
    link_->command({"UNWATCH"});  // our own changes count as well
    link_->command({"WATCH", internal_});
    link_->command({"LLEN", internal_});
  }

  struct Length {
    std::uint64_t count = 0;
    std::string objection;  ///< The server's, instead of a count.
  };

  Result<Length> read_length() {
    Length out;
    for (std::uint64_t i = 0; i < watch_replies; ++i) {
      const auto reply = link_->wait_reply(RedisLink::patience);
      if (!reply) return tl::unexpected(reply.error());
      if ((*reply)->is_error() && out.objection.empty()) out.objection = (*reply)->text;
      out.count = static_cast<std::uint64_t>((*reply)->integer);
    }
    return out;
  }

  Result<Length> watch_and_count() {
    watch();
    return read_length();
  }

  /// The internal list is not what we think: all of it is read again. What was handed out and not
  /// yet acknowledged is part of it, and comes twice.
  bool start_over(std::uint64_t there) {
    if (++disturbances_ > most_disturbances) {
      give_up(name_ + ": somebody else changes " + internal_ +
              " again and again; give each reader of the list its own instance=");
      return false;
    }
    link_.warn(name_ + ": " + internal_ +
               " was changed by somebody else; reading it again, some events may come twice");
    handed_ = owed_ = 0;
    batch_.clear();
    at_ = 0;
    coming_.clear();
    held_ = there;
    unanswered_ = 0;
    sure_ = true;
    dry_ = false;
    recovering_ = true;
    return true;
  }

  // --- taking ------------------------------------------------------------------------------------

  bool take(const RedisReply& reply) override {
    --outstanding_;
    blocked_ = false;
    switch (reply.kind) {
      case RedisReply::Kind::error: return refuse(reply.text);
      case RedisReply::Kind::text:
        take_one(reply);
        dry_ = false;
        return true;
      case RedisReply::Kind::status: return true;  // of WATCH
      case RedisReply::Kind::integer: {
        const auto there = static_cast<std::uint64_t>(reply.integer);
        return there == held_ || start_over(there);
      }
      case RedisReply::Kind::array:  // what the process before left, the oldest last
        for (std::size_t i = reply.size; i-- > 0;) coming_.push_back({{}, reply.items + i});
        recovering_ = reply.size != 0;
        return true;
      default:
        dry_ = true;
        wish_ = few;
        return true;
    }
  }

  void take_one(const RedisReply& reply) {
    coming_.push_back({{}, &reply});
    ++held_;
  }

  /// Takes over what readers that are gone have left. False: the connection is lost.
  bool look() {
    const auto complaint =
        readers_.look(*link_, [this](const RedisReply& reply) { take_one(reply); });
    if (!complaint) return lose(complaint.error().text), false;
    if (!complaint->empty()) link_.warn(name_ + ": " + *complaint);
    const auto length = watch_and_count();
    if (!length) return lose(length.error().text), false;
    return length->count == held_ || start_over(length->count);
  }

  std::optional<std::string_view> hand(const Item& item) override {
    ++handed_;
    return item.value->text;
  }

  // --- acknowledging -----------------------------------------------------------------------------

  bool owes() const override { return owed_ != 0 && placed_; }

  /// Takes what is owed off the end of the internal list.
  void settle() override {
    if (!placed_) return;
    // First what is under way, so that the list's length tells, if this fails, whether it was done.
    while (outstanding_) {
      const auto reply = link_->wait_reply(RedisLink::patience);
      if (!reply) return lose(reply.error().text);
      if (!take(**reply)) return;
    }
    if (owed_ == 0) return;  // it was found that somebody else was at the list
    sure_ = false;
    link_->command({"MULTI"});
    link_->command({"LTRIM", internal_, "0", "-" + std::to_string(owed_ + 1)});
    link_->command({"EXEC"});
    watch();
    const auto done = transaction();
    if (!done) return lose(done.error().text);
    const auto length = read_length();
    if (!length) return lose(length.error().text);
    sure_ = true;
    const std::string& objection = done->objection.empty() ? length->objection : done->objection;
    if (!objection.empty()) {
      refuse(objection);
      return;
    }
    if (done->happened) {
      held_ -= owed_;
      owed_ = 0;
    }
    if (!done->happened || length->count != held_) {
      start_over(length->count);
      return;
    }
    disturbances_ = 0;
    if (readers_.due() && !recovering_) look();
  }

  struct Transaction {
    bool happened = false;
    std::string objection;
  };

  /// The replies to MULTI, one command and EXEC.
  Result<Transaction> transaction() {
    Transaction out;
    for (int i = 0; i < 3; ++i) {
      const auto reply = link_->wait_reply(RedisLink::patience);
      if (!reply) return tl::unexpected(reply.error());
      if ((*reply)->is_error() && out.objection.empty()) out.objection = (*reply)->text;
      out.happened = (*reply)->kind == RedisReply::Kind::array;
    }
    return out;
  }

  /// The end, with all delivered: what was taken ahead goes back to where it came from, so that
  /// whoever reads the list finds it. It stays in the internal list where that cannot be.
  void give_back() {
    constexpr std::chrono::seconds limit{2};
    const auto is_quiet = [this] {
      return link_ && placed_ && !blocked_ && !broken_ && !paused_ && !recovering_ && !handed_ &&
             !owed_;
    };
    if (!is_quiet() || !link_->has_lmove()) return;
    while (outstanding_) {
      const auto reply = link_->wait_reply(limit);
      if (!reply || !take(**reply)) return;
    }
    if (!is_quiet() || held_ == 0 || held_ > most_given_back) return;
    link_->command({"MULTI"});  // the list is watched
    for (std::uint64_t i = 0; i < held_; ++i)
      link_->command({"LMOVE", internal_, queue_.key, "LEFT", "RIGHT"});
    link_->command({"EXEC"});
    for (std::uint64_t i = 0; i < held_ + 2; ++i)
      if (!link_->wait_reply(limit)) return;
  }

  // --- trouble -----------------------------------------------------------------------------------

  /// After a new connection: what lies in the internal list, and whether what is owed was taken off
  /// it before the old one broke. Its length tells.
  void find_place() override {
    placed_ = false;
    link_->next_replies();  // nothing of before is in use
    const auto presence = readers_.appear(*link_);
    if (!presence) return lose(presence.error().text);
    if (!presence->refused.empty())
      return give_up(name_ + ": instance " + queue_.instance +
                     " cannot name its connection (CLIENT SETNAME), so that other readers would "
                     "take it for gone: " +
                     explain_redis_error(presence->refused));
    if (!presence->rival.empty()) return wait_for(presence->rival);
    rival_since_.reset();
    const auto length = watch_and_count();
    if (!length) return lose(length.error().text);
    if (!length->objection.empty()) {
      refuse(length->objection);
      return lose(name_ + ": not ready");
    }
    place(length->count);
    placed_ = true;
    if (owed_) settle();
  }

  void place(std::uint64_t there) {
    // What was moved to us through the old connection without our knowledge lies behind the rest.
    const bool whole = sure_ && there >= held_ && there <= held_ + unanswered_;
    const bool trimmed = !sure_ && there + owed_ == held_;
    if (trimmed) owed_ = 0;
    if (known_ && !whole && !trimmed && there != held_) {
      start_over(there);
      return;
    }
    known_ = sure_ = true;
    unanswered_ = 0;
    held_ = there;
    dry_ = false;
    recovering_ = there != 0;
  }

  void lose(const std::string& why) override {
    if (outstanding_ > watch_replies) unanswered_ += outstanding_ - watch_replies;
    RedisSource::lose(why);
  }

  /// Two readers of one internal list would take each other's events off it.
  void wait_for(const std::string& rival) {
    const auto now = std::chrono::steady_clock::now();
    if (!rival_since_) rival_since_ = now;
    if (now - *rival_since_ < rival_ends_within) return std::this_thread::sleep_for(look_again);
    give_up(name_ + ": " + rival + " reads the same internal list " + internal_ +
            ", and events would be lost; end one of the two (the server's CLIENT KILL ID ends what "
            "hangs), or give each reader of the queue a name of its own with ?instance=NAME");
  }

  std::string internal_;
  RedisReaders readers_;
  bool placed_ = false;  // the internal list is ours, and we know what lies there
  std::optional<std::chrono::steady_clock::time_point> rival_since_;
  std::uint64_t handed_ = 0;      // since the last acknowledgement
  std::uint64_t owed_ = 0;        // delivered, but still in the internal list
  std::uint64_t held_ = 0;        // all that is in the internal list
  std::uint64_t wish_ = few;      // how many to ask for
  bool known_ = false;            // whether `held_` says anything
  bool sure_ = true;              // whether `owed_` is still in the list
  std::uint64_t unanswered_ = 0;  // moves, when connections were lost
  int disturbances_ = 0;          // by others, since something was acknowledged
};

}  // namespace

Result<std::unique_ptr<Source>> open_redis_list_source(RedisQueue queue,
                                                       const SourceOptions& options) {
  auto source = std::make_unique<RedisListSource>(std::move(queue), options);
  if (auto started = source->start(); !started) return tl::unexpected(started.error());
  return source;
}

}  // namespace intelmq
