// SPDX-License-Identifier: Apache-2.0
#include "type/time_bound.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace intelmq;

namespace {

const Timestamp now = *parse_strict("2024-03-01T12:00:00.250000+00:00");

std::string bound(std::string_view text) {
  const auto made = TimeBound::parse(text, now);
  return made ? made->at(now).text() : made.error().text;
}

}  // namespace

TEST_CASE("time_bound: instants") {
  CHECK(bound("2014-01-01T00:00:00+00:00") == "2014-01-01T00:00:00+00:00");
  CHECK(bound("2014-01-01 01:00:00+01:00") == "2014-01-01T00:00:00+00:00");
  CHECK(bound("2019-12-31") == "2019-12-31T00:00:00+00:00");
  CHECK_FALSE(TimeBound::parse("2019-12-31", now)->is_relative());
}

TEST_CASE("time_bound: spans count back from the given now") {
  CHECK(bound("1 month") == "2024-01-31T12:00:00.250000+00:00");
  CHECK(bound("10 hours") == "2024-03-01T02:00:00.250000+00:00");
  CHECK(bound("90 seconds") == "2024-03-01T11:58:30.250000+00:00");
  const auto week = TimeBound::parse("1 week", now);
  REQUIRE(week);
  CHECK(week->is_relative());
  CHECK(week->at({700000, 5}) == Timestamp{700000 - 7 * 86400, 5});
}

TEST_CASE("time_bound: what is neither is refused with the value and a remedy") {
  CHECK(bound("1 day ago").find("'1 day ago' is not a span such as") == 0);
  CHECK(bound("day").find("'day' is not a span") == 0);
  CHECK(bound("").find("'' is neither a time") == 0);
  CHECK(bound("soon").find("'soon' is neither a time") == 0);
  CHECK(bound("2019-13-45").find("is neither a time") != std::string::npos);
  CHECK(bound("999999999999999 years").find("more than 10000 years") != std::string::npos);
  CHECK(bound(std::string("\0\xff\xfe", 3)).find("is neither") != std::string::npos);
}
