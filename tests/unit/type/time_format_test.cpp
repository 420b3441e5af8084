// SPDX-License-Identifier: Apache-2.0
#include "type/time_format.hpp"

#include <catch2/catch.hpp>

#include "type/relative_time.hpp"

namespace intelmq {
namespace {

std::string converted(std::string_view parameter, std::string_view text) {
  const auto format = TimeFormat::parse(parameter);
  REQUIRE(format);
  const auto result = format->convert(text, Timestamp{1577934245, 0});
  if (!result) return "error";
  return result->value_or("null");
}

TEST_CASE("numbers become times", "[time_format]") {
  CHECK(converted("timestamp", "1577934245") == "2020-01-02T03:04:05+00:00");
  CHECK(converted("timestamp", " 1577934245.5 ") == "2020-01-02T03:04:05.500000+00:00");
  CHECK(converted("timestamp", "-0.0000005") == "1970-01-01T00:00:00+00:00");
  CHECK(converted("timestamp", "-1.5") == "1969-12-31T23:59:58.500000+00:00");
  CHECK(converted("windows_nt", "130011546394360300") == "2012-12-28T07:50:39.436029+00:00");
  CHECK(converted("windows_nt", "0") == "1601-01-01T00:00:00+00:00");
  CHECK(converted("epoch_millis", "1577836800") == "2020-01-01T00:00:00+00:00");
  CHECK(converted("epoch_millis", "157783680012") == "2020-01-01T00:00:00+00:00");
  CHECK(converted("epoch_millis", "1577836800123") == "2020-01-01T00:00:00+00:00");
  CHECK(converted("epoch_millis", "15778368001") == "null");
  CHECK(converted("epoch_millis", "") == "null");
}

TEST_CASE("what is no number is an error", "[time_format]") {
  for (const std::string_view text :
       {"", "x", "nan", "inf", "1e300", "0x10", "+-5", "1__0", "_1", "253402300800"}) {
    INFO(text);
    CHECK(converted("timestamp", text) == "error");
  }
  CHECK(converted("windows_nt", "1.5") == "error");
  CHECK(converted("windows_nt", "99999999999999999999") == "error");
  CHECK(converted("epoch_millis", "abcdefghij") == "error");
}

TEST_CASE("patterns follow strptime", "[time_format]") {
  CHECK(converted("from_format|%d.%m.%Y %H:%M", "02.01.2020 10:11") == "2020-01-02T10:11:00+00:00");
  CHECK(converted("from_format|%d.%m.%Y %H:%M", "2.1.2020 \t 1:1") == "2020-01-02T01:01:00+00:00");
  CHECK(converted("from_format|%d/%b/%Y:%H:%M:%S %z", "02/jan/2020:03:04:05 +0200") ==
        "2020-01-02T01:04:05+00:00");
  CHECK(converted("from_format|%Y-%m-%dT%H:%M:%S%z", "2020-01-02T03:04:05Z") ==
        "2020-01-02T03:04:05+00:00");
  CHECK(converted("from_format|%Y%m%d", "2020112") == "2020-11-02T00:00:00+00:00");
  CHECK(converted("from_format|%y%m%d", "690101") == "1969-01-01T00:00:00+00:00");
  CHECK(converted("from_format|%y%m%d", "680101") == "2068-01-01T00:00:00+00:00");
  CHECK(converted("from_format|%m/%d/%Y %I:%M %p", "1/2/2020 12:05 am") ==
        "2020-01-02T00:05:00+00:00");
  CHECK(converted("from_format|%Y-%j", "2020-366") == "2020-12-31T00:00:00+00:00");
  CHECK(converted("from_format|%G-W%V-%u", "2020-W01-4") == "2020-01-02T00:00:00+00:00");
  CHECK(converted("from_format|%S.%f", "5.25") == "1900-01-01T00:00:05.250000+00:00");
  CHECK(converted("from_format|%H:%M|x", "10:11") == "1900-01-01T10:11:00+00:00");
  CHECK(converted("from_format_midnight|%d-%m-%Y %H", "02-01-2020 23") ==
        "2020-01-02T00:00:00+00:00");
}

TEST_CASE("texts that do not fit a pattern are errors", "[time_format]") {
  CHECK(converted("from_format|%Y-%m-%d", "2020-02-30") == "error");
  CHECK(converted("from_format|%Y-%m-%d", "2020-01-02 ") == "error");
  CHECK(converted("from_format|%Y-%m-%d", "") == "error");
  CHECK(converted("from_format|%H:%M:%S", "10:11:60") == "error");
  CHECK(converted("from_format|%H %z", "10 +2400") == "error");
  CHECK(converted("from_format|%Y %H%M%S%d%m%y%U%w%j%f", "2020 " + std::string(200, '1')) ==
        "error");
  const auto format = TimeFormat::parse("from_format|%d.%m.%Y");
  const auto result = format->convert("2020-01-02", Timestamp{});
  REQUIRE_FALSE(result);
  CHECK(result.error().text.find("'2020-01-02'") != std::string::npos);
  CHECK(result.error().text.find("%d.%m.%Y") != std::string::npos);
}

TEST_CASE("the strict and the fuzzy conversion", "[time_format]") {
  CHECK(converted("utc_isoformat", "2020-1-2T3:4:5+00:00") == "2020-1-2T3:4:5+00:00");
  CHECK(converted("utc_isoformat", "2020-01-02T03:04:05Z") == "error");
  CHECK(converted("", "10:30") == "2020-01-02T10:30:00+00:00");
  CHECK(converted("fuzzy", "seen 02.03.2021") == "2021-02-03T00:00:00+00:00");
  CHECK(converted("fuzzy", "never") == "error");
}

TEST_CASE("a wrong parameter is refused at once", "[time_format]") {
  for (const std::string_view parameter :
       {"bogus", "from_format", "from_format|", "from_format_midnight", "timestamp|%Y", "|%Y", "|",
        "Timestamp", "from_format|%Q", "from_format|%Y%", "from_format|%Y %Y", "from_format|%c %d",
        "from_format|%V", "from_format|%s"}) {
    INFO(parameter);
    CHECK_FALSE(TimeFormat::parse(parameter));
  }
  CHECK(TimeFormat::parse("bogus").error().text.find("'bogus'") != std::string::npos);
}

TEST_CASE("spans of time are counted in minutes", "[relative_time]") {
  CHECK(parse_relative_minutes("10 minutes") == 10);
  CHECK(parse_relative_minutes("1 hour") == 60);
  CHECK(parse_relative_minutes("30  seconds") == 0.5);
  CHECK(parse_relative_minutes("2 days") == 2880);
  CHECK(parse_relative_minutes("1 week") == 10080);
  CHECK(parse_relative_minutes("1 months") == 43200);
  CHECK(parse_relative_minutes("1 year") == 525600);
  for (const std::string_view text :
       {"", "5", "hours", "5hours", "-5 hours", "5 hourss", "5 fortnights", "5 hours ", " 5 hours",
        "5 Hours", "5 s", "1.5 hours", "99999999999999999999 hours"}) {
    INFO(text);
    CHECK_FALSE(parse_relative_minutes(text));
  }
  CHECK(is_relative("10 minutes"));
  CHECK(is_relative("Monday"));
  CHECK_FALSE(is_relative("2020-01-02"));
  CHECK_FALSE(is_relative(""));
}

}  // namespace
}  // namespace intelmq
