// SPDX-License-Identifier: Apache-2.0
#include "serve/log_hub.hpp"

#include <poll.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace intelmq::serve {
namespace {

constexpr std::size_t most_waiting = 256u << 10;
/// A pipe that can be written to has room for so much.
constexpr std::size_t sure_write = 4096;

}  // namespace

void LogOutput::write(std::string_view line) {
  if (waiting_.size() + line.size() >= most_waiting) {
    ++dropped_;
    return;
  }
  waiting_ += line;
  waiting_ += '\n';
  if (!watch_) flush();
}

void LogOutput::flush() {
  std::size_t done = 0;
  while (done < waiting_.size()) {
    // The descriptor is shared with others, so that it cannot be made non-blocking.
    pollfd watched = {fd_, POLLOUT, 0};
    if (::poll(&watched, 1, 0) != 1) break;
    const ssize_t put =
        ::write(fd_, waiting_.data() + done, std::min(sure_write, waiting_.size() - done));
    if (put < 0 && errno == EINTR) continue;
    if (put < 0 && errno == EAGAIN) break;
    if (put < 0) done = waiting_.size();  // nobody reads it, which is no error
    if (put > 0) done += static_cast<std::size_t>(put);
  }
  waiting_.erase(0, done);
  if (waiting_.empty())
    watch_.reset();
  else if (!watch_)
    watch_ = loop_.writable(fd_, [this] { flush(); });
}

LogHub::LogHub(Loop& loop, SyslogTargets& syslog, int fd, LogForm form, LogRing::Limits limits)
    : loop_{loop}, syslog_{syslog}, output_{loop, fd}, form_{form}, ring_{limits} {}

LogHub::~LogHub() {
  if (own_) own_->hand_to({});
  for (const Follower& follower : followers_) follower.stream->end();
}

void LogHub::take_over(Log& own) {
  own_ = &own;
  own.hand_to([this](LogLevel level, std::string_view text) {
    LogRecord record;
    record.time = now_ms();
    record.level = level;
    record.bot = "serve";
    record.text = valid_utf8(text);
    add(std::move(record));
  });
}

void LogHub::take_line(const std::string& bot, std::string_view line) {
  if (!line.empty()) add(read_log_line(line, bot, now_ms()));
}

void LogHub::add(LogRecord record) {
  coming_.push_back(std::make_shared<const LogRecord>(std::move(record)));
  if (spreading_) return;
  spreading_ = true;
  while (!coming_.empty()) {
    const SharedRecord next = std::move(coming_.front());
    coming_.pop_front();
    spread(next);
  }
  spreading_ = false;
}

void LogHub::spread(const SharedRecord& record) {
  ring_.add(record);
  syslog_.put(record);
  output_.write(form_ == LogForm::json ? record->json().dump() : record->line());
  if (followers_.empty()) return;
  const std::string line = record->json().dump() + '\n';
  for (const Follower& follower : followers_)
    if (follower.query.wants(*record) && !follower.stream->write(line)) follower.stream->end();
  sweep();
}

void LogHub::sweep() {
  std::erase_if(followers_, [](const Follower& follower) { return !follower.stream->open(); });
  if (followers_.empty()) sweeper_.reset();
}

bool LogHub::follow(std::shared_ptr<BodyStream> stream, const LogRing::Query& query) {
  sweep();
  if (followers_.size() >= most_followers) return false;
  for (const SharedRecord& record : ring_.find(query))
    if (!stream->write(record->json().dump() + '\n')) {
      stream->end();
      return true;
    }
  followers_.push_back({std::move(stream), query});
  if (!sweeper_) sweeper_ = loop_.every(std::chrono::seconds(10), [this] { sweep(); });
  return true;
}

}  // namespace intelmq::serve
