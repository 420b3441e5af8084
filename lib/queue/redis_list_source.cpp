// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "queue/redis_source.hpp"

namespace intelmq {
namespace {

constexpr std::uint64_t few = 8;

/// Reads a list as IntelMQ does, many events at a time: each is moved into the internal list, and
/// taken off its end once it was delivered. What lies there at the start was not delivered by the
/// process before and comes first.
class RedisListSource final : public RedisSource {
 public:
  RedisListSource(RedisQueue queue, const SourceOptions& options)
      : RedisSource{std::move(queue), options}, internal_{queue_.internal_list()} {}

  Result<void> start() {
    if (auto connected = link_.connect(); !connected) return connected;
    const auto length = link_->ask({"LLEN", internal_}, RedisLink::patience);
    if (!length) return tl::unexpected(length.error());
    if ((*length)->is_error()) return fail(name_ + ": " + explain_redis_error((*length)->text));
    held_ = static_cast<std::uint64_t>((*length)->integer);
    recovering_ = held_ != 0;
    return {};
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
    if (dry_) return false;
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
    return sent(asked);
  }

  void move() {
    if (link_->has_lmove())
      link_->command({"LMOVE", queue_.key, internal_, "RIGHT", "LEFT"});
    else
      link_->command({"RPOPLPUSH", queue_.key, internal_});
  }

  bool ask_to_be_told() override {
    if (recovering_ || !dry_) return ask_for_more();
    link_->next_replies();
    if (link_->has_lmove())
      link_->command({"BLMOVE", queue_.key, internal_, "RIGHT", "LEFT", "0"});
    else
      link_->command({"BRPOPLPUSH", queue_.key, internal_, "0"});
    blocked_ = true;
    return sent(1);
  }

  // --- taking ------------------------------------------------------------------------------------

  bool take(const RedisReply& reply) override {
    --outstanding_;
    blocked_ = false;
    switch (reply.kind) {
      case RedisReply::Kind::error: return refuse(reply.text);
      case RedisReply::Kind::text:
        coming_.push_back({{}, &reply});
        ++held_;
        dry_ = false;
        return true;
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

  std::optional<std::string_view> hand(const Item& item) override {
    ++handed_;
    return item.value->text;
  }

  // --- acknowledging -----------------------------------------------------------------------------

  bool owes() const override { return owed_ != 0; }

  /// Takes what is owed off the end of the internal list.
  void settle() override {
    // First what is under way, so that the list's length tells, if this fails, whether it was done.
    while (outstanding_) {
      const auto reply = link_->wait_reply(RedisLink::patience);
      if (!reply) return lose(reply.error().text);
      if (!take(**reply)) return;
    }
    sure_ = false;
    const auto reply =
        link_->ask({"LTRIM", internal_, "0", "-" + std::to_string(owed_ + 1)}, RedisLink::patience);
    if (!reply) return lose(reply.error().text);
    if ((*reply)->is_error()) {
      sure_ = true;
      refuse((*reply)->text);
      return;
    }
    held_ -= owed_;
    owed_ = 0;
    sure_ = true;
  }

  // --- trouble -----------------------------------------------------------------------------------

  /// After a new connection: what lies in the internal list, and whether what is owed was taken off
  /// it before the old one broke. Nobody else takes anything away, so its length tells.
  void find_place() override {
    const auto length = link_->ask({"LLEN", internal_}, RedisLink::patience);
    if (!length) return lose(length.error().text);
    if ((*length)->is_error()) {
      refuse((*length)->text);
      return lose(name_ + ": not ready");
    }
    const auto there = static_cast<std::uint64_t>((*length)->integer);
    // If the length is neither, events come twice rather than never.
    if (!sure_ && there != held_) owed_ = 0;
    sure_ = true;
    held_ = there;
    dry_ = false;
    recovering_ = true;
    if (owed_) settle();
  }

  std::string internal_;
  std::uint64_t handed_ = 0;  // since the last acknowledgement
  std::uint64_t owed_ = 0;    // delivered, but still in the internal list
  std::uint64_t held_ = 0;    // all that is in the internal list
  std::uint64_t wish_ = few;  // how many to ask for
  bool sure_ = true;          // whether `owed_` is still in the list
};

}  // namespace

Result<std::unique_ptr<Source>> open_redis_list_source(RedisQueue queue,
                                                       const SourceOptions& options) {
  auto source = std::make_unique<RedisListSource>(std::move(queue), options);
  if (auto started = source->start(); !started) return tl::unexpected(started.error());
  return source;
}

}  // namespace intelmq
