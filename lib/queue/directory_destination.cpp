// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <optional>
#include <utility>

#include "base/file.hpp"
#include "queue/append_file.hpp"
#include "queue/directory.hpp"

namespace intelmq {
namespace {

constexpr std::uint64_t usual_max = 16u << 20;
constexpr std::string_view suffix = ".jsonl";
constexpr std::string_view temporary_suffix = ".jsonl.tmp";

std::uint64_t now_us() {
  timespec now = {};
  clock_gettime(CLOCK_REALTIME, &now);
  return static_cast<std::uint64_t>(now.tv_sec) * 1000000u +
         static_cast<std::uint64_t>(now.tv_nsec) / 1000u;
}

std::string file_name(std::uint64_t time_us, unsigned counter) {
  const auto seconds = static_cast<time_t>(time_us / 1000000u);
  tm utc = {};
  gmtime_r(&seconds, &utc);
  char time[32];
  strftime(time, sizeof time, "%Y%m%dT%H%M%S", &utc);
  char name[96];
  std::snprintf(name, sizeof name, "%s.%06uZ-%ld-%06u", time,
                static_cast<unsigned>(time_us % 1000000u), static_cast<long>(getpid()), counter);
  return name;
}

std::uint64_t size_of(int fd) {
  struct stat status = {};
  return fstat(fd, &status) == 0 ? static_cast<std::uint64_t>(status.st_size) : 0;
}

bool is_unlinked(int fd) {
  struct stat status = {};
  return fstat(fd, &status) == 0 && status.st_nlink == 0;
}

// What a writer that is gone left behind. One that lives holds a lock on its file.
Result<void> recover(const std::string& directory, const std::string& hidden) {
  const std::string path = directory + "/" + hidden;
  const std::string name = hidden.substr(1, hidden.size() - temporary_suffix.size() - 1);
  const std::string target = directory + "/" + name;
  const Result<FileDescriptor> file = open_file(path, O_RDWR | O_APPEND | O_NOFOLLOW);
  if (!file) return {};
  if (flock(file->get(), LOCK_EX | LOCK_NB) != 0) return {};
  if (Result<void> mended = mend_lines(file->get(), path, target + ".torn"); !mended) {
    return mended;
  }
  if (size_of(file->get()) == 0) {
    ::unlink(path.c_str());
    return {};
  }
  if (fsync(file->get()) != 0) return system_failure(path, "cannot write to disk", errno);
  int code = rename_new(path, target + std::string(suffix));
  for (unsigned copy = 1; code == EEXIST; ++copy) {
    code = rename_new(path, target + "-" + std::to_string(copy) + std::string(suffix));
  }
  if (code != 0 && code != ENOENT) return system_failure(path, "cannot publish", code);
  return {};
}

Result<void> recover_all(const std::string& directory) {
  const Result<std::vector<std::string>> names = list_directory(directory);
  if (!names) return tl::unexpected<Error>(names.error());
  for (const std::string& name : *names) {
    const bool temporary = name[0] == '.' && name.size() > temporary_suffix.size() + 1 &&
                           name.compare(name.size() - temporary_suffix.size(), std::string::npos,
                                        temporary_suffix) == 0;
    if (!temporary) continue;
    if (Result<void> done = recover(directory, name); !done) return done;
  }
  return fsync_directory(directory);
}

class DirectoryDestination final : public Destination {
 public:
  DirectoryDestination(std::string path, std::uint64_t max) : path_{std::move(path)}, max_{max} {}

  Result<Delivery> write(std::string_view lines) override {
    if (failed_) return tl::unexpected<Error>(*failed_);
    if (!current_) {
      if (Result<void> begun = begin(); !begun) return tl::unexpected<Error>(begun.error());
    }
    Result<Delivery> taken = current_->append(lines);
    if (!taken || size_of(current_->fd()) < max_) return taken;
    return flush();
  }

  Result<Delivery> flush() override {
    if (failed_) return tl::unexpected<Error>(*failed_);
    if (!current_) return Delivery::done;
    if (Result<void> published = publish(); !published) {
      failed_ = published.error();
      return tl::unexpected<Error>(published.error());
    }
    return Delivery::done;
  }

  Result<void> close() override {
    const Result<Delivery> flushed = flush();
    if (!flushed) return tl::unexpected<Error>(flushed.error());
    return {};
  }

 private:
  std::string temporary() const { return path_ + "/." + name_ + std::string(temporary_suffix); }

  // A clock that was set back must not put newer files before older ones.
  void name_next() {
    time_us_ = std::max(time_us_, now_us());
    name_ = file_name(time_us_, ++counter_);
  }

  Result<void> begin() {
    for (;;) {
      name_next();
      if (access(temporary().c_str(), F_OK) == 0) continue;
      Result<AppendFile> file = AppendFile::open(temporary());
      if (!file) return tl::unexpected<Error>(file.error());
      if (is_unlinked(file->fd())) continue;  // taken for a dead one between open and lock
      current_.emplace(std::move(*file));
      return {};
    }
  }

  Result<void> publish() {
    if (size_of(current_->fd()) == 0) {
      ::unlink(temporary().c_str());
      current_.reset();
      return {};
    }
    if (Result<void> synced = current_->sync(); !synced) return synced;
    const std::string from = temporary();
    int code = rename_new(from, path_ + "/" + name_ + std::string(suffix));
    while (code == EEXIST) {
      name_next();
      code = rename_new(from, path_ + "/" + name_ + std::string(suffix));
    }
    if (code != 0) return system_failure(from, "cannot publish", code);
    current_.reset();
    return fsync_directory(path_);
  }

  std::string path_;
  std::uint64_t max_;
  std::uint64_t time_us_ = 0;
  unsigned counter_ = 0;
  std::string name_;
  std::optional<AppendFile> current_;
  std::optional<Error> failed_;  // after a failed fsync nothing may be promised any more
};

}  // namespace

Result<std::unique_ptr<Destination>> open_directory_destination(const QueueUrl& url) {
  if (url.path().empty()) return fail("dir: has no path; write dir:PATH");
  if (Result<void> known = url.allow({"max"}); !known) return tl::unexpected<Error>(known.error());
  const Result<std::uint64_t> max = url.size("max", usual_max);
  if (!max) return tl::unexpected<Error>(max.error());
  if (mkdir(url.path().c_str(), 0750) != 0 && errno != EEXIST) {
    return system_failure(url.path(), "cannot create the directory", errno);
  }
  if (Result<void> recovered = recover_all(url.path()); !recovered) {
    return tl::unexpected<Error>(recovered.error());
  }
  return std::make_unique<DirectoryDestination>(url.path(), *max);
}

}  // namespace intelmq
