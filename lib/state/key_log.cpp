// SPDX-License-Identifier: Apache-2.0
#include "state/key_log.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <string_view>
#include <utility>

#include "state/hash.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace intelmq {
namespace {

static_assert(std::endian::native == std::endian::little, "the file is little-endian");

constexpr std::uint32_t current_version = 1;
constexpr std::uint32_t frame_mark = 0x4d524651;
constexpr std::size_t records_per_frame = 65535;
constexpr std::chrono::milliseconds sync_interval{100};

struct Header {
  std::array<char, 8> magic{'I', 'M', 'Q', 'S', 'E', 'E', 'N', '\n'};
  std::uint32_t version = current_version;
  std::uint32_t size = sizeof(Header);
  Seed seed{};
  std::uint64_t checksum = 0;
  std::uint32_t owner = 0;
  std::uint32_t ttl_seconds = 0;
  std::array<std::uint8_t, 16> unused{};
};
static_assert(sizeof(Header) == 64);

struct FrameHead {
  std::uint64_t checksum = 0;
  std::uint32_t mark = frame_mark;
  std::uint32_t count = 0;
};
static_assert(sizeof(FrameHead) == sizeof(KeyRecord));

std::uint64_t checksum_of(const Header& header) {
  return XXH3_64bits(&header, offsetof(Header, checksum));
}

// Of a frame whose head and records are contiguous.
std::uint64_t frame_checksum(const void* frame, std::size_t records, std::uint64_t offset) {
  const auto* covered = static_cast<const std::byte*>(frame) + sizeof(std::uint64_t);
  return XXH3_64bits_withSeed(
      covered, sizeof(FrameHead) - sizeof(std::uint64_t) + records * sizeof(KeyRecord), offset);
}

std::string quoted(const std::string& path) { return "state file '" + path + "'"; }

int write_at(int fd, const void* bytes, std::size_t size, std::uint64_t offset) {
  const auto* next = static_cast<const std::byte*>(bytes);
  while (size > 0) {
    const ssize_t written = ::pwrite(fd, next, size, static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return errno;
    if (written == 0) return ENOSPC;
    next += written;
    size -= static_cast<std::size_t>(written);
    offset += static_cast<std::size_t>(written);
  }
  return 0;
}

ssize_t read_at(int fd, void* bytes, std::size_t size, std::uint64_t offset) {
  ssize_t got = 0;
  do {
    got = ::pread(fd, bytes, size, static_cast<off_t>(offset));
  } while (got < 0 && errno == EINTR);
  return got;
}

// A window on the file that holds at least one whole frame.
class FrameReader {
 public:
  FrameReader(int fd, std::uint64_t offset) : fd_{fd}, offset_{offset} {}

  // The frame at the offset, or no records at the end of the file and where a frame is not whole.
  Result<std::span<const KeyRecord>> next() {
    const std::span<const KeyRecord> none;
    FrameHead head;
    auto whole = have(sizeof head);
    if (!whole) return tl::unexpected(whole.error());
    if (!*whole) return none;
    std::memcpy(&head, window_.get() + begin_, sizeof head);
    if (head.mark != frame_mark || head.count == 0 || head.count > records_per_frame) return none;
    const std::size_t size = sizeof head + head.count * sizeof(KeyRecord);
    whole = have(size);
    if (!whole) return tl::unexpected(whole.error());
    if (!*whole) return none;
    const std::byte* frame = window_.get() + begin_;
    if (frame_checksum(frame, head.count, offset_) != head.checksum) return none;
    begin_ += size;
    offset_ += size;
    return std::span{reinterpret_cast<const KeyRecord*>(frame + sizeof head), head.count};
  }

  std::uint64_t offset() const { return offset_; }

 private:
  static constexpr std::size_t window_size =
      sizeof(FrameHead) + records_per_frame * sizeof(KeyRecord);

  Result<bool> have(std::size_t size) {
    if (end_ - begin_ >= size) return true;
    std::memmove(window_.get(), window_.get() + begin_, end_ - begin_);
    end_ -= std::exchange(begin_, 0);
    while (end_ < size) {
      const ssize_t got = read_at(fd_, window_.get() + end_, window_size - end_, offset_ + end_);
      if (got < 0) return system_failure("state file", "cannot read", errno);
      if (got == 0) return false;
      end_ += static_cast<std::size_t>(got);
    }
    return true;
  }

  int fd_;
  std::uint64_t offset_;
  std::unique_ptr<std::byte[]> window_{new std::byte[window_size]};
  std::size_t begin_ = 0;
  std::size_t end_ = 0;
};

}  // namespace

Result<KeyLog> KeyLog::open(const std::string& path, Sync sync, std::uint32_t ttl_seconds,
                            const Take& take) {
  KeyLog log{path};
  log.sync_ = sync;
  log.ttl_seconds_ = ttl_seconds;
  while (true) {  // until the locked file is the one that has the name
    auto locked = log.lock();
    if (!locked) return tl::unexpected(locked.error());
    if (*locked) break;
  }
  if (char* real = ::realpath(path.c_str(), nullptr)) {
    log.path_ = real;  // a rewrite must replace the file, not a link to it
    std::free(real);
  }
  struct stat status {};
  if (::fstat(log.file_.get(), &status) != 0)
    return system_failure(quoted(path), "cannot look at it", errno);
  const auto size = static_cast<std::uint64_t>(status.st_size);
  auto ready = size == 0 ? log.create() : log.check_header(size);
  if (ready) {
    log.sign();
    static_cast<void>(::unlink(log.fresh_path().c_str()));  // of a rewrite that was cut short
    if (size > 0) ready = log.read_frames(size, take);
  }
  if (!ready) return tl::unexpected(ready.error());
  return log;
}

// False when another process has replaced the file meanwhile.
Result<bool> KeyLog::lock() {
  auto opened = open_file(path_, O_RDWR | O_CREAT | O_NONBLOCK | O_NOCTTY, 0640);
  if (!opened)
    return fail("state " + opened.error().text + "; the directory must exist and be writable");
  file_ = std::move(*opened);
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0 || !S_ISREG(status.st_mode)) {
    return fail(quoted(path_) + " is not a regular file; give another path");
  }
  if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) return system_failure(quoted(path_), "cannot lock it", errno);
    Header header;
    const bool known =
        read_at(file_.get(), &header, sizeof header, 0) == sizeof header && header.owner != 0;
    const std::string owner = known ? "process " + std::to_string(header.owner) : "another process";
    return fail(quoted(path_) + " is in use by " + owner + "; stop it or give another path");
  }
  struct stat named {};
  return ::stat(path_.c_str(), &named) == 0 && named.st_ino == status.st_ino &&
         named.st_dev == status.st_dev;
}

Result<void> KeyLog::create() {
  auto seed = random_seed();
  if (!seed) return tl::unexpected(seed.error());
  seed_ = *seed;
  if (auto written = write_header(); !written) return written;
  if (sync_ == Sync::none) return {};
  if (::fsync(file_.get()) != 0)
    return system_failure(quoted(path_), "cannot write to disk", errno);
  return fsync_directory(directory_of(path_));
}

Result<void> KeyLog::write_header() {
  Header header;
  header.seed = seed_;
  header.checksum = checksum_of(header);
  if (const int error = write_at(file_.get(), &header, sizeof header, 0); error != 0) {
    static_cast<void>(::ftruncate(file_.get(), 0));
    return system_failure(quoted(path_), "cannot write; make room or give another path", error);
  }
  end_ = sizeof header;
  return {};
}

Result<void> KeyLog::check_header(std::uint64_t size) {
  Header header;
  if (size < sizeof header || read_at(file_.get(), &header, sizeof header, 0) != sizeof header ||
      header.magic != Header{}.magic) {
    return fail(
        quoted(path_) +
        " is not a state file of a deduplicator; give another path, or remove it if it can go");
  }
  if (header.version != current_version) {
    return fail(quoted(path_) + " has version " + std::to_string(header.version) +
                ", this program knows version " + std::to_string(current_version) +
                "; use the program that wrote it, or remove it to start anew");
  }
  if (header.size != sizeof header || header.checksum != checksum_of(header)) {
    return fail(quoted(path_) + " has a damaged header; restore it, or remove it to start anew");
  }
  seed_ = header.seed;
  return {};
}

Result<void> KeyLog::read_frames(std::uint64_t size, const Take& take) {
  FrameReader reader{file_.get(), sizeof(Header)};
  while (true) {
    auto frame = reader.next();
    if (!frame) return fail(quoted(path_) + frame.error().text.substr(std::strlen("state file")));
    if (frame->empty()) break;
    records_ += frame->size();
    take(*frame);
  }
  end_ = reader.offset();
  torn_bytes_ = size - end_;
  if (torn_bytes_ > 0 && ::ftruncate(file_.get(), static_cast<off_t>(end_)) != 0) {
    return system_failure(quoted(path_), "cannot cut off its damaged end", errno);
  }
  return {};
}

// Only for messages, so a failure does not matter.
void KeyLog::sign() {
  const std::array<std::uint32_t, 2> owner{static_cast<std::uint32_t>(::getpid()), ttl_seconds_};
  static_cast<void>(write_at(file_.get(), owner.data(), sizeof owner, offsetof(Header, owner)));
}

void KeyLog::append(const KeyRecord& record) {
  if (pending_.empty() || last_frame_ == records_per_frame) {
    pending_.push_back(Unit{});
    last_frame_ = 0;
  }
  std::memcpy(pending_.emplace_back().data(), &record, sizeof record);
  ++last_frame_;
  ++pending_records_;
}

void KeyLog::seal_frames(std::uint64_t offset) {
  for (std::size_t at = 0; at < pending_.size();) {
    FrameHead head;
    head.count = static_cast<std::uint32_t>(std::min(pending_.size() - at - 1, records_per_frame));
    std::memcpy(&pending_[at], &head, sizeof head);
    head.checksum = frame_checksum(&pending_[at], head.count, offset + at * sizeof(Unit));
    std::memcpy(&pending_[at], &head, sizeof head);
    at += 1 + head.count;
  }
}

Result<void> KeyLog::commit() {
  if (!broken_.empty()) return fail(broken_);
  if (!pending_.empty()) {
    if (auto written = write_pending(); !written) return written;
  }
  return sync_when_due();
}

Result<void> KeyLog::write_pending() {
  seal_frames(end_);
  const std::size_t size = pending_.size() * sizeof(Unit);
  if (const int error = write_at(file_.get(), pending_.data(), size, end_); error != 0) {
    static_cast<void>(
        ::ftruncate(file_.get(), static_cast<off_t>(end_)));  // else open() cuts it off
    return system_failure(quoted(path_), "cannot write; make room or give another path", error);
  }
  end_ += size;
  records_ += pending_records_;
  drop_pending();
  unsynced_ = true;
  return {};
}

Result<void> KeyLog::sync_when_due() {
  if (!unsynced_ || sync_ == Sync::none) return {};
  const auto now = std::chrono::steady_clock::now();
  if (synced_at_.time_since_epoch().count() != 0 && now - synced_at_ < sync_interval) return {};
  return sync_now();
}

Result<void> KeyLog::sync_now() {
  if (::fdatasync(file_.get()) != 0) {
    auto failure = system_failure(
        quoted(path_), "cannot write to disk, its end may be lost; check the disk", errno);
    broken_ = failure.value().text;
    return failure;
  }
  unsynced_ = false;
  synced_at_ = std::chrono::steady_clock::now();
  return {};
}

Result<void> KeyLog::rewrite(const Give& give) {
  if (!broken_.empty()) return fail(broken_);
  KeyLog fresh{fresh_path()};
  fresh.seed_ = seed_;
  fresh.ttl_seconds_ = ttl_seconds_;
  auto done = fresh.fill(give);
  if (done) done = replace_by(fresh);
  if (!done) static_cast<void>(::unlink(fresh.path_.c_str()));
  return done;
}

// Locked from the start, so that there is no moment at which another process could take the name
// over.
Result<void> KeyLog::fill(const Give& give) {
  auto opened = open_file(path_, O_RDWR | O_CREAT | O_TRUNC | O_NOFOLLOW, 0640);
  if (!opened) return tl::unexpected(opened.error());
  file_ = std::move(*opened);
  if (::flock(file_.get(), LOCK_EX | LOCK_NB) != 0)
    return system_failure(quoted(path_), "cannot lock it", errno);
  auto written = write_header();
  sign();
  give([&](const KeyRecord& record) {
    append(record);
    if (written && pending_records_ == records_per_frame) written = write_pending();
    if (!written) drop_pending();
  });
  if (written && !pending_.empty()) written = write_pending();
  if (written && ::fsync(file_.get()) != 0)
    return system_failure(quoted(path_), "cannot write to disk", errno);
  return written;
}

Result<void> KeyLog::replace_by(KeyLog& fresh) {
  struct stat status {};
  if (::fstat(file_.get(), &status) != 0)
    return system_failure(quoted(path_), "cannot look at it", errno);
  static_cast<void>(!::fchown(fresh.file_.get(), status.st_uid,
                              status.st_gid));  // when root cleans up for a user
  if (::fchmod(fresh.file_.get(), status.st_mode & 07777) != 0 ||
      ::rename(fresh.path_.c_str(), path_.c_str()) != 0) {
    return system_failure(quoted(path_), "cannot replace it", errno);
  }
  file_ = std::move(fresh.file_);
  end_ = fresh.end_;
  records_ = fresh.records_;
  unsynced_ = false;
  auto named = fsync_directory(directory_of(path_));
  if (!named) broken_ = named.error().text;  // a power cut could bring the old file back
  return named;
}

void KeyLog::drop_pending() {
  pending_.clear();
  pending_records_ = 0;
}

Result<std::string> KeyLog::copy_into(int directory) const {
  const std::string name = name_of(path_);
  const FileDescriptor copy(
      openat(directory, name.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600));
  if (!copy) return system_failure(name, "cannot create a copy", errno);
  std::vector<std::byte> piece(256u << 10);
  for (std::uint64_t at = 0; at < end_;) {
    const auto wanted = std::min<std::uint64_t>(piece.size(), end_ - at);
    const ssize_t got = read_at(file_.get(), piece.data(), wanted, at);
    if (got <= 0) return system_failure(path_, "cannot read", got < 0 ? errno : EIO);
    const auto size = static_cast<std::size_t>(got);
    if (const int error = write_at(copy.get(), piece.data(), size, at))
      return system_failure(name, "cannot write a copy", error);
    at += size;
  }
  if (fsync(copy.get()) != 0) return system_failure(name, "cannot write a copy to disk", errno);
  return name;
}

Result<void> KeyLog::close() {
  drop_pending();
  Result<void> synced;
  if (!broken_.empty()) {
    synced = fail(broken_);
  } else if (file_ && unsynced_ && sync_ == Sync::commit) {
    synced = sync_now();
  }
  file_.reset();
  return synced;
}

}  // namespace intelmq
