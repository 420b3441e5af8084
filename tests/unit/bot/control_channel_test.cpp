// SPDX-License-Identifier: Apache-2.0
#include "bot/control_channel.hpp"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstring>

namespace intelmq {
namespace {

struct Ends {
  Ends() {
    int fds[2];
    REQUIRE(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds) == 0);
    far = FileDescriptor(fds[0]);
    near.emplace(fds[1]);
  }
  void say(std::string_view text) const {
    REQUIRE(send(far.get(), text.data(), text.size(), MSG_DONTWAIT) ==
            static_cast<ssize_t>(text.size()));
  }
  void hand_over(std::string_view text, int fd) const {
    alignas(cmsghdr) char space[CMSG_SPACE(sizeof(int))] = {};
    iovec where = {const_cast<char*>(text.data()), text.size()};
    msghdr message = {};
    message.msg_iov = &where;
    message.msg_iovlen = 1;
    message.msg_control = space;
    message.msg_controllen = sizeof space;
    cmsghdr* const part = CMSG_FIRSTHDR(&message);
    part->cmsg_level = SOL_SOCKET;
    part->cmsg_type = SCM_RIGHTS;
    part->cmsg_len = CMSG_LEN(sizeof(int));
    std::memcpy(CMSG_DATA(part), &fd, sizeof fd);
    REQUIRE(sendmsg(far.get(), &message, 0) == static_cast<ssize_t>(text.size()));
  }
  FileDescriptor far;
  std::optional<ControlChannel> near;
};

TEST_CASE("lines come as they are finished") {
  const Ends ends;
  ControlChannel near(dup(ends.near->fd()));
  CHECK_FALSE(near.receive());
  ends.say("{\"a\":1}\n{\"a\"");
  auto line = near.receive();
  REQUIRE(line);
  CHECK(line->message["a"] == Json(1));
  CHECK_FALSE(near.receive());
  ends.say(":2}\n[1]\n{\n");
  CHECK(near.receive()->message["a"] == Json(2));
  CHECK(near.receive()->complaint == "a line is no object");
  CHECK_FALSE(near.receive()->complaint.empty());
  CHECK_FALSE(near.receive());
}

TEST_CASE("a line that is too long is skipped to its end") {
  Ends ends;
  std::optional<ControlChannel::Line> line;
  const std::string piece(64 << 10, 'x');
  for (int i = 0; i < 20; ++i) {
    ends.say(piece);
    CHECK_FALSE(ends.near->receive());
  }
  ends.say("\n{}\n");
  CHECK_FALSE(ends.near->receive()->complaint.empty());
  CHECK(ends.near->receive()->complaint.empty());
}

TEST_CASE("a descriptor comes with the line that asks for it") {
  Ends ends;
  const FileDescriptor directory(open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
  ends.say("{\"op\":\"ping\"}\n");
  ends.hand_over("{\"op\":\"dump\"}\n", directory.get());
  CHECK_FALSE(ends.near->receive()->file);
  const auto line = ends.near->receive();
  REQUIRE(line->file);
  CHECK(fcntl(line->file.get(), F_GETFD) == FD_CLOEXEC);
}

TEST_CASE("who does not read is gone, and so is who closes") {
  Ends ends;
  const Json message = Json::object().set("text", std::string(100'000, 'x'));
  for (int i = 0; i < 100 && !ends.near->gone(); ++i) ends.near->send(message);
  CHECK(ends.near->gone());
  CHECK(ends.near->owed() == 0);
  Ends closed;
  closed.far.reset();
  CHECK_FALSE(closed.near->receive());
  CHECK(closed.near->gone());
  CHECK(closed.near->fd() == -1);
}

}  // namespace
}  // namespace intelmq
