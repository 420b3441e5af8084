// SPDX-License-Identifier: Apache-2.0
#include "serve/updates.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/sha256.hpp"
#include "base/text.hpp"
#include "data/mmdb.hpp"

namespace intelmq::serve {
namespace {

/// The whole file into a digest; false: it cannot be read.
bool digest_of(int fd, Sha256& digest) {
  std::string block(1u << 18, '\0');
  for (off_t at = 0;;) {
    const ssize_t got = pread(fd, block.data(), block.size(), at);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return false;
    if (got == 0) return true;
    digest.update({block.data(), static_cast<std::size_t>(got)});
    at += got;
  }
}

std::string stamp(const struct stat& is) {
  return std::to_string(is.st_dev) + "-" + std::to_string(is.st_ino) + "-" +
         std::to_string(is.st_size) + "-" + std::to_string(is.st_mtim.tv_sec) + "." +
         std::to_string(is.st_mtim.tv_nsec);
}

std::string real_path(const std::string& path) {
  char* resolved = realpath(path.c_str(), nullptr);
  std::string out = resolved ? resolved : path;
  std::free(resolved);  // NOLINT(cppcoreguidelines-no-malloc): realpath's
  return out;
}

tl::unexpected<UpdateFailure> system_failed(const std::string& thing, std::string_view what,
                                            int code) {
  const bool full = code == ENOSPC || code == EDQUOT || code == EFBIG;
  return failed(full ? "insufficient-storage" : "conflict",
                system_failure(thing, what, code).value().text);
}

/// A lock on the updates of one file, ours until this ends.
Fetched<FileDescriptor> lock(const UpdateTask& task) {
  const std::string path = task.beside(".lock");
  FileDescriptor file{open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0644)};
  if (!file) return system_failed(path, "cannot be opened", errno);
  if (flock(file.get(), LOCK_EX | LOCK_NB) == 0) return file;
  if (errno != EWOULDBLOCK) return system_failed(path, "cannot be locked", errno);
  return failed("operation-in-progress", task.path + " is being updated by another process");
}

/// Left behind by processes that were killed; under the lock nobody else's.
void remove_remains(const UpdateTask& task) {
  const std::string begin = intelmq::name_of(task.beside(".tmp."));
  const std::filesystem::path directory = directory_of(task.path);
  const auto names = list_directory(directory);
  if (!names) return;
  for (const std::string& name : *names)
    if (name.starts_with(begin)) unlink((directory / name).c_str());
}

/// The new file while it is being made; gone at the end unless it was put into its place.
struct Temporary {
  std::string path;
  FileDescriptor file;
  ~Temporary() {
    if (file) unlink(path.c_str());
  }
};

/// The next network of the database behind the one that `at` is in; false: that was the last.
bool step(IpAddress& at, unsigned length) {
  if (length == 0 || length > at.bits()) return false;
  std::size_t byte = (length - 1) / 8;
  unsigned carry = 1u << (7 - (length - 1) % 8);
  for (;; --byte) {
    const unsigned sum = at.bytes[byte] + carry;
    at.bytes[byte] = static_cast<std::uint8_t>(sum);
    if (sum <= 255) return true;
    if (byte == 0) return false;
    carry = 1;
  }
}

/// Whether the database knows any address at all.
bool knows_something(const Mmdb& database) {
  constexpr int most_steps = 1'000'000;
  for (const std::string_view start : {"0.0.0.0", "2000::"}) {
    IpAddress at = *IpAddress::parse(start);
    if (at.v6 && database.metadata().ip_version != 6) break;
    for (int i = 0; i < most_steps; ++i) {
      unsigned length = 0;
      if (database.find(at, &length)) return true;
      if (!step(at, length)) break;
      at = at.masked(static_cast<std::uint8_t>(length));
    }
  }
  return false;
}

Fetched<void> check_mmdb(const std::string& path, const UpdateTask& task, const DataRule& rule,
                         const DataCopy& current, const std::string& extra_type, bool force) {
  const auto refused = [&](const std::string& why) {
    const char* left = current.there ? "; the one before stays" : "; there is none now";
    return failed("upstream-failed", fmt::format("the new {} is not taken: {}{} ({})", rule.name,
                                                 why, left, task.path));
  };
  const auto database = Mmdb::open(path);
  if (!database) return refused("it is no MMDB file that can be read");
  const MmdbMetadata& is = database->metadata();
  const bool listed =
      rule.types.empty() || is.database_type == extra_type ||
      (current.there && is.database_type == current.type) ||
      std::find(rule.types.begin(), rule.types.end(), is.database_type) != rule.types.end();
  if (!listed)
    return refused("its type is " + quote_for_message(is.database_type) + ", not " +
                   join(rule.types, " or "));
  if (!force && current.there && static_cast<double>(is.build_epoch) < current.build_time)
    return refused("it is older than the one that is there");
  if (!knows_something(*database)) return refused("it knows no address");
  return {};
}

/// Copies by link where that can be, else by its bytes.
Fetched<void> keep_previous(const UpdateTask& task) {
  const std::string kept = task.path + ".previous";
  const std::string temporary = task.beside(".tmp.previous");
  unlink(temporary.c_str());
  if (link(task.path.c_str(), temporary.c_str()) != 0) {
    if (errno == ENOENT) return {};
    std::error_code error;
    if (!std::filesystem::copy_file(task.path, temporary, error))
      return system_failed(temporary, "cannot be written", error.value());
  }
  if (rename(temporary.c_str(), kept.c_str()) != 0)
    return system_failed(kept, "cannot be written", errno);
  unlink(temporary.c_str());  // rename leaves both where they are the same file
  return {};
}

Fetched<void> put_into_place(const UpdateTask& task, Temporary& fresh) {
  struct stat before {};
  const bool there = stat(task.path.c_str(), &before) == 0;
  if (fchmod(fresh.file.get(), there ? before.st_mode & 07777 : 0644) != 0 ||
      fsync(fresh.file.get()) != 0)
    return system_failed(fresh.path, "cannot be finished", errno);
  if (auto done = keep_previous(task); !done) return done;
  if (rename(fresh.path.c_str(), task.path.c_str()) != 0)
    return system_failed(task.path, "cannot be replaced", errno);
  fresh.file.reset();
  if (const auto done = fsync_directory(directory_of(task.path)); !done)
    return failed("insufficient-storage", done.error().text);
  return {};
}

}  // namespace

tl::unexpected<UpdateFailure> failed(std::string_view code, std::string text) {
  return tl::unexpected(UpdateFailure{code, std::move(text)});
}

tl::unexpected<UpdateFailure> failed(const HttpError& error) {
  return failed(error.kind == HttpError::Kind::storage ? "insufficient-storage" : "upstream-failed",
                error.text);
}

tl::unexpected<UpdateFailure> failed(const std::string& url, const HttpResponse& response) {
  auto out = failed("upstream-failed",
                    url_for_message(url) + " answered " + std::to_string(response.status));
  if (response.status == 429 || response.retry_after)
    out.value().wait = response.retry_after.value_or(std::chrono::hours(1));
  return out;
}

std::string UpdateTask::beside(std::string_view end) const {
  return directory_of(path) + "/." + intelmq::name_of(path) + std::string(end);
}

Fetched<void> UpdateTask::room() const {
  struct statvfs disk {};
  const std::string directory = directory_of(path);
  if (statvfs(directory.c_str(), &disk) != 0)
    return system_failed(directory, "cannot be looked at", errno);
  const std::uint64_t free = std::uint64_t{disk.f_bavail} * disk.f_frsize;
  if (free >= expected) return {};
  return failed("insufficient-storage", directory + ": " + std::to_string(free) +
                                            " bytes are free, but about " +
                                            std::to_string(expected) + " are needed");
}

HttpRequest UpdateTask::request(std::string url) const {
  HttpRequest out;
  out.url = std::move(url);
  out.max_body = most;
  out.timeout = std::chrono::minutes(30);
  out.redirects = 3;
  out.ca_file = ca_file;
  out.abort = abort;
  // Nothing of use there, but what clouds tell their machines.
  out.allow_address = [](const std::string& address) {
    return !address.starts_with("169.254.") && !address.starts_with("fe80:");
  };
  return out;
}

std::string process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value && *value) return value;
  const char* file = std::getenv((name + "_FILE").c_str());
  if (!file || !*file) return {};
  const auto text = read_file(file);
  return text ? std::string(trim(*text)) : std::string();
}

Fetched<std::unique_ptr<DataOrigin>> open_origin(const Json& source, const Environment& get) {
  const std::string& protocol = source["protocol"].text();
  if (protocol == "geoipupdate") return geoip_origin(source, get);
  if (protocol == "http") return http_origin(source);
  return failed("conflict", "there is no source to get it from; set one in its policy");
}

std::string stamp_of(const std::string& path) {
  struct stat is {};
  return stat(path.c_str(), &is) == 0 ? stamp(is) : std::string();
}

DataCopy look_at(const std::string& path, const std::string& kind, bool digest) {
  DataCopy out;
  const auto file = open_file(path, O_RDONLY);
  struct stat is {};
  if (!file || fstat(file->get(), &is) != 0) {
    out.error = file ? std::strerror(errno) : file.error().text;
    return out;
  }
  out.stamp = stamp(is);
  out.size = static_cast<std::uint64_t>(is.st_size);
  out.build_time = static_cast<double>(is.st_mtim.tv_sec);
  Sha256 sum;
  if (digest && digest_of(file->get(), sum)) out.sha256 = sum.hex();
  if (kind == "mmdb") {
    // By the descriptor: the name may stand for another file by now.
    const auto database = Mmdb::open("/proc/self/fd/" + std::to_string(file->get()));
    if (!database) {
      out.error = path + ": is no MMDB file that can be read";
      return out;
    }
    out.type = database->metadata().database_type;
    out.build_time = static_cast<double>(database->metadata().build_epoch);
  }
  out.there = true;
  return out;
}

Fetched<bool> newer_data(UpdateTask task, DataOrigin& origin) {
  task.path = real_path(task.path);
  return origin.newer(task);
}

Fetched<bool> update_data(UpdateTask task, const DataRule& rule, DataOrigin& origin, bool force) {
  task.path = real_path(task.path);
  const auto locked = lock(task);
  if (!locked) return tl::unexpected(locked.error());
  remove_remains(task);
  const DataCopy current = look_at(task.path, rule.kind, false);
  task.expected = current.size ? current.size : rule.bytes;
  Temporary fresh;
  fresh.path = task.beside(".tmp." + std::to_string(getpid()));
  fresh.file = FileDescriptor{
      open(fresh.path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600)};
  if (!fresh.file) return system_failed(fresh.path, "cannot be created", errno);
  // A file that is damaged is fetched whatever its digest.
  auto got = origin.fetch(task, force || !current.there, fresh.file.get());
  if (!got || !*got) return got;
  struct stat is {};
  if (fstat(fresh.file.get(), &is) == 0 && is.st_size == 0)
    return failed("upstream-failed", "the new " + rule.name + " is empty and not taken");
  if (rule.kind == "mmdb")
    if (auto good = check_mmdb(fresh.path, task, rule, current, origin.type(), force); !good)
      return tl::unexpected(good.error());
  if (auto done = put_into_place(task, fresh); !done) return tl::unexpected(done.error());
  origin.taken(task);
  return true;
}

}  // namespace intelmq::serve
