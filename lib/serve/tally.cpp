// SPDX-License-Identifier: Apache-2.0
#include "serve/tally.hpp"

#include <algorithm>
#include <cmath>

namespace intelmq::serve {
namespace {

std::uint64_t count_of(const Json& value) {
  const auto number = value.integer();
  return number && *number > 0 ? static_cast<std::uint64_t>(*number) : 0;
}

std::map<std::string, std::uint64_t> counts_of(const Json& object) {
  std::map<std::string, std::uint64_t> out;
  for (const auto& [name, value] : object.members()) out[name] = count_of(value);
  return out;
}

void add_all(std::map<std::string, std::uint64_t>& to,
             const std::map<std::string, std::uint64_t>& from) {
  for (const auto& [name, count] : from) to[name] += count;
}

void add_all(Histogram& to, const Histogram& from) {
  if (to.upper != from.upper) {
    if (to.count == 0) to = from;
    return;
  }
  for (std::size_t i = 0; i < to.counts.size(); ++i) to.counts[i] += from.counts[i];
  to.sum += from.sum;
  to.count += from.count;
}

Histogram histogram_of(const Json& value) {
  Histogram out;
  for (const Json& bound : value["upper"].items()) out.upper.push_back(bound.real().value_or(0));
  for (const Json& count : value["counts"].items()) out.counts.push_back(count_of(count));
  out.counts.resize(out.upper.size() + 1);
  out.sum = value["sum"].real().value_or(0);
  out.count = count_of(value["count"]);
  return out;
}

}  // namespace

void Tally::Counted::add(const Counted& other) {
  add_all(numbers, other.numbers);
  add_all(sent_by_path, other.sent_by_path);
  add_all(failed_by_reason, other.failed_by_reason);
  add_all(dropped_by_reason, other.dropped_by_reason);
  add_all(processing, other.processing);
  for (const auto& [name, seen] : other.fields) {
    fields[name].first += seen.first;
    fields[name].second += seen.second;
  }
  busy += other.busy;
  idle += other.idle;
}

Tally::Counted Tally::read(const Json& stats) {
  Counted out;
  out.numbers = counts_of(stats["counters"]);
  out.sent_by_path = counts_of(stats["sent_by_path"]);
  out.failed_by_reason = counts_of(stats["failed_by_reason"]);
  out.dropped_by_reason = counts_of(stats["dropped_by_reason"]);
  out.processing = histogram_of(stats["hist"]);
  for (const auto& [name, seen] : stats["fields"].members())
    if (seen.items().size() == 2)
      out.fields[name] = {seen.items()[0].real().value_or(0), seen.items()[1].real().value_or(0)};
  out.busy = stats["counters"]["busy_s"].real().value_or(0);
  out.idle = stats["counters"]["idle_s"].real().value_or(0);
  return out;
}

Tally::Counted Tally::sum() const {
  Counted out = closed_;
  for (const auto& [process, counted] : open_) out.add(counted);
  return out;
}

void Tally::take(const std::string& process, const Json& stats, double now) {
  open_[process] = read(stats);
  const Json& gauges = stats["gauges"];
  inflight_[process] = count_of(gauges["inflight"]);
  last_message_ = std::max(last_message_, gauges["last_message"].real().value_or(0));
  const Counted all = sum();
  const auto found = all.numbers.find("received");
  const double received = found == all.numbers.end() ? 0 : static_cast<double>(found->second);
  if (rated_at_ == 0) {
    rated_at_ = now;
    rated_received_ = received;
  }
  const double passed = now - rated_at_;
  if (passed < 1) return;
  const double rate = std::max(0.0, received - rated_received_) / passed;
  constexpr double spans[3] = {60, 300, 900};
  for (int i = 0; i < 3; ++i) rates_[i] += (1 - std::exp(-passed / spans[i])) * (rate - rates_[i]);
  const double busy = all.busy - busy_before_, idle = all.idle - idle_before_;
  if (busy + idle > 0) busy_ = std::clamp(busy / (busy + idle), 0.0, 1.0);
  busy_before_ = all.busy;
  idle_before_ = all.idle;
  rated_at_ = now;
  rated_received_ = received;
}

void Tally::close(const std::string& process) {
  const auto found = open_.find(process);
  if (found != open_.end()) {
    closed_.add(found->second);
    open_.erase(found);
  }
  inflight_.erase(process);
}

void Tally::fill(BotFacts& facts) const {
  const Counted all = sum();
  const auto number = [&](const char* name) {
    const auto found = all.numbers.find(name);
    return found == all.numbers.end() ? 0 : found->second;
  };
  facts.received = number("received");
  facts.sent = number("sent");
  facts.dropped = number("dropped");
  facts.failed = number("failed");
  facts.retries = number("retries");
  facts.received_bytes = number("received_bytes");
  facts.sent_bytes = number("sent_bytes");
  facts.sent_by_path = all.sent_by_path;
  facts.failed_by_reason = all.failed_by_reason;
  facts.dropped_by_reason = all.dropped_by_reason;
  facts.processing = all.processing;
  for (const auto& [name, seen] : all.fields)
    if (seen.second > 0) facts.required_field_present[name] = seen.first / seen.second;
  facts.inflight = 0;
  for (const auto& [process, count] : inflight_) facts.inflight += count;
  facts.last_message = last_message_;
  facts.busy = busy_;
  facts.rate_1m = rates_[0];
  facts.rate_5m = rates_[1];
  facts.rate_15m = rates_[2];
  facts.restarts = restarts_;
}

}  // namespace intelmq::serve
