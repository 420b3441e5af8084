// SPDX-License-Identifier: Apache-2.0
#include "serve/audit.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <utility>

#include "base/file.hpp"
#include "base/text.hpp"
#include "serve/audit_chain.hpp"
#include "serve/clock.hpp"

namespace intelmq::serve {
namespace {

constexpr std::size_t longest_look_back = 8 << 20;
constexpr std::size_t most_waiting = 1024;
constexpr std::size_t longest_record = 64 << 10;

/// The last `size` bytes of a file.
Result<std::string> read_tail(int fd, const std::string& path, std::size_t size) {
  const off_t end = lseek(fd, 0, SEEK_END);
  if (end < 0) return system_failure(path, "cannot be read", errno);
  const auto length = std::min(size, static_cast<std::size_t>(end));
  std::string out(length, '\0');
  std::size_t done = 0;
  while (done < length) {
    const ssize_t got = pread(fd, out.data() + done, length - done,
                              end - static_cast<off_t>(length) + static_cast<off_t>(done));
    if (got <= 0) return system_failure(path, "cannot be read", got < 0 ? errno : EIO);
    done += static_cast<std::size_t>(got);
  }
  return out;
}

/// The file and where its chain stands; used by one thread at a time.
struct AuditFile {
  std::string path;
  FileDescriptor fd;
  AuditLink link;

  Result<void> open();
  /// `lines`: what was written, on success.
  Result<void> append(const std::vector<std::pair<std::string, Json>>& records,
                      std::vector<std::string>& lines);
};

Result<void> AuditFile::open() {
  auto opened = open_file(path, O_RDWR | O_APPEND | O_CREAT | O_NOFOLLOW, 0600);
  if (!opened) return tl::unexpected(opened.error());
  struct stat status {};
  if (fstat(opened->get(), &status) != 0 || !S_ISREG(status.st_mode))
    return fail(path + ": is not a regular file");
  if ((status.st_mode & 077) != 0 && fchmod(opened->get(), 0600) != 0)
    return system_failure(path, "cannot be made private (mode 0600)", errno);
  auto tail = read_tail(opened->get(), path, 2 * longest_record);
  if (!tail) return tl::unexpected(tail.error());
  // What a crash left without its end was never acknowledged.
  const std::size_t end = tail->rfind('\n');
  const std::size_t whole = end == tail->npos ? 0 : end + 1;
  if (whole < tail->size()) {
    if (whole == 0 && tail->size() >= longest_record)
      return fail(path + ": is not an audit log; name another file");
    const off_t size = status.st_size - static_cast<off_t>(tail->size() - whole);
    if (ftruncate(opened->get(), size) != 0)
      return system_failure(path, "its broken last line cannot be cut off", errno);
    tail->resize(whole);
  }
  if (!tail->empty()) {
    tail->pop_back();
    const std::size_t start = tail->rfind('\n') + 1;  // npos + 1 is 0
    auto last = read_record(std::string_view(*tail).substr(start));
    if (!last)
      return fail(path + ": the last line is not one of the audit log: " + last.error().text +
                  "; keep the file and begin another");
    link = last->link;
  }
  fd = std::move(*opened);
  return {};
}

Result<void> AuditFile::append(const std::vector<std::pair<std::string, Json>>& records,
                               std::vector<std::string>& lines) {
  AuditLink next = link;
  std::string text;
  std::vector<std::string> made;
  for (const auto& [time, record] : records) {
    made.push_back(chain_record(record, time, next));
    text += made.back() + '\n';
  }
  if (!fd)
    if (auto good = open(); !good) return good;
  const off_t size = lseek(fd.get(), 0, SEEK_END);
  const Written written = write_some(fd.get(), text);
  int error = written.error;
  if (error == 0 && fdatasync(fd.get()) != 0) error = errno;
  if (error == 0) {
    link = std::move(next);
    lines = std::move(made);
    return {};
  }
  // Half a line would break the chain. If it cannot be cut off, opening the file again does.
  if (size < 0 || ftruncate(fd.get(), size) != 0) fd.reset();
  return system_failure(path, "cannot be written", error);
}

bool matches(const Json& record, const AuditQuery& query) {
  return (query.since.empty() || record["time"].text() >= query.since) &&
         (query.actor.empty() || record["actor"]["name"].text() == query.actor);
}

Result<std::vector<Json>> read_back(const std::string& path, const AuditQuery& query) {
  auto file = open_file(path, O_RDONLY);
  if (!file) return tl::unexpected(file.error());
  auto text = read_tail(file->get(), path, longest_look_back);
  if (!text) return tl::unexpected(text.error());
  std::vector<Json> out;
  std::string_view left = *text;
  while (out.size() < query.limit && left.ends_with('\n')) {
    left.remove_suffix(1);
    const std::size_t start = left.rfind('\n') + 1;  // npos + 1 is 0
    auto record = Json::parse(left.substr(start));
    left = left.substr(0, start);
    if (record && matches(*record, query)) out.push_back(std::move(*record));
  }
  std::reverse(out.begin(), out.end());
  return out;
}

class ChainedAudit : public Audit {
 public:
  ChainedAudit(Work work, std::shared_ptr<AuditFile> file, Written written)
      : work_{std::move(work)}, file_{std::move(file)}, written_{std::move(written)} {}

  void write(Json record, std::function<void(Result<void>)> then) override {
    // Only refusals come this fast; those who wait for the disk are few.
    if (waiting_.size() >= most_waiting) {
      ++lost_;
      if (then) then(fail(file_->path + ": too many records wait for the disk"));
      return;
    }
    if (record.dump().size() > longest_record / 2) record.set("diff", "too long for this log");
    if (lost_ > 0) record.set("lost_before", static_cast<std::int64_t>(std::exchange(lost_, 0)));
    waiting_.push_back({{time_text(unix_time()).text(), std::move(record)}, std::move(then)});
    if (!writing_) flush();
  }

  void read(AuditQuery query, std::function<void(Result<std::vector<Json>>)> then) override {
    auto got = std::make_shared<Result<std::vector<Json>>>();
    auto start = [work = work_, got, query = std::move(query), path = file_->path,
                  then = std::move(then)] {
      work([got, query, path] { *got = read_back(path, query); },
           [got, then] { then(std::move(*got)); });
    };
    // Whoever reads sees what was written before.
    if (writing_)
      readers_.emplace_back(std::move(start));
    else
      start();
  }

  void reopen() override { reopen_ = true; }

 private:
  struct Waiting {
    std::pair<std::string, Json> record;
    std::function<void(Result<void>)> then;
  };

  /// Everything that waits goes to disk together.
  void flush() {
    writing_ = true;
    struct Batch {
      std::vector<std::pair<std::string, Json>> records;
      std::vector<std::function<void(Result<void>)>> calls;
      Result<void> result;
      std::vector<std::string> lines;
    };
    auto batch = std::make_shared<Batch>();
    for (Waiting& each : std::exchange(waiting_, {})) {
      batch->records.push_back(std::move(each.record));
      batch->calls.push_back(std::move(each.then));
    }
    const bool reopen = std::exchange(reopen_, false);
    work_(
        [batch, reopen, file = file_] {
          if (reopen) file->fd.reset();
          batch->result = file->append(batch->records, batch->lines);
        },
        [batch, alive = alive_, this] {
          if (alive.expired()) return;
          writing_ = false;
          if (written_)
            for (const std::string& line : batch->lines) written_(line);
          for (const auto& call : batch->calls)
            if (call) call(batch->result);
          if (writing_) return;
          if (!waiting_.empty()) return flush();
          for (const auto& start : std::exchange(readers_, {})) start();
        });
  }

  Work work_;
  std::shared_ptr<AuditFile> file_;
  Written written_;
  std::vector<Waiting> waiting_;
  std::vector<std::function<void()>> readers_;
  std::uint64_t lost_ = 0;
  bool writing_ = false, reopen_ = false;
  std::shared_ptr<int> life_ = std::make_shared<int>();
  std::weak_ptr<int> alive_ = life_;
};

}  // namespace

Result<std::unique_ptr<Audit>> Audit::open(Work work, std::string path, Written written) {
  auto file = std::make_shared<AuditFile>();
  file->path = std::move(path);
  if (auto good = file->open(); !good) return tl::unexpected(good.error());
  return std::make_unique<ChainedAudit>(std::move(work), std::move(file), std::move(written));
}

}  // namespace intelmq::serve
