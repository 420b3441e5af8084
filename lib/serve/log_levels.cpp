// SPDX-License-Identifier: Apache-2.0
#include "serve/log_levels.hpp"

#include <memory>
#include <vector>

#include "serve/log_record.hpp"

namespace intelmq::serve {
namespace {

constexpr std::chrono::milliseconds answer_limit{2000};

}  // namespace

LogLevels::LogLevels(Loop& loop, Bots& bots, Log& own, LogLevel level)
    : loop_{loop}, bots_{bots}, own_{own} {
  levels_[""].started_with = level;
  for (const BotSetup& bot : bots_.all())
    levels_[bot.id].started_with =
        log_level(bot.settings["logging_level"].text()).value_or(LogLevel::info);
}

void LogLevels::set(const std::string& bot, LogLevel level,
                    std::optional<std::chrono::milliseconds> time,
                    const std::function<void(Json)>& then) {
  std::vector<std::string> names;
  if (bot.empty())
    for (const auto& [name, unused] : levels_) names.push_back(name);
  else
    names.push_back(bot);
  for (const std::string& name : names) change(name, level, time);
  const auto left = std::make_shared<std::size_t>(names.size());
  for (const std::string& name : names)
    tell(name, [this, left, bot, then] {
      if (--*left == 0) then(json(bot));
    });
}

void LogLevels::change(const std::string& bot, LogLevel level,
                       std::optional<std::chrono::milliseconds> time) {
  Level& of_bot = levels_[bot];
  of_bot.timer.reset();
  of_bot.passing.reset();
  if (!time) {
    of_bot.lasting = level;
    return;
  }
  of_bot.passing = level;
  of_bot.until = now_ms() + time->count();
  of_bot.timer = loop_.after(*time, [this, bot] { revert(bot); });
}

void LogLevels::revert(const std::string& bot) {
  levels_[bot].passing.reset();
  levels_[bot].timer.reset();
  tell(bot, [] {});
}

void LogLevels::tell(const std::string& bot, std::function<void()> then) {
  const LogLevel level = levels_[bot].now();
  if (bot.empty()) {
    own_.set_threshold(level);
    return then();
  }
  bots_.ask(bot, Json::object().set("op", "log-level").set("level", name_of(level)), answer_limit,
            [this, bot, then = std::move(then)](const Answer<Json>& answer) {
              // One that does not run is told when it starts.
              if (!answer && answer.error().code != "bot-unavailable")
                own_.warning("the level of " + bot + "'s log: " + answer.error().detail);
              then();
            });
}

void LogLevels::started(const std::string& bot) {
  const auto found = levels_.find(bot);
  if (found == levels_.end() || bot.empty()) return;
  if (found->second.passing || found->second.lasting) tell(bot, [] {});
}

Json LogLevels::one(const std::string& bot) const {
  const Level& level = levels_.at(bot);
  Json out = Json::object();
  if (!bot.empty()) out.set("id", bot);
  return out.set("level", name_of(level.now()))
      .set("until", level.passing ? Json(rfc3339(level.until)) : Json());
}

Json LogLevels::json(const std::string& bot) const {
  Json out = one(bot);
  if (!bot.empty()) return out;
  Json list = Json::array();
  for (const BotSetup& each : bots_.all()) list.push(one(each.id));
  return out.set("bots", std::move(list));
}

}  // namespace intelmq::serve
