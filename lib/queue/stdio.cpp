// SPDX-License-Identifier: Apache-2.0
#include "queue/stdio.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/file.hpp"
#include "queue/line_source.hpp"

namespace intelmq {
namespace {

constexpr int pipe_size = 1 << 20;

void widen(int fd) { fcntl(fd, F_SETPIPE_SZ, pipe_size); }

class StreamDestination final : public Destination {
 public:
  StreamDestination(int fd, std::string name) : fd_{fd}, name_{std::move(name)} { widen(fd); }

  Result<Delivery> write(std::string_view lines) override {
    if (gone_) return Delivery::reader_gone;
    const Written written = write_some(fd_, lines);
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
  int fd_;
  std::string name_;
  bool gone_ = false;
};

}  // namespace

Result<std::unique_ptr<Source>> open_standard_input(const SourceOptions& options) {
  FileDescriptor input(fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 0));
  if (!input) return system_failure("stdin", "cannot read", errno);
  widen(input.get());
  return line_source(ByteInput(std::move(input), "stdin"), options);
}

Result<std::unique_ptr<Destination>> open_standard_output() {
  if (fcntl(STDOUT_FILENO, F_GETFD) < 0) return system_failure("stdout", "cannot write", errno);
  return stream_destination(STDOUT_FILENO, "stdout");
}

std::unique_ptr<Destination> stream_destination(int fd, std::string name) {
  return std::make_unique<StreamDestination>(fd, std::move(name));
}

}  // namespace intelmq
