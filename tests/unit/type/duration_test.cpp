// SPDX-License-Identifier: Apache-2.0
#include "type/duration.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace intelmq;
using namespace std::chrono_literals;

TEST_CASE("parse_duration reads every unit") {
  CHECK(parse_duration("500ms")->value == 500ms);
  CHECK(parse_duration("30s")->value == 30s);
  CHECK(parse_duration("5m")->value == 5min);
  CHECK(parse_duration("2h")->value == 2h);
  CHECK(parse_duration("1d")->value == 24h);
  CHECK(parse_duration("1w")->value == 168h);
  CHECK(parse_duration("7us")->value == 7us);
  CHECK(parse_duration("7ns")->value == 7ns);
  CHECK(parse_duration("30")->value == 30s);
  CHECK(parse_duration("0")->value == 0s);
  CHECK(parse_duration(" 1.5 h ")->value == 90min);
  CHECK(parse_duration("0.25")->value == 250ms);
  CHECK(parse_duration("0.3333333333333333333333333333333")->value == 333333333ns);
}

TEST_CASE("parse_duration says what is wrong") {
  for (const auto* text : {"", " ", "s", "5x", "-5s", "+5s", "5M", "1e3", ".5s", "5.s", "1h30m",
                           "5 s s", "99999999999999999999", "300000000000d", "\xEF\xBC\x95s"}) {
    INFO(text);
    CHECK_FALSE(parse_duration(text));
  }
  CHECK(parse_duration("5x").error().text == "'5x' is not a duration such as 500ms, 30s or 5m");
}

TEST_CASE("Duration writes the largest even unit") {
  CHECK(Duration{0s}.text() == "0s");
  CHECK(Duration{90s}.text() == "90s");
  CHECK(Duration{120s}.text() == "2m");
  CHECK(Duration{1500ms}.text() == "1500ms");
  CHECK(Duration{48h}.text() == "2d");
  CHECK(Duration{1ns}.text() == "1ns");
  CHECK(Duration{-90s}.text() == "-90s");
  for (const auto* text : {"1ns", "500ms", "90s", "5m", "36h", "10000d"}) {
    CHECK(parse_duration(text)->text() == text);
  }
}

TEST_CASE("Duration takes chrono's literals") {
  constexpr Duration timeout = 30s;
  CHECK(timeout.seconds() == 30.0);
  CHECK(timeout.milliseconds() == 30000ms);
  CHECK(timeout > Duration{500ms});
}

TEST_CASE("ISO 8601 durations are read") {
  CHECK(parse_iso_duration("PT30S")->value == 30s);
  CHECK(parse_iso_duration("P8D")->value == 192h);
  CHECK(parse_iso_duration("P2W")->value == 336h);
  CHECK(parse_iso_duration("P1DT2H30M5.5S")->value == 26h + 30min + 5500ms);
  CHECK(parse_iso_duration("PT0.25H")->value == 15min);
  CHECK(parse_iso_duration("PT0S")->value == 0s);
  for (const auto* text : {"",
                           "P",
                           "PT",
                           "P1",
                           "1D",
                           "P1DT",
                           "PT1D",
                           "P1H",
                           "P1Y",
                           "P1M",
                           "PT1M1H",
                           "PT1S1S",
                           "PT1.5H3M",
                           "P-1D",
                           "PT 1S",
                           "pt1s",
                           "PT1s",
                           "PT.5S",
                           "PT1.S",
                           "P999999999D",
                           "P1W1W",
                           "PT30",
                           "P\xEF\xBC\x95"
                           "D"}) {
    INFO(text);
    CHECK_FALSE(parse_iso_duration(text));
  }
}

TEST_CASE("ISO 8601 durations are written") {
  for (const auto* text :
       {"PT30S", "P8D", "P1DT2H30M", "PT5.5S", "PT0.000000001S", "PT1H0.25S", "PT24H1S", "PT0S"}) {
    INFO(text);
    const Duration read = *parse_iso_duration(text);
    CHECK(parse_iso_duration(read.iso_text())->value == read.value);
  }
  CHECK(Duration{192h}.iso_text() == "P8D");
  CHECK(Duration{24h + 1s}.iso_text() == "P1DT1S");
  CHECK(Duration{90s}.iso_text() == "PT1M30S");
  CHECK(Duration{500ms}.iso_text() == "PT0.5S");
  CHECK(Duration{0s}.iso_text() == "PT0S");
}
