// SPDX-License-Identifier: Apache-2.0
#include "queue/stdio.hpp"

#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <utility>

#include "base/file.hpp"
#include "base/wakeup.hpp"
#include "queue/line_source.hpp"

namespace intelmq {
namespace {

constexpr int pipe_size = 1 << 20;
constexpr std::chrono::milliseconds longest_copy{2};  // a write that took longer has waited

void widen(int fd) { fcntl(fd, F_SETPIPE_SZ, pipe_size); }

class StreamDestination final : public Destination {
 public:
  StreamDestination(int fd, std::string name, const Wakeup* wakeup)
      : fd_{fd}, name_{std::move(name)}, wakeup_{wakeup} {
    widen(fd);
  }

  Result<Delivery> write(std::string_view lines) override {
    if (gone_) return Delivery::reader_gone;
    const bool alone = !wakeup_ || !wakeup_->company();
    const Written written = alone ? write_some(fd_, lines) : write_in_company(lines);
    gone_ = written.error == EPIPE;
    if (gone_) return Delivery::reader_gone;
    if (written.error != 0) return system_failure(name_, "cannot write", written.error);
    return Delivery::done;
  }

  Result<Delivery> flush() override { return gone_ ? Delivery::reader_gone : Delivery::done; }

  // Some file systems tell only at close that what was written found no room.
  Result<void> close() override {
    const int copy = dup(fd_);
    if (copy >= 0 && ::close(copy) != 0 && errno != EINTR) {
      return system_failure(name_, "cannot write", errno);
    }
    return {};
  }

 private:
  /// A reader may take its time: the alarm ends the call, and the company hears of us.
  Written write_in_company(std::string_view lines) const {
    using Clock = std::chrono::steady_clock;
    auto start = Clock::now();
    Written written;
    while (written.bytes < lines.size()) {
      const ssize_t got = ::write(fd_, lines.data() + written.bytes, lines.size() - written.bytes);
      if (got >= 0) written.bytes += static_cast<std::size_t>(got);
      if (got < 0 && errno != EINTR && errno != EAGAIN) {
        written.error = errno;
        break;
      }
      if (got < 0 && errno == EAGAIN) {
        pollfd watched = {fd_, POLLOUT, 0};
        ::poll(&watched, 1, static_cast<int>(Wakeup::beat.count()));
      }
      const auto now = Clock::now();
      if (now - start > longest_copy) wakeup_->company()->waited(now - start);
      start = now;
      wakeup_->breathe();
    }
    return written;
  }

  int fd_;
  std::string name_;
  const Wakeup* wakeup_;
  bool gone_ = false;
};

}  // namespace

Result<std::unique_ptr<Source>> open_standard_input(const SourceOptions& options) {
  FileDescriptor input(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
  if (!input) return system_failure("stdin", "cannot read", errno);
  widen(input.get());
  return line_source(ByteInput(std::move(input), "stdin"), options);
}

Result<std::unique_ptr<Destination>> open_standard_output(const DestinationOptions& options) {
  if (fcntl(STDOUT_FILENO, F_GETFD) < 0) return system_failure("stdout", "cannot write", errno);
  return stream_destination(STDOUT_FILENO, "stdout", options.wakeup);
}

std::unique_ptr<Destination> stream_destination(int fd, std::string name, const Wakeup* wakeup) {
  return std::make_unique<StreamDestination>(fd, std::move(name), wakeup);
}

}  // namespace intelmq
