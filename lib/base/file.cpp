// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <memory>
#include <system_error>

namespace intelmq {
namespace {

constexpr std::size_t read_step = 64u << 10;

Result<void> fill_temporary(int fd, const std::string& path, std::string_view bytes,
                            unsigned mode) {
  struct stat old = {};
  const bool exists = stat(path.c_str(), &old) == 0;
  if (fchmod(fd, exists ? old.st_mode & 07777 : mode) != 0) {
    return system_failure(path, "cannot set the mode", errno);
  }
  const Written written = write_some(fd, bytes);
  if (written.error != 0) return system_failure(path, "cannot write", written.error);
  if (fsync(fd) != 0) return system_failure(path, "cannot write to disk", errno);
  return {};
}

std::string holder_of(int fd) {
  char text[32];
  const ssize_t size = pread(fd, text, sizeof text, 0);
  std::string_view pid(text, size > 0 ? static_cast<std::size_t>(size) : 0);
  pid = pid.substr(0, pid.find('\n'));
  return pid.empty() ? "another process" : "process " + std::string(pid);
}

}  // namespace

FileDescriptor& FileDescriptor::operator=(FileDescriptor&& other) noexcept {
  if (this != &other) {
    reset();
    fd_ = std::exchange(other.fd_, -1);
  }
  return *this;
}

void FileDescriptor::reset() {
  if (fd_ >= 0) ::close(fd_);
  fd_ = -1;
}

tl::unexpected<Error> system_failure(std::string_view thing, std::string_view what, int code) {
  std::string text(thing);
  text.append(": ").append(what).append(": ").append(std::generic_category().message(code));
  return fail(std::move(text));
}

Result<FileDescriptor> open_file(const std::string& path, int flags, unsigned mode) {
  int fd = -1;
  do {
    fd = ::open(path.c_str(), flags | O_CLOEXEC, mode);
  } while (fd < 0 && errno == EINTR);
  if (fd < 0) return system_failure(path, "cannot open", errno);
  return FileDescriptor(fd);
}

Result<std::string> read_file(const std::string& path) {
  const Result<FileDescriptor> file = open_file(path, O_RDONLY);
  if (!file) return tl::unexpected<Error>(file.error());
  std::string content;
  struct stat status = {};
  if (fstat(file->get(), &status) == 0 && S_ISREG(status.st_mode) && status.st_size > 0) {
    content.reserve(static_cast<std::size_t>(status.st_size) + read_step);
  }
  for (;;) {
    const std::size_t before = content.size();
    content.resize(before + read_step);
    const ssize_t got = ::read(file->get(), content.data() + before, read_step);
    const int code = errno;
    content.resize(before + (got > 0 ? static_cast<std::size_t>(got) : 0));
    if (got == 0) return content;
    if (got < 0 && code != EINTR) return system_failure(path, "cannot read", code);
  }
}

Written write_some(int fd, std::string_view bytes) {
  Written written;
  while (written.bytes < bytes.size()) {
    const ssize_t got = ::write(fd, bytes.data() + written.bytes, bytes.size() - written.bytes);
    if (got >= 0) {
      written.bytes += static_cast<std::size_t>(got);
      continue;
    }
    if (errno == EINTR) continue;
    if (errno != EAGAIN) {
      written.error = errno;
      break;
    }
    pollfd watched = {fd, POLLOUT, 0};
    ::poll(&watched, 1, -1);
  }
  return written;
}

Result<void> write_all(int fd, std::string_view bytes) {
  const Written written = write_some(fd, bytes);
  if (written.error == 0) return {};
  return fail("cannot write: " + std::generic_category().message(written.error));
}

Result<void> atomic_write(const std::string& path, std::string_view bytes, unsigned mode) {
  std::string temporary = directory_of(path) + "/." + name_of(path) + ".XXXXXX";
  const FileDescriptor file(mkostemp(temporary.data(), O_CLOEXEC));
  if (!file) return system_failure(path, "cannot create a file beside it", errno);
  Result<void> done = fill_temporary(file.get(), path, bytes, mode);
  if (done && ::rename(temporary.c_str(), path.c_str()) != 0) {
    done = system_failure(path, "cannot rename", errno);
  }
  if (!done) {
    ::unlink(temporary.c_str());
    return done;
  }
  return fsync_directory(directory_of(path));
}

Result<void> fsync_directory(const std::string& path) {
  const Result<FileDescriptor> directory = open_file(path, O_RDONLY | O_DIRECTORY);
  if (!directory) return tl::unexpected<Error>(directory.error());
  // EINVAL: a file system that has nothing to synchronise.
  if (fsync(directory->get()) != 0 && errno != EINVAL) {
    return system_failure(path, "cannot write the directory to disk", errno);
  }
  return {};
}

Result<std::vector<std::string>> list_directory(const std::string& path) {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir(path.c_str()), closedir);
  if (!directory) return system_failure(path, "cannot list the directory", errno);
  std::vector<std::string> names;
  errno = 0;
  while (const dirent* entry = readdir(directory.get())) {
    const std::string_view name = entry->d_name;
    if (name != "." && name != "..") names.emplace_back(name);
  }
  if (errno != 0) return system_failure(path, "cannot list the directory", errno);
  std::sort(names.begin(), names.end());
  return names;
}

int rename_new(const std::string& from, const std::string& to) {
  if (renameat2(AT_FDCWD, from.c_str(), AT_FDCWD, to.c_str(), RENAME_NOREPLACE) == 0) return 0;
  if (errno != EINVAL && errno != ENOSYS) return errno;  // not every file system knows it
  if (access(to.c_str(), F_OK) == 0) return EEXIST;
  return ::rename(from.c_str(), to.c_str()) == 0 ? 0 : errno;
}

std::string directory_of(std::string_view path) {
  const std::size_t slash = path.rfind('/');
  if (slash == std::string_view::npos) return ".";
  return slash == 0 ? "/" : std::string(path.substr(0, slash));
}

std::string name_of(std::string_view path) { return std::string(path.substr(path.rfind('/') + 1)); }

Result<FileDescriptor> lock_file(const std::string& path) {
  Result<FileDescriptor> file = open_file(path, O_RDWR | O_CREAT);
  if (!file) return file;
  if (flock(file->get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_failure(path, "cannot lock", errno);
    return fail(path + ": is locked by " + holder_of(file->get()) + "; stop that one first");
  }
  const std::string pid = std::to_string(getpid()) + "\n";
  if (ftruncate(file->get(), 0) != 0 || pwrite(file->get(), pid.data(), pid.size(), 0) < 0) {
    return system_failure(path, "cannot write", errno);
  }
  return file;
}

}  // namespace intelmq
