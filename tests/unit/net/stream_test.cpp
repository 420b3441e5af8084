// SPDX-License-Identifier: Apache-2.0
#include "net/stream.hpp"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <string>

namespace intelmq {
namespace {

/// A port that the kernel gives to connections; nobody listens there. Linux hands out the odd ones
/// to those that bind a socket, the even ones to those that connect it.
std::uint16_t unused_port() {
  const int fd = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(::bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  ::close(fd);
  return ntohs(address.sin_port) & ~1;
}

TEST_CASE("A connection that met itself is none") {
  Endpoint endpoint;
  endpoint.port = unused_port();
  for (int i = 0; i < 60000; ++i) {
    const auto connected = Stream::connect(endpoint);
    REQUIRE_FALSE(connected);
    REQUIRE(connected.error().text.find("refused") != std::string::npos);
  }
}

}  // namespace
}  // namespace intelmq
