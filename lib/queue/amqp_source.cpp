// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <cstring>
#include <vector>

#include "base/sha256.hpp"
#include "base/wakeup.hpp"
#include "queue/amqp_connection.hpp"
#include "queue/event_lines.hpp"

namespace intelmq {
namespace {

constexpr std::size_t enough = 256u << 10;  // bytes taken in at once
constexpr std::size_t much = 4u << 20;      // a buffer that is given back
constexpr std::size_t shown_of_oversize = 4096;

/// Consumes a queue: the server sends events as long as fewer than `prefetch` are unacknowledged,
/// and acknowledged they are all at once when they were delivered. What is not acknowledged when a
/// connection ends the server gives to the next one.
class AmqpSource final : public Source {
 public:
  AmqpSource(AmqpQueue queue, const SourceOptions& options)
      : queue_{std::move(queue)},
        link_{queue_.name(), options.log, [this](bool& may_pass) { return open(may_pass); }},
        name_{link_.name()},
        max_record_{options.max_record},
        probe_{options.probe} {}

  Result<void> start() { return link_.connect(); }

  Fetch next(Record& out) override {
    for (;;) {
      if (at_ < batch_.size()) {
        const Message& message = batch_[at_++];
        handed_ = message.tag;
        if (message.total != 0) return fill(out, message);
        link_.warn(name_ + ": an empty event was dropped");
        continue;
      }
      if (broken_) return Fetch::broken;
      if (!link_) return Fetch::later;
      if (refill()) continue;
      if (broken_) return Fetch::broken;
      const bool idle = link_ && !partial_ && handed_ == 0;
      return idle && looks_ >= looks_needed ? Fetch::end : Fetch::later;
    }
  }

  Fetch next_stream(ByteSource&, std::string&, Wakeup&) override {
    error_.text = name_ + ": a queue holds reports, not raw feeds; leave out --input-format raw";
    return Fetch::broken;
  }

  void wait(Wakeup& wakeup) override {
    if (!link_) return reconnect(wakeup);
    if (link_->has_news()) return;
    if (queue_.drain && !partial_ && handed_ == 0) return look(wakeup);
    // Now and then `next` has to see that the server is silent.
    wakeup.wait(link_->fd(), queue_.heartbeat ? static_cast<int>(queue_.heartbeat) * 1000 : -1);
  }

  /// All that was handed out lies before what was not: one tag stands for all of it.
  Result<void> acknowledge() override {
    if (handed_ == 0) return {};
    const std::uint64_t tag = std::exchange(handed_, 0);
    if (!link_) return {};  // tags of a lost connection mean nothing
    if (auto done = link_->acknowledge(tag); !done) lose(done.error().text);
    return {};
  }

  const Error& error() const override { return error_; }

 private:
  struct Message {
    std::uint64_t tag = 0;
    std::size_t begin = 0, size = 0;  // in `text_`
    std::uint64_t total = 0, seen = 0;
    std::string digest;
  };

  Result<std::unique_ptr<AmqpConnection>> open(bool& may_pass) const {
    auto connection = AmqpConnection::open(queue_, may_pass);
    if (!connection) return connection;
    auto done = (*connection)->declare();
    if (done && !probe_) done = (*connection)->consume();
    may_pass = (*connection)->may_pass();
    if (!done) return tl::unexpected<Error>(done.error());
    return connection;
  }

  // --- taking ------------------------------------------------------------------------------------

  /// Takes in what has come; false: no whole event.
  bool refill() {
    batch_.clear();
    at_ = 0;
    make_place();
    while (batch_.empty() || used_ < enough) {
      const auto news = link_->poll();
      if (!news) {
        fail_or_lose(news.error());
        return false;
      }
      if (news->kind == AmqpNews::Kind::none) break;
      if (!take(*news)) return false;
    }
    if (batch_.empty()) return false;
    link_.succeeded();
    looks_ = 0;
    return true;
  }

  /// The events before are no longer needed; of one that has not come as a whole its beginning is.
  void make_place() {
    const std::size_t kept = partial_ ? coming_.size : 0;
    if (kept && coming_.begin) std::memmove(text_.data(), text_.data() + coming_.begin, kept);
    coming_.begin = 0;
    used_ = kept;
    if (text_.size() > much && used_ < enough) {
      text_.resize(enough);
      text_.shrink_to_fit();
    }
  }

  bool take(const AmqpNews& news) {
    switch (news.kind) {
      case AmqpNews::Kind::delivery:
        coming_ = {};
        coming_.tag = news.number;
        coming_.begin = used_;
        partial_ = true;
        return true;
      case AmqpNews::Kind::size:
        coming_.total = news.number;
        if (coming_.total > max_record_) sha_ = {};
        if (coming_.total == 0) finish();
        return true;
      case AmqpNews::Kind::bytes: add(news.text); return true;
      case AmqpNews::Kind::cancelled: lose(name_ + ": the queue was removed"); return false;
      default: return true;
    }
  }

  /// Of an event that is too long only its beginning is kept.
  void add(std::string_view bytes) {
    coming_.seen += bytes.size();
    std::string_view kept = bytes;
    if (coming_.total > max_record_) {
      sha_.update(bytes);
      kept = bytes.substr(
          0, std::min(bytes.size(), shown_of_oversize - std::min(shown_of_oversize, coming_.size)));
    }
    const std::size_t needed = used_ + kept.size() + Record::padding;
    if (text_.size() < needed) text_.resize(std::max(needed, 2 * text_.size()));
    if (!kept.empty()) std::memcpy(text_.data() + used_, kept.data(), kept.size());
    used_ += kept.size();
    coming_.size += kept.size();
    if (coming_.seen >= coming_.total) finish();
  }

  void finish() {
    if (coming_.total > max_record_) coming_.digest = sha_.hex();
    batch_.push_back(std::move(coming_));
    coming_ = {};
    partial_ = false;
  }

  Fetch fill(Record& out, const Message& message) {
    out.data = text_.data() + message.begin;
    out.size = message.size;
    out.source = name_;
    out.line = ++count_;
    out.offset = 0;
    out.total = message.total;
    out.digest = message.digest;
    if (message.total > max_record_) return Fetch::oversize;
    make_one_line(out.data, out.size);
    return Fetch::record;
  }

  // --- the end of the queue ----------------------------------------------------------------------

  /// Asks how long the queue is. An event may leave it and be under way while it is counted, but
  /// not from one count to the next: twice empty, and nothing has come.
  void look(Wakeup& wakeup) {
    const auto there = link_->count();
    if (!there) return fail_or_lose(there.error());
    looks_ = *there == 0 ? looks_ + 1 : 0;
    if (*there != 0 && !link_->has_news()) wakeup.wait(link_->fd(), 1000);
  }

  // --- trouble -----------------------------------------------------------------------------------

  void fail_or_lose(const Error& error) {
    if (link_->may_pass()) return lose(error.text);
    error_ = error;
    broken_ = true;
  }

  /// The server gives everything unacknowledged to the next connection: what is here is void.
  void lose(const std::string& why) {
    link_.lose(why);
    batch_.clear();
    at_ = used_ = 0;
    coming_ = {};
    partial_ = false;
    handed_ = 0;
    looks_ = 0;
  }

  void reconnect(Wakeup& wakeup) {
    wakeup.wait(-1, link_.delay());
    if (wakeup.finish_asked()) return;
    if (auto tried = link_.connect_again(); !tried) {
      error_ = tried.error();
      broken_ = true;
    }
  }

  static constexpr unsigned looks_needed = 2;

  AmqpQueue queue_;
  AmqpLink link_;
  std::string name_;
  std::size_t max_record_;
  bool probe_;
  std::string text_;            // events, one behind the other
  std::size_t used_ = 0;        // of it
  std::vector<Message> batch_;  // whole ones
  std::size_t at_ = 0;
  Message coming_;  // one that is not whole
  bool partial_ = false;
  Sha256 sha_;                // of one that is too long
  std::uint64_t handed_ = 0;  // tag of the last one handed out and not acknowledged
  std::uint64_t count_ = 0;
  unsigned looks_ = 0;  // how often the queue was empty, one after the other
  bool broken_ = false;
  Error error_;
};

}  // namespace

Result<std::unique_ptr<Source>> open_amqp_source(AmqpQueue queue, const SourceOptions& options) {
  auto source = std::make_unique<AmqpSource>(std::move(queue), options);
  if (auto started = source->start(); !started) return tl::unexpected(started.error());
  return source;
}

}  // namespace intelmq
