// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <vector>

#include "base/sha256.hpp"
#include "queue/redis_queue.hpp"

namespace intelmq {
namespace {

constexpr std::chrono::milliseconds patience{30000};
constexpr std::uint64_t few = 8;

/// Reads a list as IntelMQ does, many events at a time: each is moved into the internal list, and
/// taken off its end once it was delivered. What lies there at the start was not delivered by the
/// process before and comes first.
class RedisListSource final : public Source {
 public:
  RedisListSource(RedisQueue queue, const SourceOptions& options)
      : queue_{std::move(queue)},
        link_{queue_, options.log},
        name_{link_.name()},
        internal_{queue_.internal_list()},
        max_record_{options.max_record} {}

  Result<void> start() {
    if (auto connected = link_.connect(); !connected) return connected;
    const auto length = link_->ask({"LLEN", internal_}, patience);
    if (!length) return tl::unexpected(length.error());
    if ((*length)->is_error()) return fail(name_ + ": " + explain_redis_error((*length)->text));
    held_ = static_cast<std::uint64_t>((*length)->integer);
    recovering_ = held_ != 0;
    return {};
  }

  Fetch next(Record& out) override {
    for (;;) {
      if (at_ < batch_.size()) {
        const RedisReply& reply = *batch_[at_++];
        ++handed_;
        if (reply.text.empty()) {
          link_.warn(name_ + ": an empty element was dropped");
          continue;
        }
        return fill(out, reply.text);
      }
      if (broken_) return Fetch::broken;
      const bool idle = !outstanding_ && coming_.empty();
      if (idle && drained()) return Fetch::end;
      if (!link_ || paused_) return Fetch::later;
      if (idle && !ask_for_more()) return Fetch::later;
      if (!collect()) return broken_ ? Fetch::broken : Fetch::later;
      if (outstanding_) return Fetch::later;
      take_batch();
    }
  }

  Fetch next_stream(ByteSource&, std::string&, Wakeup&) override {
    error_.text = name_ + ": a queue holds reports, not raw feeds; leave out --input-format raw";
    return Fetch::broken;
  }

  void wait(Wakeup& wakeup) override {
    if (!link_) return reconnect(wakeup);
    if (paused_) {
      paused_ = false;
      wakeup.wait(-1, link_.delay());
      return;
    }
    if (owed_) return settle();
    // While it was acknowledged everything may have come, or nothing.
    if (!outstanding_ && (!coming_.empty() || drained())) return;
    if (!outstanding_ && !ask_to_be_told()) return;
    const bool ready = wakeup.wait(link_->fd(), blocked_ ? -1 : 1000);
    if (ready || blocked_) return;
    waited_ += std::chrono::milliseconds(1000);
    if (waited_ >= patience) lose(name_ + ": no answer for 30 seconds");
  }

  /// The delivered events are the last ones of the internal list.
  Result<void> acknowledge() override {
    if (handed_ == 0) return {};
    owed_ += handed_;
    handed_ = 0;
    if (link_) settle();
    return {};  // what could not be settled is settled when the server is back
  }

  const Error& error() const override { return error_; }

 private:
  /// Whether the end is reached; asked while no replies are to come.
  bool drained() const { return queue_.drain && dry_ && !recovering_; }

  // --- asking ------------------------------------------------------------------------------------

  /// Asks for a batch without waiting; false: not now.
  bool ask_for_more() {
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
      link_->command({"LMOVE", queue_.list, internal_, "RIGHT", "LEFT"});
    else
      link_->command({"RPOPLPUSH", queue_.list, internal_});
  }

  /// Has the server tell of the next event; everything is delivered and acknowledged.
  bool ask_to_be_told() {
    if (recovering_ || !dry_) return ask_for_more();
    link_->next_replies();
    if (link_->has_lmove())
      link_->command({"BLMOVE", queue_.list, internal_, "RIGHT", "LEFT", "0"});
    else
      link_->command({"BRPOPLPUSH", queue_.list, internal_, "0"});
    blocked_ = true;
    return sent(1);
  }

  bool sent(std::uint64_t replies) {
    outstanding_ = replies;
    waited_ = {};
    if (auto done = link_->send(); !done) {
      lose(done.error().text);
      return false;
    }
    return true;
  }

  // --- taking ------------------------------------------------------------------------------------

  /// Takes the replies that are there; false: the connection is lost or the server refuses.
  bool collect() {
    while (outstanding_) {
      const auto reply = link_->poll_reply();
      if (!reply) return lose(reply.error().text), false;
      if (!*reply) return true;
      if (!take(**reply)) return false;
    }
    return true;
  }

  bool take(const RedisReply& reply) {
    --outstanding_;
    blocked_ = false;
    switch (reply.kind) {
      case RedisReply::Kind::error: return refuse(reply.text);
      case RedisReply::Kind::text:
        coming_.push_back(&reply);
        ++held_;
        dry_ = false;
        return true;
      case RedisReply::Kind::array:  // what the process before left, the oldest last
        for (std::size_t i = reply.size; i-- > 0;) coming_.push_back(reply.items + i);
        recovering_ = reply.size != 0;
        return true;
      default:
        dry_ = true;
        wish_ = few;
        return true;
    }
  }

  void take_batch() {
    batch_.clear();
    batch_.swap(coming_);
    at_ = 0;
    if (!batch_.empty()) link_.succeeded();
    // The server works on the next batch while this one is processed.
    if (!batch_.empty() && !dry_ && !recovering_) ask_for_more();
  }

  Fetch fill(Record& out, std::string_view text) {
    out.data = const_cast<char*>(text.data());
    out.size = text.size();
    out.source = name_;
    out.line = ++count_;
    out.offset = 0;
    out.total = text.size();
    if (!out.digest.empty()) out.digest.clear();
    if (text.size() > max_record_) {
      Sha256 sha;
      sha.update(text);
      out.digest = sha.hex();
      out.size = std::min<std::size_t>(text.size(), 4096);
      return Fetch::oversize;
    }
    // Line feeds may stand between the members of an object; a record is one line.
    for (char* p = out.data; (p = static_cast<char*>(std::memchr(
                                  p, '\n', static_cast<std::size_t>(out.data + out.size - p))));)
      *p = ' ';
    return Fetch::record;
  }

  // --- acknowledging -----------------------------------------------------------------------------

  /// Takes what is owed off the end of the internal list.
  void settle() {
    // First what is under way, so that the list's length tells, if this fails, whether it was done.
    while (outstanding_) {
      const auto reply = link_->wait_reply(patience);
      if (!reply) return lose(reply.error().text);
      if (!take(**reply)) return;
    }
    sure_ = false;
    const auto reply =
        link_->ask({"LTRIM", internal_, "0", "-" + std::to_string(owed_ + 1)}, patience);
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

  bool refuse(std::string_view error) {
    const std::string text = name_ + ": " + explain_redis_error(error);
    if (!is_passing_redis_error(error)) {
      error_.text = text;
      broken_ = true;
      return false;
    }
    link_.warn(text + "; trying again");
    if (error.starts_with("READONLY")) return lose(text), false;
    paused_ = true;
    return true;
  }

  void lose(const std::string& why) {
    link_.lose(why);
    outstanding_ = 0;
    blocked_ = false;
    // Replies live as long as their connection: everything not handed out is read again.
    batch_.clear();
    coming_.clear();
    at_ = 0;
  }

  void reconnect(Wakeup& wakeup) {
    wakeup.wait(-1, link_.delay());
    if (wakeup.finish_asked()) return;
    if (auto tried = link_.connect_again(); !tried) {
      error_ = tried.error();
      broken_ = true;
    }
    if (link_) find_place();
  }

  /// After a new connection: what lies in the internal list, and whether what is owed was taken off
  /// it before the old one broke. Nobody else takes anything away, so its length tells.
  void find_place() {
    const auto length = link_->ask({"LLEN", internal_}, patience);
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

  RedisQueue queue_;
  RedisLink link_;
  std::string name_, internal_;
  std::size_t max_record_;
  std::vector<const RedisReply*> batch_, coming_;
  std::size_t at_ = 0;
  std::uint64_t handed_ = 0;       // since the last acknowledgement
  std::uint64_t owed_ = 0;         // delivered, but still in the internal list
  std::uint64_t held_ = 0;         // all that is in the internal list
  std::uint64_t wish_ = few;       // how many to ask for
  std::uint64_t outstanding_ = 0;  // replies that will come
  std::uint64_t count_ = 0;
  bool recovering_ = false;  // something may lie in the internal list
  bool dry_ = false;         // the list was empty when we last asked
  bool blocked_ = false;     // the server tells us when something comes
  bool paused_ = false;      // the server asked for patience
  bool sure_ = true;         // whether `owed_` is still in the list
  bool broken_ = false;
  std::chrono::milliseconds waited_{};
  Error error_;
};

}  // namespace

Result<std::unique_ptr<Source>> open_redis_list_source(RedisQueue queue,
                                                       const SourceOptions& options) {
  auto source = std::make_unique<RedisListSource>(std::move(queue), options);
  if (auto started = source->start(); !started) return tl::unexpected(started.error());
  return source;
}

}  // namespace intelmq
