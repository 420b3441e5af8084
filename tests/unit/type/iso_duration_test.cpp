// SPDX-License-Identifier: Apache-2.0
#include "type/iso_duration.hpp"

#include <catch2/catch.hpp>

namespace intelmq {
namespace {

double seconds(std::string_view text) {
  const auto length = parse_iso_duration(text);
  return length ? length->seconds() : -1;
}

TEST_CASE("durations of ISO 8601 are read", "[iso_duration]") {
  CHECK(seconds("PT30S") == 30);
  CHECK(seconds("PT10M") == 600);
  CHECK(seconds("PT1H30M") == 5400);
  CHECK(seconds("P8D") == 8 * 86400);
  CHECK(seconds("P2W") == 14 * 86400);
  CHECK(seconds("P1DT12H") == 36 * 3600);
  CHECK(seconds("PT0.25S") == 0.25);
  CHECK(seconds("PT0,5M") == 30);
  CHECK(seconds("PT0S") == 0);
}

TEST_CASE("what is no duration of ISO 8601 is refused", "[iso_duration]") {
  for (const char* text :
       {"",    "P",      "PT",     "30",    "30s",   "P1Y",         "P1M",          "PT1D",
        "P1H", "PT1S1M", "PT1M1M", "PT.5S", "PT1.S", "PT1.5M3S",    "-PT1S",        "PT-1S",
        "PT1", "P1DT",   "pt1s",   "PT1S ", "PTT1S", "P999999999W", "PT9999999999S"})
    CHECK(seconds(text) == -1);
  CHECK(parse_iso_duration("30s").error().text ==
        "'30s' is no duration; write it as ISO 8601 does: PT30S, PT10M, PT1H30M, P1D");
}

TEST_CASE("durations are written as ISO 8601", "[iso_duration]") {
  for (const char* text :
       {"PT30S", "PT10M", "PT1H30M", "P8D", "P1DT12H", "PT0.25S", "PT0S", "P1DT0.5S", "PT1M1.001S"})
    CHECK(iso_duration(*parse_iso_duration(text)) == text);
  CHECK(iso_duration(*parse_iso_duration("P2W")) == "P14D");
  CHECK(iso_duration(*parse_iso_duration("PT90M")) == "PT1H30M");
}

}  // namespace
}  // namespace intelmq
