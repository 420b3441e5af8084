// SPDX-License-Identifier: Apache-2.0
#include "bot/control_channel.hpp"

#include <sys/socket.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace intelmq {
namespace {

constexpr std::size_t most_files = 4;  // handed over and not yet asked for

}  // namespace

void ControlChannel::lose() {
  gone_ = true;
  fd_.reset();
  out_.clear();
}

/// False: nothing is there now.
bool ControlChannel::read_more() {
  if (at_end_ || gone_) return false;
  char bytes[16384];
  alignas(cmsghdr) char handed[CMSG_SPACE(most_files * sizeof(int))];
  iovec where = {bytes, sizeof bytes};
  msghdr message = {};
  message.msg_iov = &where;
  message.msg_iovlen = 1;
  message.msg_control = handed;
  message.msg_controllen = sizeof handed;
  ssize_t got = -1;
  do got = recvmsg(fd_.get(), &message, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
  while (got < 0 && errno == EINTR);
  if (got < 0 && errno == EAGAIN) return false;
  if (got <= 0) {
    at_end_ = true;
    return false;
  }
  for (cmsghdr* part = CMSG_FIRSTHDR(&message); part; part = CMSG_NXTHDR(&message, part)) {
    if (part->cmsg_level != SOL_SOCKET || part->cmsg_type != SCM_RIGHTS) continue;
    for (std::size_t at = 0; CMSG_LEN(at + sizeof(int)) <= part->cmsg_len; at += sizeof(int)) {
      int fd = -1;
      std::memcpy(&fd, CMSG_DATA(part) + at, sizeof fd);
      FileDescriptor file(fd);
      if (files_.size() < most_files) files_.push_back(std::move(file));
    }
  }
  in_.append(bytes, static_cast<std::size_t>(got));
  return true;
}

std::optional<ControlChannel::Line> ControlChannel::receive() {
  for (;;) {
    const std::size_t end = in_.find('\n', searched_);
    if (end == std::string::npos) {
      searched_ = in_.size();
      if (searched_ > most || skipping_) {
        skipping_ = true;
        in_.clear();
        searched_ = 0;
      }
      if (read_more()) continue;
      if (at_end_) lose();
      return std::nullopt;
    }
    Line line;
    auto parsed = Json::parse(std::string_view(in_).substr(0, end));
    in_.erase(0, end + 1);
    searched_ = 0;
    if (std::exchange(skipping_, false)) {
      line.complaint = "a line is longer than 1 MiB";
      return line;
    }
    if (!parsed || !parsed->is_object()) {
      line.complaint = parsed ? "a line is no object" : parsed.error().text;
      return line;
    }
    line.message = std::move(*parsed);
    // A descriptor comes with the bytes of the line that asks for it.
    if (line.message["op"].text() == "dump" && !files_.empty()) {
      line.file = std::move(files_.front());
      files_.pop_front();
    }
    return line;
  }
}

void ControlChannel::send(const Json& message) {
  if (gone_) return;
  out_ += message.dump();
  out_ += '\n';
  flush();
}

void ControlChannel::flush() {
  std::size_t sent = 0;
  while (!gone_ && sent < out_.size()) {
    const ssize_t put =
        ::send(fd_.get(), out_.data() + sent, out_.size() - sent, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (put > 0) sent += static_cast<std::size_t>(put);
    if (put >= 0 || errno == EINTR) continue;
    if (errno != EAGAIN) return lose();
    break;
  }
  out_.erase(0, sent);
  if (out_.size() > most) lose();
}

}  // namespace intelmq
