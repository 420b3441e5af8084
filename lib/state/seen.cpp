// SPDX-License-Identifier: Apache-2.0
#include "state/seen.hpp"

#include <time.h>

#include <algorithm>
#include <array>
#include <span>
#include <string>
#include <utility>

#include "state/hash.hpp"
#include "state/key_log.hpp"
#include "state/key_table.hpp"

namespace intelmq {
namespace {

using Opened = Result<std::unique_ptr<Seen>>;

constexpr std::uint64_t smallest_rewrite = 4096;  // records: below it a file is left alone

class MemorySeen final : public Seen {
 public:
  MemorySeen(Seed seed, Limits limits, Clock clock)
      : table_{limits.ttl_seconds, limits.capacity}, clock_{std::move(clock)}, seed_{seed} {}

  Seed seed() const override { return seed_; }
  bool check_and_add(Key key) override { return table_.insert(key, clock_()); }
  void prefetch(Key key) const override { table_.prefetch(key); }
  Result<void> commit() override { return {}; }
  Result<void> close() override { return {}; }
  Counters counters() const override {
    const auto counted = table_.counters();
    return {counted.live, counted.evicted, counted.expired, table_.bytes(), 0};
  }

 private:
  KeyTable table_;
  Clock clock_;
  Seed seed_;
};

class FileSeen final : public Seen {
 public:
  static Opened open(const std::string& path, KeyLog::Sync sync, Limits limits, Clock clock) {
    KeyTable table{limits.ttl_seconds, limits.capacity};
    const std::uint32_t now = clock();
    auto log =
        KeyLog::open(path, sync, limits.ttl_seconds,
                     [&](std::span<const KeyRecord> records) { restore(table, records, now); });
    if (!log) return tl::unexpected(log.error());
    auto seen = std::make_unique<FileSeen>(std::move(table), std::move(*log), std::move(clock));
    seen->rewrite_if_bloated();
    return seen;
  }

  FileSeen(KeyTable table, KeyLog log, Clock clock)
      : table_{std::move(table)}, log_{std::move(log)}, clock_{std::move(clock)} {}

  Seed seed() const override { return log_.seed(); }

  bool check_and_add(Key key) override {
    const std::uint32_t now = clock_();
    if (!table_.insert(key, now)) return false;
    log_.append({key.high, static_cast<std::uint32_t>(key.low), now});
    return true;
  }

  void prefetch(Key key) const override { table_.prefetch(key); }

  Result<void> commit() override {
    auto done = log_.commit();
    if (done) rewrite_if_bloated();
    return done;
  }

  Result<std::vector<std::string>> dump(int directory) override {
    auto name = log_.copy_into(directory);
    if (!name) return tl::unexpected(name.error());
    return std::vector<std::string>{std::move(*name)};
  }

  Result<void> close() override { return log_.close(); }

  Counters counters() const override {
    const auto counted = table_.counters();
    return {counted.live, counted.evicted, counted.expired, table_.bytes(), log_.torn_bytes()};
  }

 private:
  static void restore(KeyTable& table, std::span<const KeyRecord> records, std::uint32_t now) {
    constexpr std::size_t ahead = 8;
    for (std::size_t i = 0; i < records.size(); ++i) {
      if (i + ahead < records.size()) table.prefetch({records[i + ahead].high, 0});
      table.restore(records[i], now);
    }
  }

  // A rewrite that fails leaves the file as good as it was; it is tried again when that has grown.
  void rewrite_if_bloated() {
    const std::uint64_t live = table_.counters().live;
    if (log_.records() <= std::max(smallest_rewrite, 2 * live) || log_.records() < next_rewrite_)
      return;
    const std::uint32_t now = clock_();
    const auto done = log_.rewrite([&](const auto& take) { table_.for_each(now, take); });
    next_rewrite_ = done ? 0 : log_.records() + std::max(smallest_rewrite, live);
  }

  KeyTable table_;
  KeyLog log_;
  Clock clock_;
  std::uint64_t next_rewrite_ = 0;
};

Opened open_memory(std::string_view rest, Seen::Limits limits, Seen::Clock clock) {
  if (!rest.empty())
    return fail("state 'memory:" + std::string(rest) + "': nothing may follow 'memory:'");
  const auto seed = random_seed();
  if (!seed) return tl::unexpected(seed.error());
  return std::make_unique<MemorySeen>(*seed, limits, std::move(clock));
}

Result<KeyLog::Sync> sync_from(std::string_view query) {
  if (query == "sync=commit") return KeyLog::Sync::commit;
  if (query == "sync=none") return KeyLog::Sync::none;
  return fail("state 'file:...?" + std::string(query) +
              "': the only option is sync=commit (the default) or sync=none");
}

Opened open_file_store(std::string_view rest, Seen::Limits limits, Seen::Clock clock) {
  const std::size_t mark = rest.find('?');
  std::string_view path = rest.substr(0, mark);
  if (path.substr(0, 3) == "///") path.remove_prefix(2);
  if (path.empty())
    return fail("state 'file:" + std::string(rest) + "' has no path; write file:PATH");
  KeyLog::Sync sync = KeyLog::Sync::commit;
  if (mark != std::string_view::npos) {
    const auto given = sync_from(rest.substr(mark + 1));
    if (!given) return tl::unexpected(given.error());
    sync = *given;
  }
  return FileSeen::open(std::string(path), sync, limits, std::move(clock));
}

struct Scheme {
  std::string_view prefix;
  std::string_view form;
  Opened (*open)(std::string_view rest, Seen::Limits limits, Seen::Clock clock);
};

constexpr std::array schemes{Scheme{"memory:", "memory:", open_memory},
                             Scheme{"file:", "file:PATH", open_file_store}};

std::uint64_t nanoseconds(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return static_cast<std::uint64_t>(time.tv_sec) * 1'000'000'000U +
         static_cast<std::uint64_t>(time.tv_nsec);
}

}  // namespace

Result<std::unique_ptr<Seen>> Seen::open(std::string_view url, Limits limits, Clock clock) {
  std::string known;
  for (const Scheme& scheme : schemes) {
    if (url.substr(0, scheme.prefix.size()) == scheme.prefix) {
      return scheme.open(url.substr(scheme.prefix.size()), limits, std::move(clock));
    }
    known.append(known.empty() ? "" : " or ").append(scheme.form);
  }
  return fail("state '" + std::string(url) + "' is of no known kind; use " + known);
}

Seen::Clock Seen::running_clock() {
  const std::uint64_t begin = nanoseconds(CLOCK_REALTIME) - nanoseconds(CLOCK_BOOTTIME);
  return [begin] {
    return static_cast<std::uint32_t>((begin + nanoseconds(CLOCK_BOOTTIME)) / 1'000'000'000U);
  };
}

}  // namespace intelmq
