// SPDX-License-Identifier: Apache-2.0
#include "serve/checks.hpp"

#include <catch2/catch.hpp>

#include "sample_facts.hpp"
#include "serve/alerts.hpp"

using namespace intelmq;
using namespace intelmq::serve;

namespace {

/// A service, its checks and a clock.
struct Watched {
  Facts facts = test::sample_facts();
  ThresholdBook thresholds;
  CheckBook book;

  void limits(const char* text, const char* bot = "") {
    thresholds.set(bot, Thresholds::parse(Json::parse(text).value()).value());
  }
  const Check& at(double seconds, const std::string& id) {
    const double passed = seconds - (facts.now - start);
    facts.now += passed;
    for (BotFacts& bot : facts.bots) bot.last_heartbeat += passed, bot.last_message += passed;
    return now(id);
  }
  const Check& now(const std::string& id) {
    for (const Check& check : book.evaluate(facts, thresholds))
      if (check.id() == id) return check;
    FAIL("no check " << id);
    std::abort();
  }
  double start = facts.now;
};

std::vector<std::string> alerts_of(Watched& watched) {
  std::vector<std::string> out;
  for (const Check* check : active(watched.book.evaluate(watched.facts, watched.thresholds)))
    out.push_back(check->id() + " " + std::string(severity_of(*check)));
  return out;
}

using List = std::vector<std::string>;

}  // namespace

TEST_CASE("spans for people") {
  CHECK(span_text(119.4) == "119 s");
  CHECK(span_text(-3) == "0 s");
  CHECK(span_text(3599) == "59 min");
  CHECK(span_text(7200) == "2 h");
  CHECK(span_text(6 * 86400 + 1) == "6 d");
}

TEST_CASE("where all is well there are checks and no alerts") {
  Watched watched;
  CHECK(alerts_of(watched).empty());
  CHECK(watched.book.all().size() == 21);
  CHECK(worst_of(watched.book.all()) == Status::pass);
}

TEST_CASE("a bot that is down") {
  Watched watched;
  BotFacts& bot = watched.facts.bots[1];
  bot.ready = false;
  bot.state = "backoff";
  CHECK(alerts_of(watched) == List{"bot_state:geo warn"});
  bot.state = "failed";
  bot.reason = "exit code 78";
  CHECK(alerts_of(watched) == List{"bot_state:geo crit"});
  CHECK(watched.now("bot_state:geo").diagnosis == "exit code 78");
  CHECK(worst_of(watched.book.all(), "geo") == Status::fail);
  CHECK(worst_of(watched.book.all(), "taxonomy") == Status::pass);
  bot.state = "stopped";
  CHECK(alerts_of(watched) == List{"bot_state:geo warn"});
  bot.reason = "completed";
  CHECK(alerts_of(watched).empty());
  bot.reason = "";
  watched.facts.desired = "stopped";
  CHECK(alerts_of(watched).empty());
  bot.state = "paused";
  CHECK(alerts_of(watched).empty());
}

TEST_CASE("an alert keeps its beginning while it lasts, and over a short break") {
  Watched watched;
  watched.facts.queues[0].reachable = false;
  const double start = watched.facts.now;
  CHECK(watched.at(0, "queue_connection:asn-queue").since == start);
  CHECK(watched.at(500, "queue_connection:asn-queue").since == start);
  watched.facts.queues[0].reachable = true;
  CHECK(watched.at(510, "queue_connection:asn-queue").status == Status::pass);
  CHECK(watched.at(510, "queue_connection:asn-queue").since == 0);
  watched.facts.queues[0].reachable = false;
  CHECK(watched.at(520, "queue_connection:asn-queue").since == start);
  watched.facts.queues[0].reachable = true;
  CHECK(watched.at(530, "queue_connection:asn-queue").status == Status::pass);
  watched.facts.queues[0].reachable = false;
  CHECK(watched.at(600, "queue_connection:asn-queue").since == start + 600);
}

TEST_CASE("a level that was passed holds until the value is clearly below it") {
  Watched watched;
  const auto depth = [&](std::uint64_t messages) {
    watched.facts.queues[0].depth = messages;
    return watched.now("queue_depth:asn-queue").status;
  };
  CHECK(depth(19'999) == Status::pass);
  CHECK(depth(20'000) == Status::warn);
  CHECK(depth(18'000) == Status::warn);
  CHECK(depth(17'999) == Status::pass);
  CHECK(depth(19'000) == Status::pass);
  CHECK(depth(50'000) == Status::fail);
  CHECK(depth(45'000) == Status::fail);
  CHECK(depth(44'999) == Status::warn);
  CHECK(depth(49'000) == Status::warn);
  CHECK(depth(0) == Status::pass);
}

TEST_CASE("a queue that will overflow within the horizon is told of once that lasts") {
  Watched watched;
  watched.facts.queues[0].depth = 5'000;
  watched.facts.queues[0].growth = 20;
  CHECK(watched.at(0, "queue_growth:asn-queue").status == Status::pass);
  CHECK(watched.at(299, "queue_growth:asn-queue").status == Status::pass);
  CHECK(watched.at(300, "queue_growth:asn-queue").status == Status::warn);
  CHECK(watched.at(301, "queue_growth:asn-queue").symptom ==
        "queue asn-queue grows and will hold 50000 messages in 37 min");
  watched.facts.queues[0].growth = 1;
  CHECK(watched.at(302, "queue_growth:asn-queue").status == Status::pass);
  watched.facts.queues[0].growth = 20;
  CHECK(watched.at(303, "queue_growth:asn-queue").status == Status::pass);
}

TEST_CASE("one name as source and destination makes two checks") {
  Watched watched;
  watched.facts.queues[1].name = "asn-queue";
  watched.facts.queues[1].depth = 60'000;
  CHECK(alerts_of(watched) == List{"queue_depth:asn-queue (out) crit"});
  watched.facts.queues[1].path = "_on_error";
  CHECK(alerts_of(watched) == List{"queue_depth:asn-queue (_on_error) crit"});
}

TEST_CASE("not ready counts after a while, and longer for a bot that starts") {
  Watched watched;
  watched.facts.bots[0].ready = false;
  CHECK(watched.at(0, "bot_ready:taxonomy").status == Status::pass);
  CHECK(watched.at(59, "bot_ready:taxonomy").status == Status::pass);
  CHECK(watched.at(60, "bot_ready:taxonomy").status == Status::warn);
  watched.facts.bots[0].state = "starting";
  CHECK(watched.at(61, "bot_ready:taxonomy").status == Status::pass);
  CHECK(watched.at(300, "bot_ready:taxonomy").status == Status::warn);
}

TEST_CASE("a bot that is restarted again and again") {
  Watched watched;
  watched.facts.bots[0].restarts = 7;
  CHECK(watched.at(0, "bot_restarts:taxonomy").status == Status::pass);
  watched.facts.bots[0].restarts = 9;
  CHECK(watched.at(10, "bot_restarts:taxonomy").status == Status::pass);
  watched.facts.bots[0].restarts = 10;
  CHECK(watched.at(20, "bot_restarts:taxonomy").status == Status::warn);
  CHECK(watched.at(610, "bot_restarts:taxonomy").status == Status::warn);
  CHECK(watched.at(611, "bot_restarts:taxonomy").status == Status::pass);
}

TEST_CASE("a silent heart") {
  Watched watched;
  BotFacts& bot = watched.facts.bots[0];
  bot.last_heartbeat = watched.facts.now - 15;
  CHECK(watched.now("heartbeat:taxonomy").status == Status::warn);
  bot.last_heartbeat = watched.facts.now - 30;
  CHECK(watched.now("heartbeat:taxonomy").status == Status::fail);
  bot.pid = 0;
  CHECK(watched.now("heartbeat:taxonomy").status == Status::pass);
}

TEST_CASE("the error rate is that of the window") {
  Watched watched;
  BotFacts& bot = watched.facts.bots[0];
  bot.failed = 49;
  CHECK(watched.at(0, "error_rate:taxonomy").status == Status::pass);
  bot.failed = 50;
  CHECK(watched.at(1, "error_rate:taxonomy").status == Status::warn);
  bot.failed = 500;
  CHECK(watched.at(2, "error_rate:taxonomy").status == Status::fail);
  CHECK(watched.at(2, "error_rate:taxonomy").symptom ==
        "500 of 1000 messages of bot taxonomy failed in the last 60 min");
  CHECK(watched.now("error_rate:taxonomy").diagnosis == "most of them: bad-value (2 in all)");
  // Two days later, evaluated all the time, only what came since then counts.
  for (int hour = 1; hour <= 49; ++hour) {
    bot.received += 10;
    watched.at(3600.0 * hour, "error_rate:taxonomy");
  }
  const Check& check = watched.now("error_rate:taxonomy");
  CHECK(check.value == 0);
  CHECK(check.status == Status::pass);
  CHECK(check.symptom == "0 of 480 messages of bot taxonomy failed in the last 2 d");
}

TEST_CASE("a rate of few messages says nothing") {
  Watched watched;
  watched.facts.bots[0].received = 9;
  watched.facts.bots[0].failed = 9;
  CHECK(watched.now("error_rate:taxonomy").status == Status::pass);
  CHECK(watched.now("error_rate:taxonomy").value == std::nullopt);
}

TEST_CASE("silence at the entry, and elsewhere only on request") {
  Watched watched;
  for (BotFacts& bot : watched.facts.bots) bot.last_message = watched.facts.now - 6 * 86400;
  CHECK(alerts_of(watched) == List{"no_data:taxonomy warn"});
  watched.limits(R"({"silence": {"warn": "PT1H", "crit": "P1D"}})", "geo");
  CHECK(alerts_of(watched) == List{"no_data:geo crit", "no_data:taxonomy warn"});
  watched.limits(R"({"ignore": {"no_data": "the feed is dead"}})", "geo");
  CHECK(alerts_of(watched) == List{"no_data:taxonomy warn"});
  CHECK(watched.now("no_data:geo").ignored == "the feed is dead");
  watched.facts.bots[0].state = "paused";
  CHECK(alerts_of(watched).empty());
}

TEST_CASE("the age of data") {
  Watched watched;
  DataFacts& data = watched.facts.data[0];
  for (const auto& [state, alerts] :
       std::vector<std::pair<std::string, List>>{{"ageing", {"data_age:geolite2-city warn"}},
                                                 {"stale", {"data_age:geolite2-city crit"}},
                                                 {"expired", {"data_age:geolite2-city crit"}},
                                                 {"missing", {"data_age:geolite2-city crit"}},
                                                 {"updating", {}}}) {
    data.state = state;
    CHECK(alerts_of(watched) == alerts);
  }
  data.state = "expired";
  data.required = false;
  CHECK(alerts_of(watched) == List{"data_age:geolite2-city warn"});
  data.state = "fresh";
  watched.limits(R"({"data_age": {"warn": "PT12H"}})");
  CHECK(alerts_of(watched) == List{"data_age:geolite2-city warn"});
  watched.limits("{}");
  data.failures_in_a_row = 3;
  data.last_error = "401";
  CHECK(alerts_of(watched) == List{"data_update:geolite2-city warn"});
  CHECK(watched.now("data_update:geolite2-city").diagnosis == "401");
}

TEST_CASE("self-tests, insecure options and trouble of the service itself") {
  Watched watched;
  watched.facts.tests = {
      {"unit-test", "fail", 0}, {"config-test", "error", 0}, {"system-test", "skip", 0}};
  watched.facts.insecure = true;
  watched.facts.warnings = {"audit: cannot write /var/log/audit: No space left on device"};
  CHECK(alerts_of(watched) == List{"self_test:unit-test crit", "self_test:config-test warn",
                                   "security:serve warn", "service:audit warn"});
}

TEST_CASE("alerts as a document") {
  Watched watched;
  watched.facts.bots[1].state = "failed";
  watched.facts.bots[1].reason = "exit code 78";
  watched.limits(R"({"ignore": {"heartbeat": "old bot"}})", "geo");
  CHECK(alerts_json(watched.book.evaluate(watched.facts, watched.thresholds)).dump() ==
        R"({"items": [{"id": "bot_state:geo", "type": "bot_state", "bot": "geo", )"
        R"("severity": "crit", "since": "2024-01-02T03:04:05.000Z", )"
        R"("symptom": "bot geo is failed: exit code 78", "diagnosis": "exit code 78", )"
        R"("impact": "the pipeline stands still; messages wait in the source", )"
        R"("action": "correct what it says, then POST /api/v1/lifecycle/restart"}], )"
        R"("next": null, "ignored": [{"id": "heartbeat:geo", "reason": "old bot"}]})");
  CHECK(alerts_json(watched.book.all(), "taxonomy").dump() ==
        R"({"items": [], "next": null, "ignored": []})");
}
