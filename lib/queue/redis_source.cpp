// SPDX-License-Identifier: Apache-2.0
#include "queue/redis_source.hpp"

#include <algorithm>

#include "base/sha256.hpp"
#include "queue/event_lines.hpp"

namespace intelmq {

RedisSource::RedisSource(RedisQueue queue, const SourceOptions& options)
    : queue_{std::move(queue)},
      link_{queue_, options.log},
      name_{link_.name()},
      max_record_{options.max_record},
      probe_{options.probe} {}

Fetch RedisSource::next(Record& out) {
  for (;;) {
    if (at_ < batch_.size()) {
      const auto text = hand(batch_[at_++]);
      if (!text) continue;
      if (!text->empty()) return fill(out, *text);
      link_.warn(name_ + ": an empty element was dropped");
      continue;
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

Fetch RedisSource::next_stream(ByteSource&, std::string&, Wakeup&) {
  error_.text = name_ + ": a queue holds reports, not raw feeds; leave out --input-format raw";
  return Fetch::broken;
}

void RedisSource::wait(Wakeup& wakeup) {
  if (!link_) return reconnect(wakeup);
  link_->let_breathe(&wakeup);
  if (paused_) {
    paused_ = false;
    wakeup.wait(-1, link_.delay());
    return;
  }
  if (owes()) return settle();
  // While it was acknowledged everything may have come, or nothing.
  if (!outstanding_ && (!coming_.empty() || drained())) return;
  if (!outstanding_ && !ask_to_be_told()) return;
  const bool ready = wakeup.wait(link_->fd(), blocked_ ? -1 : 1000);
  if (ready || blocked_) return;
  waited_ += std::chrono::milliseconds(1000);
  if (waited_ >= RedisLink::patience) lose(name_ + ": no answer for 30 seconds");
}

/// The server would go on to move the next event to us.
void RedisSource::hold(bool held) {
  if (!held || !link_ || !blocked_ || unblock()) return;
  lose(name_ + ": the server does not let us take back the order for the next event");
}

/// Who waits cannot say anything: another connection does.
bool RedisSource::unblock() {
  constexpr std::chrono::seconds patience{5};
  bool may_pass = false;
  const auto other = RedisConnection::open(queue_.address, may_pass);
  if (!other || !link_->number()) return false;
  const auto done = (*other)->ask({"CLIENT", "UNBLOCK", std::to_string(link_->number())}, patience);
  return done && !(*done)->is_error();
}

bool RedisSource::sent(std::uint64_t replies) {
  outstanding_ = replies;
  waited_ = {};
  if (auto done = link_->send(); !done) {
    lose(done.error().text);
    return false;
  }
  return true;
}

/// Takes the replies that are there; false: the connection is lost or the server refuses.
bool RedisSource::collect() {
  while (outstanding_) {
    const auto reply = link_->poll_reply();
    if (!reply) return lose(reply.error().text), false;
    if (!*reply) return true;
    if (!take(**reply)) return false;
  }
  return true;
}

void RedisSource::take_batch() {
  batch_.clear();
  batch_.swap(coming_);
  at_ = 0;
  if (batch_.empty()) return;
  link_.succeeded();
  // The server works on the next batch while this one is processed.
  if (!dry_ && !recovering_ && !paused_) ask_for_more();
}

Fetch RedisSource::fill(Record& out, std::string_view text) {
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
  make_one_line(out.data, out.size);
  return Fetch::record;
}

bool RedisSource::refuse(std::string_view error) {
  const std::string text = name_ + ": " + explain_redis_error(error);
  if (!is_passing_redis_error(error)) {
    give_up(text);
    return false;
  }
  link_.warn(text + "; trying again");
  if (error.starts_with("READONLY")) return lose(text), false;
  paused_ = true;
  return true;
}

void RedisSource::give_up(std::string why) {
  error_.text = std::move(why);
  broken_ = true;
}

void RedisSource::lose(const std::string& why) {
  link_.lose(why);
  outstanding_ = 0;
  blocked_ = false;
  // Replies live as long as their connection: everything not handed out is read again.
  batch_.clear();
  coming_.clear();
  at_ = 0;
}

void RedisSource::reconnect(Wakeup& wakeup) {
  wakeup.wait(-1, link_.delay());
  if (wakeup.finish_asked()) return;
  if (auto tried = link_.connect_again(); !tried) give_up(tried.error().text);
  if (link_) find_place();
}

}  // namespace intelmq
