// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace intelmq {

/// Owns one open file descriptor, or none (-1).
class FileDescriptor {
 public:
  FileDescriptor() = default;
  explicit FileDescriptor(int fd) : fd_{fd} {}
  FileDescriptor(FileDescriptor&& other) noexcept : fd_{std::exchange(other.fd_, -1)} {}
  FileDescriptor& operator=(FileDescriptor&& other) noexcept;
  FileDescriptor(const FileDescriptor&) = delete;
  FileDescriptor& operator=(const FileDescriptor&) = delete;
  ~FileDescriptor() { reset(); }

  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }
  int release() { return std::exchange(fd_, -1); }
  void reset();

 private:
  int fd_ = -1;
};

/// A failure of the operating system as an error: `<thing>: <what>: <text of errno>`.
tl::unexpected<Error> system_failure(std::string_view thing, std::string_view what, int code);

/// open(2) with O_CLOEXEC. Error: names the path.
Result<FileDescriptor> open_file(const std::string& path, int flags, unsigned mode = 0640);

/// The whole content of a file, also of one whose size is not known. Error: names the path.
Result<std::string> read_file(const std::string& path);

/// How far a write came, and the errno that stopped it (0: all was written).
struct Written {
  std::size_t bytes = 0;
  int error = 0;
};

/// Writes everything, through interruptions and short writes; waits where the descriptor is
/// non-blocking. Leaves the verdict to the caller.
Written write_some(int fd, std::string_view bytes);

/// As above. Error: the text of errno, without a name.
Result<void> write_all(int fd, std::string_view bytes);

/// Replaces a file as a whole: after success the new content is on disk, after failure (or a
/// crash) the old one is. Keeps the mode of the old file; a new one gets `mode`.
Result<void> atomic_write(const std::string& path, std::string_view bytes, unsigned mode = 0640);

/// Makes created, renamed and removed names in a directory durable.
Result<void> fsync_directory(const std::string& path);

/// The names in a directory without `.` and `..`, in the order of their bytes.
Result<std::vector<std::string>> list_directory(const std::string& path);

/// Renames, but never over a file that is there (errno EEXIST). Returns 0 or the errno.
int rename_new(const std::string& from, const std::string& to);

/// The directory part of a path ("." if there is none) and the part behind it.
std::string directory_of(std::string_view path);
std::string name_of(std::string_view path);

/// Creates a file, locks it for this process and writes the pid into it. The lock ends with the
/// descriptor. Error: names the path and the pid of the process that holds it.
Result<FileDescriptor> lock_file(const std::string& path);

}  // namespace intelmq
