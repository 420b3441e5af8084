// SPDX-License-Identifier: Apache-2.0
#include "queue/queue_state.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <string>

#include "base/file.hpp"
#include "queue/adapter_of.hpp"
#include "queue/url_options.hpp"

namespace intelmq {
namespace {

constexpr std::uint64_t most_counted = 1u << 30;  // bytes that are read for counting lines

/// Lines of a file; nothing when it is packed, or too long to be read for that.
std::optional<std::uint64_t> lines_in(const std::string& path, std::uint64_t& budget) {
  for (const char* packed : {".gz", ".bz2", ".xz", ".zst"})
    if (path.ends_with(packed)) return std::nullopt;
  const auto file = open_file(path, O_RDONLY);
  if (!file) return 0;  // it was taken just now
  std::uint64_t lines = 0;
  char block[65536];
  for (;;) {
    const ssize_t got = ::read(file->get(), block, sizeof block);
    if (got <= 0) return lines;
    if (budget < static_cast<std::uint64_t>(got)) return std::nullopt;
    budget -= static_cast<std::uint64_t>(got);
    lines += static_cast<std::uint64_t>(std::count(block, block + got, '\n'));
  }
}

bool is_read_by_somebody(const std::string& path) {
  const auto lock = open_file(path + "/.reader", O_RDONLY);
  if (!lock) return false;
  if (flock(lock->get(), LOCK_EX | LOCK_NB) != 0) return true;
  struct flock held {};
  held.l_type = F_WRLCK;
  return fcntl(lock->get(), F_GETLK, &held) == 0 && held.l_type != F_UNLCK;
}

Result<QueueState> directory_state(const QueueUrl& url, bool clear) {
  const auto names = list_directory(url.path());
  if (!names) return tl::unexpected(names.error());
  const bool read = is_read_by_somebody(url.path());
  if (clear && read)
    return fail("dir:" + url.path() + ": somebody reads it; stop the reader before it is cleared");
  QueueState out;
  out.waiting = 0;
  out.consumers = read ? 1 : 0;
  const std::string suffix = url.text("suffix", ".jsonl");
  std::uint64_t budget = most_counted;
  std::int64_t oldest = 0;
  for (const std::string& name : *names) {
    if (name.starts_with('.') || name.find(suffix) == name.npos) continue;
    const std::string path = url.path() + "/" + name;
    struct stat about {};
    if (stat(path.c_str(), &about) != 0 || !S_ISREG(about.st_mode)) continue;
    const auto lines = lines_in(path, budget);
    if (!lines) out.waiting.reset();
    if (out.waiting && lines) *out.waiting += *lines;
    if (oldest == 0 || about.st_mtime < oldest) oldest = about.st_mtime;
    if (clear && unlink(path.c_str()) == 0) out.cleared += lines.value_or(0);
  }
  if (oldest > 0 && !clear)
    out.oldest_s = static_cast<double>(std::max<std::int64_t>(0, time(nullptr) - oldest));
  if (clear) out.waiting = 0;
  return out;
}

Result<QueueState> state_of(std::string_view url, bool clear) {
  const std::string scheme = url_scheme(url);
  if (!is_built_in_scheme(scheme)) {
    const Result<void*> symbol = adapter_symbol(scheme, "intelmq_queue_state");
    if (!symbol) return tl::unexpected(symbol.error());
    Result<QueueState> out;
    reinterpret_cast<decltype(&intelmq_queue_state)> (*symbol)(url, clear, out);
    return out;
  }
  const Result<QueueUrl> parsed = QueueUrl::parse(url);
  if (!parsed) return tl::unexpected(parsed.error());
  if (scheme == "dir") return directory_state(*parsed, clear);
  if (clear) return fail(scheme + ": only a queue can be cleared");
  if (scheme != "file") return QueueState{};
  QueueState out;
  std::uint64_t budget = most_counted;
  out.waiting = lines_in(parsed->path(), budget);
  return out;
}

}  // namespace

Result<QueueState> queue_state(std::string_view url) { return state_of(url, false); }
Result<QueueState> clear_queue(std::string_view url) { return state_of(url, true); }

}  // namespace intelmq
