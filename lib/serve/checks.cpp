// SPDX-License-Identifier: Apache-2.0
#include "serve/checks.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "base/sha256.hpp"
#include "serve/clock.hpp"

namespace intelmq::serve {
namespace {

constexpr double recede = 0.9;    // of a level: below that a passed level is forgotten
constexpr double flap_time = 60;  // seconds

/// The bot at the pipeline's end that the queue is.
std::string bot_of(const Facts& facts, const QueueFacts& queue) {
  if (facts.bots.empty()) return {};
  return queue.role == "source" ? facts.bots.front().id : facts.bots.back().id;
}

/// Distinct where one name is a source and a destination, or comes on several paths.
std::string subject_of(const QueueFacts& queue) {
  if (queue.role == "source") return queue.name;
  return queue.path.empty() || queue.path == "_default" ? queue.name + " (out)"
                                                        : queue.name + " (" + queue.path + ")";
}

std::string count_text(double count) { return std::to_string(static_cast<std::int64_t>(count)); }

}  // namespace

std::string span_text(double seconds) {
  if (seconds < 120) return fmt::format("{:.0f} s", std::max(seconds, 0.0));
  if (seconds < 7200) return fmt::format("{:.0f} min", std::floor(seconds / 60));
  if (seconds < 172800) return fmt::format("{:.0f} h", std::floor(seconds / 3600));
  return fmt::format("{:.0f} d", std::floor(seconds / 86400));
}

std::string_view name_of(Status status) {
  switch (status) {
    case Status::pass: return "pass";
    case Status::warn: return "warn";
    case Status::fail: break;
  }
  return "fail";
}

Status worst_of(const std::vector<Check>& checks, std::string_view bot) {
  Status worst = Status::pass;
  for (const Check& check : checks)
    if (concerns(check, bot)) worst = std::max(worst, check.status);
  return worst;
}

Check& CheckBook::add(std::string_view name, std::string subject, std::string bot) {
  Check check;
  check.name = name;
  check.subject = std::move(subject);
  check.bot = std::move(bot);
  checks_.push_back(std::move(check));
  return checks_.back();
}

Status CheckBook::judge(const Check& check) {
  if (!check.value) return Status::pass;
  const Status before = memory_of(check).status;
  const auto above = [&](const std::optional<double>& level, Status status) {
    return level && *check.value >= (before >= status ? *level * recede : *level);
  };
  if (above(check.levels.crit, Status::fail)) return Status::fail;
  return above(check.levels.warn, Status::warn) ? Status::warn : Status::pass;
}

bool CheckBook::held(const Check& check, bool condition, double seconds) {
  double& since = memory_of(check).suspect;
  if (!condition)
    since = 0;
  else if (since == 0)
    since = facts_->now;
  return condition && facts_->now - since >= seconds;
}

const std::vector<Check>& CheckBook::evaluate(const Facts& facts, const ThresholdBook& thresholds) {
  facts_ = &facts;
  thresholds_ = &thresholds;
  checks_.clear();
  for (const BotFacts& bot : facts.bots) check_bot(bot);
  for (const QueueFacts& queue : facts.queues) check_queue(queue);
  for (const DataFacts& data : facts.data) check_data(data);
  check_service();
  settle(thresholds);
  std::erase_if(histories_, [&](const auto& entry) {
    return std::none_of(facts.bots.begin(), facts.bots.end(),
                        [&](const BotFacts& bot) { return bot.id == entry.first; });
  });
  facts_ = nullptr;
  thresholds_ = nullptr;
  return checks_;
}

void CheckBook::settle(const ThresholdBook& thresholds) {
  for (auto& [id, memory] : memory_) memory.seen = false;
  for (Check& check : checks_) {
    const auto& ignore = thresholds.of(check.bot).ignore;
    if (const auto reason = ignore.find(std::string(check.name)); reason != ignore.end()) {
      check.ignored = reason->second;
      check.status = Status::pass;
    }
    Memory& memory = memory_of(check);
    memory.seen = true;
    const bool was_well = memory.status == Status::pass;
    memory.status = check.status;
    if (check.status == Status::pass) continue;
    if (was_well && (memory.since == 0 || facts_->now - memory.last_bad > flap_time))
      memory.since = facts_->now;
    memory.last_bad = facts_->now;
    check.since = memory.since;
  }
  std::erase_if(memory_, [](const auto& entry) { return !entry.second.seen; });
}

void CheckBook::check_queue(const QueueFacts& queue) {
  const std::string bot = bot_of(*facts_, queue);
  Check& reach = add("queue_connection", subject_of(queue), bot);
  if (queue.reachable) {
    reach.symptom = "queue " + queue.name + " can be reached";
  } else {
    reach.status = Status::fail;
    reach.symptom = "queue " + queue.name + " at " + queue.url + " cannot be reached";
    reach.diagnosis = queue.error;
    reach.impact = queue.role == "source" ? "no messages come in"
                                          : "messages cannot leave and wait before the service";
    reach.action = "look after the server; POST /api/v1/self-test/connection-test tells more";
  }
  check_depth(queue, bot, thresholds_->of(bot));
}

void CheckBook::check_depth(const QueueFacts& queue, const std::string& bot,
                            const Thresholds& limits) {
  if (!queue.depth) return;
  const auto depth = static_cast<double>(*queue.depth);
  Check& deep = add("queue_depth", subject_of(queue), bot);
  deep.value = depth;
  deep.unit = "messages";
  deep.levels = limits.queue;
  deep.symptom = count_text(depth) + " messages wait in queue " + queue.name;
  deep.status = judge(deep);
  if (deep.status != Status::pass) {
    deep.diagnosis = queue.role == "source" ? "more comes in than this service takes out"
                                            : "what reads this queue does not keep up, or is down";
    deep.impact = "events are late, and the server's memory fills";
    deep.action = queue.role == "source" ? "see GET /api/v1/scale for the bottleneck"
                                         : "look after the bots that read " + queue.name;
  }
  Check& growing = add("queue_growth", subject_of(queue), bot);
  growing.value = queue.growth;
  growing.unit = "messages/s";
  growing.symptom = "queue " + queue.name + " does not outgrow its limits";
  const double room = limits.queue.crit.value_or(0) - depth;
  const bool soon = limits.queue.crit && queue.growth > 0 && room > 0 &&
                    room / queue.growth < limits.queue_horizon;
  if (held(growing, soon, 300)) {
    growing.status = Status::warn;
    growing.symptom = "queue " + queue.name + " grows and will hold " +
                      count_text(*limits.queue.crit) + " messages in " +
                      span_text(room / queue.growth);
    growing.impact = "events will be late";
    growing.action = "see GET /api/v1/scale for the bottleneck";
  }
}

void CheckBook::check_data(const DataFacts& data) {
  Check& age = add("data_age", data.name, data.bot);
  const double seconds = data.build_time > 0 ? std::max(facts_->now - data.build_time, 0.0) : 0;
  age.unit = "s";
  age.levels = thresholds_->of(data.bot).data_age;
  const bool own_levels = age.levels.warn || age.levels.crit;
  if (!own_levels) {
    if (data.warn_s > 0) age.levels.warn = data.warn_s;
    if (data.max_s > 0) age.levels.crit = data.max_s;
  }
  if (data.build_time > 0) age.value = seconds;
  age.symptom = data.name + " is " + data.state;
  if (age.value) age.symptom += ", " + span_text(seconds) + " old";
  if (data.state == "missing" || data.state == "expired")
    age.status = data.required ? Status::fail : Status::warn;
  else if (own_levels)
    age.status = judge(age);
  else if (data.state == "ageing" || data.state == "stale")
    age.status = data.state == "stale" ? Status::fail : Status::warn;
  if (age.status != Status::pass) {
    age.diagnosis = data.last_error.empty() ? "no newer data has come" : data.last_error;
    age.impact = data.state == "missing" || data.state == "expired"
                     ? "what depends on " + data.name + " is not looked up"
                     : "lookups may give outdated answers";
    age.action = "POST /api/v1/data/" + data.name + "/update, and see why updates do not come";
  }
  Check& update = add("data_update", data.name, data.bot);
  update.value = static_cast<double>(data.failures_in_a_row);
  update.levels.warn = 3;
  update.symptom = data.failures_in_a_row ? "the last " + count_text(*update.value) +
                                                " updates of " + data.name + " did not work"
                                          : "updates of " + data.name + " work";
  update.status = data.failures_in_a_row >= 3 ? Status::warn : Status::pass;
  if (update.status == Status::pass) return;
  update.diagnosis = data.last_error;
  update.impact = "the data grows old";
  update.action = "check credentials, the network and the room on the disk";
}

void CheckBook::check_service() {
  for (const TestFacts& test : facts_->tests) {
    Check& check = add("self_test", test.test, "");
    check.symptom = test.test + ": " + test.status;
    if (test.status == "fail") check.status = Status::fail;
    if (test.status == "warn" || test.status == "error") check.status = Status::warn;
    if (check.status == Status::pass) continue;
    check.diagnosis = "result of " + time_text(test.at).text();
    check.action = "GET /api/v1/self-test/" + test.test + " has the findings";
  }
  Check& security = add("security", "serve", "");
  security.symptom = "no option weakens the API's protection";
  if (facts_->insecure) {
    security.status = Status::warn;
    security.symptom = "the API can be reached from other hosts without protection";
    security.diagnosis = "the service was started with --insecure-allow-remote";
    security.impact = "anybody in the network may read and control this service";
    security.action = "use TLS and an authenticator, or listen on a unix socket";
  }
  for (const std::string& warning : facts_->warnings) {
    // "audit: cannot write ...": what stands before the colon names it, whatever follows.
    const std::size_t colon = warning.find(':');
    const bool named = colon != std::string::npos && colon > 0 && colon <= 40;
    Check& check =
        add("service", named ? warning.substr(0, colon) : sha256_hex(warning).substr(0, 8), "");
    check.status = Status::warn;
    check.symptom = warning;
  }
}

}  // namespace intelmq::serve
