// SPDX-License-Identifier: Apache-2.0
#include "serve/channel.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace intelmq::serve {
namespace {

Problem problem_of(const Json& error) {
  const std::string& code = error["code"].text();
  Problem out;
  out.detail = error["detail"].text();
  if (code == "unsupported") {
    out.code = "not-supported-by-bot";
    if (out.detail.empty()) out.detail = "the bot does not know this request";
  } else if (code == "validation") {
    out.code = "validation";
  } else {
    out.code = "upstream-failed";
  }
  for (const Json& each : error["errors"].items())
    out.errors.push_back({each["pointer"].text(), each["code"].text(), each["detail"].text()});
  if (out.detail.empty())
    out.detail = out.errors.empty() ? "the bot refused: " + code : "the bot refuses the parameters";
  return out;
}

/// One sendmsg with a descriptor beside the bytes.
ssize_t send_with(int fd, std::string_view bytes, int descriptor) {
  iovec piece{const_cast<char*>(bytes.data()), bytes.size()};
  alignas(cmsghdr) char room[CMSG_SPACE(sizeof(int))] = {};
  msghdr message{};
  message.msg_iov = &piece;
  message.msg_iovlen = 1;
  if (descriptor >= 0) {
    message.msg_control = room;
    message.msg_controllen = sizeof room;
    cmsghdr* head = CMSG_FIRSTHDR(&message);
    head->cmsg_level = SOL_SOCKET;
    head->cmsg_type = SCM_RIGHTS;
    head->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(head), &descriptor, sizeof descriptor);
  }
  return ::sendmsg(fd, &message, MSG_NOSIGNAL);
}

}  // namespace

Channel::Channel(Loop& loop, FileDescriptor fd, OnEvent on_event, std::function<void()> closed)
    : loop_{loop},
      fd_{std::move(fd)},
      on_event_{std::move(on_event)},
      closed_{std::move(closed)},
      readable_{loop.readable(fd_.get(), [this] { take_in(); })} {}

Channel::~Channel() {
  *alive_ = false;
  close();
}

void Channel::close() {
  readable_.reset();
  writable_.reset();
  fd_.reset();
  fail_all();
}

void Channel::ask(Json request, std::chrono::milliseconds limit, Then<Json> then, int descriptor) {
  if (!fd_) return then(refuse("bot-unavailable", "the bot does not run"));
  const std::int64_t number = ++last_;
  request.set("id", number);
  Pending& pending = pending_[number];
  pending.then = std::move(then);
  pending.limit = loop_.after(limit, [this, number, limit] {
    settle(number,
           tl::unexpected(Problem{"bot-timeout",
                                  "the bot did not answer within " +
                                      std::to_string((limit.count() + 999) / 1000) + " seconds",
                                  {},
                                  {},
                                  {}}));
  });
  const std::string line = request.dump() + '\n';
  if (descriptor >= 0) {
    put_out();  // what waits goes first, so that the descriptor comes with its line
    if (!out_.empty() ||
        send_with(fd_.get(), line, descriptor) != static_cast<ssize_t>(line.size()))
      settle(number, refuse("bot-timeout", "the bot takes no requests"));
    return;
  }
  out_ += line;
  put_out();
  if (out_.size() > longest) broken();
}

void Channel::put_out() {
  while (fd_ && !out_.empty()) {
    const ssize_t put = ::send(fd_.get(), out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (put < 0 && errno == EINTR) continue;
    if (put < 0) break;
    out_.erase(0, static_cast<std::size_t>(put));
  }
  if (out_.empty() || !fd_) return writable_.reset();
  if (!writable_) writable_ = loop_.writable(fd_.get(), [this] { put_out(); });
}

void Channel::take_in() {
  if (!fd_) return;
  const auto alive = alive_;
  char block[16384];
  for (int round = 0; round < 16; ++round) {  // others want to be served, too
    const ssize_t got = ::recv(fd_.get(), block, sizeof block, MSG_DONTWAIT);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) break;
    if (got <= 0) return broken();
    in_.append(block, static_cast<std::size_t>(got));
    std::size_t start = 0;
    for (std::size_t end; (end = in_.find('\n', start)) != in_.npos; start = end + 1) {
      take_line(std::string_view(in_).substr(start, end - start));
      if (!*alive || !fd_) return;
    }
    in_.erase(0, start);
    if (in_.size() > longest) return broken();
  }
}

void Channel::take_line(std::string_view line) {
  const Result<Json> read = Json::parse(line);
  if (!read || !read->is_object()) return;  // not for us; a bot's defect is not serve's
  const Json& message = *read;
  if (const auto number = message["re"].integer()) {
    if (message["ok"].boolean()) return settle(*number, message["result"]);
    return settle(*number, tl::unexpected(problem_of(message["error"])));
  }
  if (message["ev"].is_string()) on_event_(message);
}

void Channel::settle(std::int64_t number, Answer<Json> answer) {
  const auto found = pending_.find(number);
  if (found == pending_.end()) return;
  const Pending pending = std::move(found->second);
  pending_.erase(found);
  pending.then(std::move(answer));
}

void Channel::fail_all() {
  auto pending = std::move(pending_);
  pending_.clear();
  for (auto& [number, each] : pending)
    each.then(
        tl::unexpected(Problem{"bot-unavailable", "the bot ended before it answered", {}, {}, {}}));
}

void Channel::broken() {
  const auto alive = alive_;
  const auto closed = closed_;
  close();
  if (*alive && closed) closed();
}

}  // namespace intelmq::serve
