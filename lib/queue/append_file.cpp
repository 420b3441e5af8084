// SPDX-License-Identifier: Apache-2.0
#include "queue/append_file.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace intelmq {
namespace {

constexpr std::size_t step = 64u << 10;
constexpr std::size_t longest_checked = 64u << 20;

// Reads exactly that part of a file; false: it cannot be read.
bool read_at(int fd, off_t from, std::size_t size, std::string& out) {
  out.resize(size);
  std::size_t done = 0;
  while (done < size) {
    const ssize_t got = pread(fd, out.data() + done, size - done, from + static_cast<off_t>(done));
    if (got < 0 && errno == EINTR) continue;
    if (got <= 0) return false;
    done += static_cast<std::size_t>(got);
  }
  return true;
}

// The place behind the last line feed, or -1 if the file cannot be read.
off_t end_of_lines(int fd, off_t size) {
  std::string block;
  while (size > 0) {
    const auto part = static_cast<std::size_t>(std::min<off_t>(size, step));
    const off_t from = size - static_cast<off_t>(part);
    if (!read_at(fd, from, part, block)) return -1;
    const std::size_t feed = block.rfind('\n');
    if (feed != std::string::npos) return from + static_cast<off_t>(feed) + 1;
    size = from;
  }
  return 0;
}

// Whether the text is one JSON object, opened by its first and closed by its last character.
bool is_object(std::string_view text) {
  std::size_t depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (quoted) {
      if (c == '\\') ++i;
      quoted = c != '"';
    } else if (c == '"') {
      quoted = true;
    } else if (c == '{') {
      ++depth;
    } else if (c == '}') {
      if (depth > 0) --depth;
      if (depth == 0) return text.front() == '{' && i + 1 == text.size();
    }
  }
  return false;
}

bool is_whole(int fd, off_t from, off_t to) {
  std::string tail;
  const auto size = static_cast<std::size_t>(to - from);
  return size <= longest_checked && read_at(fd, from, size, tail) && is_object(tail);
}

Result<void> copy_tail(int fd, off_t from, off_t to, const std::string& torn_path) {
  const Result<FileDescriptor> torn = open_file(torn_path, O_WRONLY | O_CREAT | O_APPEND);
  if (!torn) return tl::unexpected<Error>(torn.error());
  std::string block;
  Written written;
  while (from < to && written.error == 0) {
    const auto part = static_cast<std::size_t>(std::min<off_t>(to - from, step));
    if (!read_at(fd, from, part, block)) return system_failure(torn_path, "cannot fill", errno);
    written = write_some(torn->get(), block);
    from += static_cast<off_t>(part);
  }
  if (written.error == 0) written = write_some(torn->get(), "\n");
  if (written.error != 0) return system_failure(torn_path, "cannot write", written.error);
  if (fsync(torn->get()) != 0) return system_failure(torn_path, "cannot write to disk", errno);
  return {};
}

}  // namespace

Result<void> mend_lines(int fd, const std::string& path, const std::string& torn_path) {
  struct stat status = {};
  if (fstat(fd, &status) != 0) return system_failure(path, "cannot look at", errno);
  const off_t size = status.st_size;
  const off_t whole = end_of_lines(fd, size);
  if (whole == size || (whole < 0 && errno == EBADF)) return {};  // EBADF: may only be written
  if (whole < 0) return system_failure(path, "cannot read its last line", errno);
  if (is_whole(fd, whole, size)) {
    const Written written = write_some(fd, "\n");
    if (written.error != 0) return system_failure(path, "cannot write", written.error);
    return {};
  }
  if (Result<void> copied = copy_tail(fd, whole, size, torn_path); !copied) return copied;
  if (ftruncate(fd, whole) != 0) return system_failure(path, "cannot cut", errno);
  return {};
}

AppendFile::AppendFile(FileDescriptor file, std::string path)
    : file_{std::move(file)}, path_{std::move(path)} {
  struct stat status = {};
  regular_ = fstat(file_.get(), &status) == 0 && S_ISREG(status.st_mode);
}

namespace {

/// Whether the path still leads to the open file.
bool is_there(int fd, const std::string& path) {
  struct stat open = {}, named = {};
  return fstat(fd, &open) == 0 && stat(path.c_str(), &named) == 0 && open.st_ino == named.st_ino &&
         open.st_dev == named.st_dev;
}

}  // namespace

Result<AppendFile> AppendFile::open(const std::string& path) {
  for (;;) {
    Result<AppendFile> opened = open_now(path);
    // Whoever had locked the file may have removed it meanwhile.
    if (!opened || !opened->regular_ || is_there(opened->fd(), path)) return opened;
  }
}

Result<AppendFile> AppendFile::open_now(const std::string& path) {
  Result<FileDescriptor> file = open_file(path, O_RDWR | O_CREAT | O_APPEND);
  if (!file)
    file = open_file(path, O_WRONLY | O_APPEND);  // a device or a file that only lets write
  if (!file) return tl::unexpected<Error>(file.error());
  AppendFile opened(std::move(*file), path);
  if (!opened.regular_) return opened;
  // Alone with the file: what is unfinished is nobody's line in progress.
  if (flock(opened.fd(), LOCK_EX | LOCK_NB) == 0) {
    if (Result<void> mended = mend_lines(opened.fd(), path, path + ".torn"); !mended) {
      return tl::unexpected<Error>(mended.error());
    }
  }
  flock(opened.fd(), LOCK_SH);
  return opened;
}

Result<Delivery> AppendFile::append(std::string_view lines) {
  const Written written = write_some(fd(), lines);
  if (written.error == 0) return Delivery::done;
  if (written.error == EPIPE) return Delivery::reader_gone;
  if (regular_ && written.bytes != 0) cut(written.bytes);
  return system_failure(path_, "cannot write", written.error);
}

void AppendFile::cut(std::size_t written) {
  const off_t end = lseek(fd(), 0, SEEK_CUR);
  struct stat status = {};
  // Another process may have appended behind it: then it must stay.
  if (end < 0 || fstat(fd(), &status) != 0 || status.st_size != end) return;
  if (ftruncate(fd(), end - static_cast<off_t>(written)) != 0) return;
  lseek(fd(), 0, SEEK_END);
}

Result<void> AppendFile::sync() {
  if (!regular_ || fdatasync(fd()) == 0) return {};
  return system_failure(path_, "cannot write to disk", errno);
}

}  // namespace intelmq
