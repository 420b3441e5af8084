// SPDX-License-Identifier: Apache-2.0
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <deque>
#include <set>
#include <utility>
#include <vector>

#include "base/file.hpp"
#include "queue/directory.hpp"
#include "queue/line_reader.hpp"

namespace intelmq {
namespace {

// Changes made on another machine raise no event here.
constexpr int look_again_ms = 10000;
constexpr int look_again_without_events_ms = 1000;

bool ends_with(std::string_view text, std::string_view end) {
  return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
}

bool is_wanted(std::string_view name, std::string_view suffix) {
  if (name[0] == '.') return false;
  for (const std::string_view packed : {".gz", ".bz2", ".xz", ".zst"}) {
    if (ends_with(name, packed)) name.remove_suffix(packed.size());
  }
  return ends_with(name, suffix);
}

bool is_file(const std::string& path) {
  struct stat status = {};
  return stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode);
}

FileDescriptor watch(const std::string& path) {
  FileDescriptor events(inotify_init1(IN_NONBLOCK | IN_CLOEXEC));
  constexpr unsigned kinds = IN_MOVED_TO | IN_CLOSE_WRITE | IN_CREATE;
  if (events && inotify_add_watch(events.get(), path.c_str(), kinds) < 0) events.reset();
  return events;
}

struct Spool {
  std::string path;
  std::string suffix;
  FileDescriptor lock;
  FileDescriptor events;
  bool follow = false;
};

class DirectorySource final : public Source {
 public:
  DirectorySource(Spool spool, const SourceOptions& options)
      : spool_{std::move(spool)}, lines_{options} {}

  Fetch next(Record& out) override {
    for (;;) {
      if (lines_.started()) {
        const Fetch state = lines_.next(out);
        if (state == Fetch::broken) error_ = lines_.error();
        if (state != Fetch::end) return state;
        finish_file();
      }
      const Fetch state = open_next();
      if (state != Fetch::record) return state;
    }
  }

  Fetch next_stream(ByteSource& out, std::string& name, Wakeup& wakeup) override {
    if (lines_.started()) finish_file();
    Fetch state = open_next();
    while (state == Fetch::later) {
      if (wakeup.finish_asked()) return Fetch::end;
      wait(wakeup);
      state = open_next();
    }
    if (state != Fetch::record) return state;
    name = lines_.input().name();
    out = [this, &wakeup](char* to, std::size_t size) { return lines_.read(to, size, wakeup); };
    return state;
  }

  void wait(Wakeup& wakeup) override {
    if (lines_.started()) return;
    wakeup.wait(spool_.events.get(), spool_.events ? look_again_ms : look_again_without_events_ms);
    char events[4096];
    while (spool_.events && read(spool_.events.get(), events, sizeof events) > 0) continue;
  }

  Result<void> acknowledge() override {
    while (!finished_.empty()) {
      if (Result<void> moved = move_away(*finished_.begin()); !moved) return moved;
      finished_.erase(finished_.begin());
    }
    return {};
  }

  const Error& error() const override { return error_; }

 private:
  std::string path_of(const std::string& name) const { return spool_.path + "/" + name; }

  void finish_file() {
    finished_.insert(std::move(current_));
    lines_.stop();
  }

  Fetch open_next() {
    for (;;) {
      if (waiting_.empty() && !scan()) return Fetch::broken;
      if (waiting_.empty()) return spool_.follow ? Fetch::later : Fetch::end;
      current_ = std::move(waiting_.front());
      waiting_.pop_front();
      Result<ByteInput> input = ByteInput::open(path_of(current_));
      if (input) {
        lines_.start(std::move(*input));
        return Fetch::record;
      }
      if (access(path_of(current_).c_str(), F_OK) != 0 && errno == ENOENT) continue;
      error_ = input.error();
      return Fetch::broken;
    }
  }

  bool scan() {
    Result<std::vector<std::string>> names = list_directory(spool_.path);
    if (!names) {
      error_ = names.error();
      return false;
    }
    for (std::string& name : *names) {
      const bool seen = finished_.count(name) != 0;
      if (seen || !is_wanted(name, spool_.suffix) || !is_file(path_of(name))) continue;
      waiting_.push_back(std::move(name));
    }
    return true;
  }

  Result<void> move_away(const std::string& name) {
    const std::string from = path_of(name);
    const std::string to = spool_.path + "/done/" + name;
    int code = rename_new(from, to);
    for (unsigned copy = 1; code == EEXIST; ++copy) {
      code = rename_new(from, to + "." + std::to_string(copy));
    }
    if (code == 0 || code == ENOENT) return {};
    return system_failure(from, "cannot move to " + spool_.path + "/done", code);
  }

  Spool spool_;
  LineReader lines_;
  std::string current_;
  std::deque<std::string> waiting_;
  std::set<std::string> finished_;  // not yet acknowledged
  Error error_;
};

Result<void> prepare(Spool& spool, bool probe) {
  if (access((spool.path + "/.").c_str(), R_OK) != 0) {
    return system_failure(spool.path, "cannot open the directory", errno);
  }
  if (probe) return {};
  Result<FileDescriptor> lock = lock_file(spool.path + "/.reader");
  if (!lock) return tl::unexpected<Error>(lock.error());
  spool.lock = std::move(*lock);
  const std::string done = spool.path + "/done";
  if (mkdir(done.c_str(), 0750) != 0 && errno != EEXIST) {
    return system_failure(done, "cannot create the directory", errno);
  }
  if (spool.follow) spool.events = watch(spool.path);
  return {};
}

}  // namespace

Result<std::unique_ptr<Source>> open_directory_source(const QueueUrl& url,
                                                      const SourceOptions& options) {
  if (url.path().empty()) return fail("dir: has no path; write dir:PATH");
  if (Result<void> known = url.allow({"follow", "suffix"}); !known) {
    return tl::unexpected<Error>(known.error());
  }
  const Result<bool> follow = url.flag("follow");
  if (!follow) return tl::unexpected<Error>(follow.error());
  Spool spool;
  spool.path = url.path();
  spool.suffix = url.text("suffix", ".jsonl");
  spool.follow = *follow;
  if (Result<void> ready = prepare(spool, options.probe); !ready)
    return tl::unexpected<Error>(ready.error());
  return std::make_unique<DirectorySource>(std::move(spool), options);
}

}  // namespace intelmq
