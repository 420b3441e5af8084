// SPDX-License-Identifier: Apache-2.0
#include "sieve/moment.hpp"

#include <catch2/catch.hpp>

using namespace intelmq;
using namespace intelmq::sieve;

namespace {
std::string at(std::string_view text) {
  const auto moment = Moment::parse(text);
  return moment ? moment->resolve({1'718'452'800, 5}).text() : "none";  // 2024-06-15T12:00:00
}
}  // namespace

TEST_CASE("moment: dates and times, UTC where nothing else stands") {
  CHECK(at("2024-01-31") == "2024-01-31T00:00:00+00:00");
  CHECK(at("20240131") == "2024-01-31T00:00:00+00:00");
  CHECK(at("2024/01/31") == "2024-01-31T00:00:00+00:00");
  CHECK(at("2024") == "2024-01-01T00:00:00+00:00");
  CHECK(at("2024-03") == "2024-03-01T00:00:00+00:00");
  CHECK(at("2024-060") == "2024-02-29T00:00:00+00:00");
  CHECK(at("2024-W01-1") == "2024-01-01T00:00:00+00:00");
  CHECK(at("2021W01") == "2021-01-04T00:00:00+00:00");
  CHECK(at("2024-01-31 15:00") == "2024-01-31T15:00:00+00:00");
  CHECK(at("2024-01-31T15") == "2024-01-31T15:00:00+00:00");
  CHECK(at("20240131T150001.25Z") == "2024-01-31T15:00:01.250000+00:00");
  CHECK(at("2024-01-31T00:30:00+02:00") == "2024-01-30T22:30:00+00:00");
  CHECK(at("2024-01-31T00:30:00-0130") == "2024-01-31T02:00:00+00:00");
  CHECK(at("15:30") == "2024-06-15T15:30:00+00:00");
}

TEST_CASE("moment: spans count back from now") {
  CHECK(at("2 days") == "2024-06-13T12:00:00.000005+00:00");
  CHECK(at("30 seconds") == "2024-06-15T11:59:30.000005+00:00");
  CHECK(parse_span("1 week") == 604800);
  CHECK_FALSE(parse_span("1 h"));
  CHECK_FALSE(parse_span("999999999999999 years"));
}

TEST_CASE("moment: everything else is none") {
  for (const char* text : {"",
                           "foo",
                           "10 h",
                           "2024-13-01",
                           "2023-02-29",
                           "2024-366x",
                           "2023-366",
                           "2024-01-31T25:00",
                           "2024-01-31 ",
                           "2024-01-31T",
                           "2024-1-1",
                           "24:00",
                           "2024-01-31T00:00:00+2",
                           "2024-W54",
                           "2024-W00",
                           "9999-12-31T23:00-05:00",
                           "0000-01-01",
                           "2024-01-31T00:00:00.",
                           "12",
                           "20240"})
    CHECK(std::string(text) + ":" + at(text) == std::string(text) + ":none");
}
