// SPDX-License-Identifier: Apache-2.0
#include "serve/stats.hpp"

#include <algorithm>
#include <cmath>

#include "serve/clock.hpp"

namespace intelmq::serve {
namespace {

Json number(std::uint64_t value) { return Json::number(std::to_string(value)); }

Json counts_json(const std::map<std::string, std::uint64_t>& counts) {
  Json out = Json::object();
  for (const auto& [name, count] : counts) out.set(name, number(count));
  return out;
}

Json optional_json(const std::optional<double>& value) { return value ? Json(*value) : Json(); }

Json latency_json(const Histogram& histogram) {
  Json out = Json::object();
  out.set("count", number(histogram.count));
  out.set("sum_s", histogram.sum);
  out.set("p50_s", optional_json(quantile(histogram, 0.5)));
  out.set("p95_s", optional_json(quantile(histogram, 0.95)));
  out.set("p99_s", optional_json(quantile(histogram, 0.99)));
  Json buckets = Json::array();
  std::uint64_t below = 0;
  for (std::size_t i = 0; i < histogram.upper.size() && i < histogram.counts.size(); ++i) {
    below += histogram.counts[i];
    buckets.push(Json::object().set("le_s", histogram.upper[i]).set("count", number(below)));
  }
  return out.set("buckets", std::move(buckets));
}

Json counters_json(const BotFacts& bot) {
  Json out = Json::object();
  out.set("received", number(bot.received));
  out.set("sent", number(bot.sent));
  out.set("dropped", number(bot.dropped));
  out.set("failed", number(bot.failed));
  out.set("retries", number(bot.retries));
  out.set("received_bytes", number(bot.received_bytes));
  out.set("sent_bytes", number(bot.sent_bytes));
  return out.set("restarts", number(bot.restarts));
}

Json rates_json(const BotFacts& bot) {
  return Json::object().set("1m", bot.rate_1m).set("5m", bot.rate_5m).set("15m", bot.rate_15m);
}

Json bot_json(const BotFacts& bot) {
  Json coverage = Json::object();
  for (const auto& [field, share] : bot.required_field_present) coverage.set(field, share);
  Json out = Json::object();
  out.set("id", bot.id);
  out.set("state", bot.state);
  out.set("counters", counters_json(bot));
  out.set("inflight", number(bot.inflight));
  out.set("rates", rates_json(bot));
  out.set("latency", latency_json(bot.processing));
  out.set("paths", counts_json(bot.sent_by_path));
  out.set("errors", counts_json(bot.failed_by_reason));
  out.set("dropped", counts_json(bot.dropped_by_reason));
  out.set("required_fields", std::move(coverage));
  out.set("last_message", time_text(bot.last_message));
  out.set("busy", bot.busy);
  return out;
}

Json queues_json(const Facts& facts, bool source, bool destination) {
  Json out = Json::array();
  for (const QueueFacts& queue : facts.queues) {
    if (queue.role == "source" ? !source : !destination) continue;
    Json one = Json::object();
    one.set("name", queue.name);
    one.set("role", queue.role);
    if (!queue.path.empty()) one.set("path", queue.path);
    one.set("reachable", queue.reachable);
    one.set("depth", queue.depth ? number(*queue.depth) : Json());
    one.set("growth_per_s", queue.growth);
    out.push(std::move(one));
  }
  return out;
}

/// What the service as a whole does: what goes in is the first bot's, what comes out the last's.
BotFacts sum_of(const Facts& facts) {
  BotFacts out;
  for (const BotFacts& bot : facts.bots) {
    out.dropped += bot.dropped;
    out.failed += bot.failed;
    out.retries += bot.retries;
    out.restarts += bot.restarts;
    for (const auto& [reason, count] : bot.failed_by_reason) out.failed_by_reason[reason] += count;
    for (const auto& [reason, count] : bot.dropped_by_reason)
      out.dropped_by_reason[reason] += count;
  }
  if (facts.bots.empty()) return out;
  const BotFacts &first = facts.bots.front(), &last = facts.bots.back();
  out.received = first.received;
  out.received_bytes = first.received_bytes;
  out.sent = last.sent;
  out.sent_bytes = last.sent_bytes;
  out.sent_by_path = last.sent_by_path;
  out.rate_1m = first.rate_1m;
  out.rate_5m = first.rate_5m;
  out.rate_15m = first.rate_15m;
  return out;
}

}  // namespace

std::optional<double> quantile(const Histogram& histogram, double q) {
  std::uint64_t all = 0;
  for (const std::uint64_t count : histogram.counts) all += count;
  if (all == 0 || histogram.upper.empty()) return std::nullopt;
  const double wanted = q * static_cast<double>(all);
  double below = 0, lower = 0;
  for (std::size_t i = 0; i < histogram.upper.size() && i < histogram.counts.size(); ++i) {
    const auto count = static_cast<double>(histogram.counts[i]);
    if (count > 0 && below + count >= wanted)
      return lower + (histogram.upper[i] - lower) * std::max(wanted - below, 0.0) / count;
    below += count;
    lower = histogram.upper[i];
  }
  return histogram.upper.back();
}

Json stats_json(const Facts& facts, std::string_view bot) {
  Json out = Json::object();
  out.set("at", time_text(facts.now));
  out.set("since", time_text(facts.started));  // from then on the counters have counted
  if (!bot.empty()) {
    const auto found = std::find_if(facts.bots.begin(), facts.bots.end(),
                                    [&](const BotFacts& one) { return one.id == bot; });
    if (found == facts.bots.end()) return out;
    out.set("epoch", number(found->restarts));  // the bot's processes there were before this one
    const Json of_bot = bot_json(*found);
    for (const auto& [name, value] : of_bot.members()) out.set(name, value);
    out.set("queues",
            queues_json(facts, found == facts.bots.begin(), found + 1 == facts.bots.end()));
    return out;
  }
  const BotFacts sum = sum_of(facts);
  out.set("epoch", number(sum.restarts));
  out.set("counters", counters_json(sum));
  out.set("rates", rates_json(sum));
  out.set("paths", counts_json(sum.sent_by_path));
  out.set("errors", counts_json(sum.failed_by_reason));
  out.set("dropped", counts_json(sum.dropped_by_reason));
  out.set("queues", queues_json(facts, true, true));
  Json bots = Json::array();
  for (const BotFacts& one : facts.bots) bots.push(bot_json(one));
  return out.set("bots", std::move(bots));
}

}  // namespace intelmq::serve
