// SPDX-License-Identifier: Apache-2.0
#include "bot/statistics.hpp"

#include <algorithm>
#include <chrono>

namespace intelmq {
namespace {

constexpr std::int64_t interval_ms = 2000;

std::int64_t now_ms() {
  using namespace std::chrono;
  return duration_cast<milliseconds>(steady_clock::now().time_since_epoch()).count();
}

}  // namespace

Statistics::Statistics(std::unique_ptr<StatisticsSink> sink, std::string id,
                       std::vector<std::string> paths, Log& log)
    : sink_{std::move(sink)}, id_{std::move(id)}, log_{log}, written_ms_{now_ms()} {
  for (std::string& path : paths) sent_.emplace(std::move(path), 0);
}

int Statistics::due(const Counts& counts) const {
  if (counts.handled() == handled_) return -1;
  return static_cast<int>(std::max<std::int64_t>(0, written_ms_ + interval_ms - now_ms()));
}

void Statistics::update(const Counts& counts) {
  if (due(counts) == 0) write(counts);
}

void Statistics::finish(const Counts& counts) {
  write(counts);
  tell(sink_->close());
}

void Statistics::write(const Counts& counts) {
  for (const auto& [path, count] : counts.paths()) sent_.emplace(path, 0);
  std::vector<Figure> figures;
  for (const auto& [path, before] : sent_) {
    const std::uint64_t total = counts.sent(path);
    figures.push_back({id_ + ".temporary." + path, total - before, 2});
    figures.push_back({id_ + ".total." + path, total});
  }
  figures.push_back({id_ + ".stats.success", counts.succeeded()});
  figures.push_back({id_ + ".stats.failure", counts.failed()});
  written_ms_ = now_ms();
  const Result<void> done = sink_->write(figures);
  tell(done);
  if (!done) return;
  handled_ = counts.handled();
  for (auto& [path, count] : sent_) count = counts.sent(path);
}

/// Once per trouble.
void Statistics::tell(const Result<void>& done) {
  if (!done && !troubled_) log_.debug("statistics: " + done.error().text);
  troubled_ = !done;
}

}  // namespace intelmq
