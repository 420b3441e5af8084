// SPDX-License-Identifier: Apache-2.0
#include "base/notify.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "base/file.hpp"

namespace intelmq {
namespace {

std::int64_t number_in(const char* name) {
  const char* const text = std::getenv(name);
  std::int64_t out = 0;
  if (text) std::from_chars(text, text + std::strlen(text), out);
  return out;
}

}  // namespace

std::unique_ptr<Notify> Notify::inherited() {
  const char* const socket = std::getenv("NOTIFY_SOCKET");
  if (!socket || (*socket != '/' && *socket != '@')) return nullptr;
  const std::int64_t pid = number_in("WATCHDOG_PID");
  const bool ours = pid == 0 || pid == getpid();
  auto out = std::make_unique<Notify>(
      socket, std::chrono::microseconds(ours ? number_in("WATCHDOG_USEC") : 0));
  for (const char* const name : {"NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID"}) unsetenv(name);
  return out;
}

std::chrono::milliseconds Notify::period() const {
  using std::chrono::milliseconds;
  const auto half = std::chrono::duration_cast<milliseconds>(watchdog_ / 2);
  return watchdog_.count() > 0 ? std::clamp(half, milliseconds(1), Wakeup::beat) : Wakeup::beat;
}

void Notify::reloading() {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  send("RELOADING=1\nMONOTONIC_USEC=" +
       std::to_string(now.tv_sec * 1'000'000 + now.tv_nsec / 1000));
}

void Notify::attend() {
  if (watchdog_.count() > 0) send("WATCHDOG=1");
  std::string status = status_ ? "STATUS=" + status_() : "";
  if (status == told_) return;
  send(status);
  told_ = std::move(status);
}

void Notify::send(std::string_view text) const {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (socket_.size() >= sizeof address.sun_path) return;
  std::memcpy(address.sun_path, socket_.data(), socket_.size());
  if (socket_.front() == '@') address.sun_path[0] = '\0';  // has no name in any directory
  const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + socket_.size() +
                                           (socket_.front() == '/' ? 1 : 0));
  const FileDescriptor fd(::socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0));
  ::sendto(fd.get(), text.data(), text.size(), MSG_DONTWAIT | MSG_NOSIGNAL,
           reinterpret_cast<const sockaddr*>(&address), size);
}

}  // namespace intelmq
