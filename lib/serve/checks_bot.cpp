// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "serve/checks.hpp"

namespace intelmq::serve {
namespace {

constexpr double ready_grace = 60, start_grace = 300;  // seconds
constexpr double restart_window = 600;
constexpr std::size_t many_restarts = 3;
constexpr std::uint64_t few_messages = 10;  // a rate of fewer says nothing

bool runs(const BotFacts& bot) { return bot.state == "running" || bot.state == "reloading"; }

}  // namespace

void CheckBook::check_bot(const BotFacts& bot) {
  const Thresholds& limits = thresholds_->of(bot.id);
  check_state(bot);
  check_ready(bot);
  check_restarts(bot);
  check_heartbeat(bot, limits);
  check_errors(bot, limits);
  check_silence(bot, limits);
}

void CheckBook::check_state(const BotFacts& bot) {
  Check& check = add("bot_state", bot.id, bot.id);
  check.symptom = "bot " + bot.id + " is " + bot.state;
  if (!bot.reason.empty()) check.symptom += ": " + bot.reason;
  const bool down = bot.state == "stopped" && facts_->desired == "running" &&
                    facts_->state != "stopped" && bot.reason.rfind("completed", 0) != 0;
  if (bot.state == "failed")
    check.status = Status::fail;
  else if (bot.state == "backoff" || down)
    check.status = Status::warn;
  if (check.status == Status::pass) return;
  check.diagnosis = bot.reason.empty() ? "its last exit tells; see GET /api/v1/logs" : bot.reason;
  check.impact = "the pipeline stands still; messages wait in the source";
  if (bot.state == "failed")
    check.action = "correct what it says, then POST /api/v1/lifecycle/restart";
  else if (bot.state == "backoff")
    check.action = "it is started again by itself; see GET /api/v1/logs for the cause";
  else
    check.action = "POST /api/v1/lifecycle/start";
}

void CheckBook::check_ready(const BotFacts& bot) {
  Check& check = add("bot_ready", bot.id, bot.id);
  check.symptom = "bot " + bot.id + (bot.ready ? " is ready" : " is not ready");
  const bool starting = bot.state == "starting";
  const bool waiting = !bot.ready && (runs(bot) || starting);
  if (!held(check, waiting, starting ? start_grace : ready_grace)) return;
  check.status = Status::warn;
  check.diagnosis = bot.reason.empty() ? "a server or data that it needs is not there" : bot.reason;
  check.impact = "no messages are processed";
  check.action = "POST /api/v1/self-test/connection-test tells what is missing";
}

void CheckBook::check_restarts(const BotFacts& bot) {
  History& history = histories_[bot.id];
  const std::uint64_t before = history.restart_count.value_or(bot.restarts);
  for (std::uint64_t i = before; i < bot.restarts && i < before + many_restarts; ++i)
    history.restarts.push_back(facts_->now);
  history.restart_count = bot.restarts;
  while (!history.restarts.empty() && (history.restarts.size() > 2 * many_restarts ||
                                       facts_->now - history.restarts.front() > restart_window))
    history.restarts.pop_front();
  Check& check = add("bot_restarts", bot.id, bot.id);
  check.value = static_cast<double>(history.restarts.size());
  check.levels.warn = many_restarts;
  check.symptom = fmt::format("bot {} was restarted {} times in the last 10 minutes", bot.id,
                              history.restarts.size());
  if (history.restarts.size() < many_restarts) return;
  check.status = Status::warn;
  check.diagnosis = bot.reason;
  check.impact = "messages in its hands are processed again";
  check.action = "see GET /api/v1/logs for the cause";
}

void CheckBook::check_heartbeat(const BotFacts& bot, const Thresholds& limits) {
  Check& check = add("heartbeat", bot.id, bot.id);
  check.unit = "s";
  check.levels = limits.heartbeat;
  check.symptom = "bot " + bot.id + " gives signs of life";
  if (bot.pid <= 0 || bot.last_heartbeat <= 0) {
    check.symptom = "bot " + bot.id + " is not expected to give signs of life";
    return;
  }
  check.value = std::max(facts_->now - bot.last_heartbeat, 0.0);
  check.status = judge(check);
  if (check.status == Status::pass) return;
  check.symptom = "bot " + bot.id + " has given no sign of life for " + span_text(*check.value);
  check.diagnosis = "it hangs, or is starved of CPU";
  check.impact = "the pipeline stands still";
  check.action = "it is ended and started anew by itself; report the core dump if there is one";
}

void CheckBook::check_errors(const BotFacts& bot, const Thresholds& limits) {
  auto& samples = histories_[bot.id].samples;
  // Counters start at nothing with the service.
  if (samples.empty()) samples.push_back({facts_->started, 0, 0});
  const std::uint64_t taken = bot.received ? bot.received : bot.sent + bot.failed;
  while (samples.size() > 1 && facts_->now - samples[1].at >= limits.error_window)
    samples.pop_front();
  const Sample& base = samples.front();
  const std::uint64_t part = taken > base.taken ? taken - base.taken : 0;
  const std::uint64_t failed = bot.failed > base.failed ? bot.failed - base.failed : 0;
  Check& check = add("error_rate", bot.id, bot.id);
  check.unit = "1";
  check.levels = limits.error_rate;
  check.symptom = fmt::format("{} of {} messages of bot {} failed in the last {}", failed, part,
                              bot.id, span_text(facts_->now - base.at));
  if (part >= few_messages)
    check.value = std::min(static_cast<double>(failed) / static_cast<double>(part), 1.0);
  check.status = judge(check);
  if (facts_->now - samples.back().at >= std::max(limits.error_window / 48, 1.0))
    samples.push_back({facts_->now, taken, bot.failed});
  if (samples.size() > 50) samples.erase(samples.begin() + 1);
  if (check.status == Status::pass) return;
  const auto most =
      std::max_element(bot.failed_by_reason.begin(), bot.failed_by_reason.end(),
                       [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most != bot.failed_by_reason.end())
    check.diagnosis = fmt::format("most of them: {} ({} in all)", most->first, most->second);
  check.impact = "these messages are set aside, not processed";
  check.action = "GET /api/v1/failed-messages has them, with the reasons";
}

void CheckBook::check_silence(const BotFacts& bot, const Thresholds& limits) {
  // What the entry does not take nobody behind it can: one alert is enough. A bot behind it may
  // be judged too, by thresholds of its own.
  const bool entry = &bot == &facts_->bots.front();
  if (!entry && !thresholds_->has_own(bot.id)) return;
  Check& check = add("no_data", bot.id, bot.id);
  check.unit = "s";
  check.levels = limits.silence;
  const double last = bot.last_message > 0 ? bot.last_message : facts_->started;
  check.value = std::max(facts_->now - last, 0.0);
  const std::string ago = span_text(*check.value) + " ago";
  check.symptom = bot.last_message > 0
                      ? "bot " + bot.id + " took its last message " + ago
                      : "bot " + bot.id + " has taken no message since its start " + ago;
  if (runs(bot)) check.status = judge(check);
  if (check.status == Status::pass) return;
  check.diagnosis = "the feed or what comes before has stopped, or it has nothing new";
  check.impact = "no new events come in";
  check.action =
      "look after the source; for a feed that is rarely updated raise `silence`, or set "
      "`ignore.no_data` with the reason";
}

}  // namespace intelmq::serve
