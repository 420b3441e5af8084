// SPDX-License-Identifier: Apache-2.0
#include "serve/iso_duration.hpp"

#include <catch2/catch.hpp>

using namespace intelmq::serve;

TEST_CASE("ISO 8601 durations are read") {
  CHECK(parse_iso_duration("PT30S") == 30);
  CHECK(parse_iso_duration("P1DT12H") == 129600);
  CHECK(parse_iso_duration("P6D") == 518400);
  CHECK(parse_iso_duration("P2W") == 1209600);
  CHECK(parse_iso_duration("PT1H2M3S") == 3723);
  CHECK(parse_iso_duration("PT0.5S") == 0.5);
  CHECK(parse_iso_duration("PT1.5H") == 5400);
  CHECK(parse_iso_duration("PT0S") == 0);
}

TEST_CASE("what is no ISO 8601 duration of a fixed length is refused") {
  for (const char* text : {"",       "P",
                           "PT",     "30",
                           "30s",    "P1",
                           "PT1",    "P1Y",
                           "P1M",    "PT1H1H",
                           "PT1S1M", "P1DT",
                           "-PT1S",  "PT-1S",
                           "PT.S",   "PT.5S",
                           "PT1.S",  "PT1.5H1S",
                           "P1D1",   "pt1s",
                           "PT1S ",  "P999999D",
                           "PTS",    "P1H",
                           "PT1D",   "PT99999999999999999999999999S"}) {
    INFO(text);
    CHECK(parse_iso_duration(text) == std::nullopt);
  }
}

TEST_CASE("durations are written so that they are read as the same") {
  CHECK(iso_duration(0) == "PT0S");
  CHECK(iso_duration(90) == "PT1M30S");
  CHECK(iso_duration(518400) == "P6D");
  CHECK(iso_duration(90061.25) == "P1DT1H1M1.25S");
  CHECK(iso_duration(3600) == "PT1H");
  for (const double seconds : {0.001, 59.999, 60.0, 86399.0, 86400.5, 1e8})
    CHECK(parse_iso_duration(iso_duration(seconds)).value() == Approx(seconds));
}

TEST_CASE("spans for people") {
  CHECK(span_text(119.4) == "119 s");
  CHECK(span_text(-3) == "0 s");
  CHECK(span_text(3599) == "59 min");
  CHECK(span_text(7200) == "2 h");
  CHECK(span_text(6 * 86400 + 1) == "6 d");
}
