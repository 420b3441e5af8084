// SPDX-License-Identifier: Apache-2.0
#include "queue/redis_consumer.hpp"

#include <errno.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstddef>
#include <cstring>

#include "base/sha256.hpp"

namespace intelmq {
namespace {

/// A socket whose name no other process of this host can have while this one lives.
FileDescriptor bind_name(const std::string& name) {
  FileDescriptor fd(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  sockaddr_un address{};
  address.sun_family = AF_UNIX;
  // A first byte of zero: a name of its own kind, which is no file.
  std::memcpy(address.sun_path + 1, name.data(), name.size());
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + 1 + name.size());
  if (!fd || ::bind(fd.get(), reinterpret_cast<sockaddr*>(&address), size) != 0) return {};
  return fd;
}

std::string host() {
  char name[256] = {};
  return ::gethostname(name, sizeof name - 1) == 0 && *name ? name : "localhost";
}

}  // namespace

RedisConsumer::RedisConsumer(const RedisQueue& queue) : group_{queue.group}, name_{queue.consumer} {
  if (group_.empty()) group_ = program_invocation_short_name;
  if (group_.empty()) group_ = "intelmq";
  if (!name_.empty()) return;
  constexpr unsigned most = 10000;
  const std::string place = "intelmq-" + sha256_hex(queue.name() + " " + group_) + "-";
  unsigned number = 1;
  while (!(number_ = bind_name(place + std::to_string(number))) && number < most) ++number;
  name_ = host() + "-" + std::to_string(number);
}

}  // namespace intelmq
