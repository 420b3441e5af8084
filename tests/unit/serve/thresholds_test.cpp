// SPDX-License-Identifier: Apache-2.0
#include "serve/thresholds.hpp"

#include <catch2/catch.hpp>

using namespace intelmq;
using namespace intelmq::serve;

namespace {

Json json(const char* text) { return Json::parse(text).value(); }

std::vector<std::pair<std::string, std::string>> errors_of(const char* text) {
  const auto parsed = Thresholds::parse(json(text));
  REQUIRE_FALSE(parsed.has_value());
  CHECK(parsed.error().code == "validation");
  std::vector<std::pair<std::string, std::string>> out;
  for (const FieldError& error : parsed.error().errors) out.emplace_back(error.pointer, error.code);
  return out;
}

}  // namespace

TEST_CASE("the default thresholds") {
  CHECK(Thresholds{}.json().dump() ==
        R"({"queue": {"warn": 20000, "crit": 50000, "horizon": "PT1H"}, )"
        R"("error_rate": {"warn": 0.05, "crit": 0.5, "window": "P2D"}, )"
        R"("silence": {"warn": "P6D", "crit": null}, )"
        R"("data_age": {"warn": null, "crit": null}, )"
        R"("heartbeat": {"warn": "PT15S", "crit": "PT30S"}, "ignore": {}})");
}

TEST_CASE("thresholds are read as they are written, and what is absent keeps its default") {
  const auto some = Thresholds::parse(
      json(R"({"queue": {"warn": 10, "crit": null}, "silence": {"crit": "PT1H", "warn": null},
               "error_rate": {"window": "PT1H"}, "ignore": {"no_data": "a dead feed"}})"));
  REQUIRE(some.has_value());
  CHECK(some->queue.warn == 10);
  CHECK(some->queue.crit == std::nullopt);
  CHECK(some->queue_horizon == 3600);
  CHECK(some->silence.warn == std::nullopt);
  CHECK(some->silence.crit == 3600);
  CHECK(some->error_window == 3600);
  CHECK(some->error_rate.warn == 0.05);
  CHECK(some->ignore.at("no_data") == "a dead feed");
  CHECK(Thresholds::parse(some->json())->json() == some->json());
}

TEST_CASE("each wrong member is named by a pointer") {
  using List = std::vector<std::pair<std::string, std::string>>;
  CHECK(errors_of("[]") == List{{"#", "type"}});
  CHECK(errors_of(R"({"a/b~": 1, "queue": 3})") ==
        List{{"#/queue", "type"}, {"#/a~1b~0", "unknown"}});
  CHECK(errors_of(R"({"queue": {"warn": "x", "crit": 1.5, "window": "P1D"}})") ==
        List{{"#/queue/warn", "type"}, {"#/queue/crit", "value"}, {"#/queue/window", "unknown"}});
  CHECK(errors_of(R"({"queue": {"warn": 60000}})") == List{{"#/queue/warn", "value"}});
  CHECK(errors_of(R"({"error_rate": {"warn": -0.1, "crit": 1.1, "window": "2 days"}})") ==
        List{{"#/error_rate/warn", "value"},
             {"#/error_rate/crit", "value"},
             {"#/error_rate/window", "value"}});
  CHECK(errors_of(R"({"silence": {"warn": 6, "crit": "6 days"}})") ==
        List{{"#/silence/warn", "type"}, {"#/silence/crit", "value"}});
  CHECK(errors_of(R"({"ignore": {"no_dat": "x", "no_data": " ", "heartbeat": 1}})") ==
        List{{"#/ignore/heartbeat", "type"},
             {"#/ignore/no_data", "value"},
             {"#/ignore/no_dat", "unknown"}});
}

TEST_CASE("a book of thresholds is read as it was written") {
  ThresholdBook book;
  Thresholds own;
  own.queue.warn = 1;
  book.set("geo", own);
  own.queue.warn = 2;
  book.set("", own);
  const auto again = ThresholdBook::parse(book.text());
  REQUIRE(again.has_value());
  CHECK(again->of("geo").queue.warn == 1);
  CHECK(again->of("taxonomy").queue.warn == 2);
  CHECK(again->of("").queue.warn == 2);
  CHECK(again->has_own("geo"));
  CHECK_FALSE(again->has_own("taxonomy"));
  CHECK(again->text() == book.text());
}

TEST_CASE("a book that is not valid says what is wrong with whom") {
  const auto book = ThresholdBook::parse(R"({"bots": {"geo": {"queue": {"warn": -1}}}})");
  REQUIRE_FALSE(book.has_value());
  CHECK(book.error().text == "geo: #/queue/warn: -1 is not a number of messages");
  CHECK_FALSE(ThresholdBook::parse("{").has_value());
}
