// SPDX-License-Identifier: Apache-2.0
#include "type/timestamp.hpp"

#include <simdjson.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <limits>

namespace intelmq {
namespace {

const Timestamp now = *from_civil({2026, 11, 24, 13, 5, 7, 0});

std::string sanitised(std::string_view text) {
  return sanitise_timestamp(text, now).value_or("nothing");
}

TEST_CASE("a timestamp writes its normal form", "[timestamp]") {
  CHECK(Timestamp{}.text() == "1970-01-01T00:00:00+00:00");
  CHECK(Timestamp{1577934245, 678000}.text() == "2020-01-02T03:04:05.678000+00:00");
  CHECK(Timestamp{1577934245, 1}.text() == "2020-01-02T03:04:05.000001+00:00");
  CHECK(Timestamp{-1, 999999}.text() == "1969-12-31T23:59:59.999999+00:00");
  CHECK(from_civil({1, 1, 1, 0, 0, 0, 0})->text() == "0001-01-01T00:00:00+00:00");
  CHECK(Timestamp{std::numeric_limits<std::int64_t>::max(), 5}.text() ==
        "9999-12-31T23:59:59.999999+00:00");
  CHECK(Timestamp{std::numeric_limits<std::int64_t>::min(), 5}.text() ==
        "0001-01-01T00:00:00+00:00");
}

TEST_CASE("calendar fields outside their range make no instant", "[timestamp]") {
  CHECK_FALSE(from_civil({0, 1, 1, 0, 0, 0, 0}));
  CHECK_FALSE(from_civil({10000, 1, 1, 0, 0, 0, 0}));
  CHECK_FALSE(from_civil({2021, 2, 29, 0, 0, 0, 0}));
  CHECK(from_civil({2020, 2, 29, 0, 0, 0, 0}));
  CHECK_FALSE(from_civil({2020, 1, 1, 24, 0, 0, 0}));
  CHECK_FALSE(from_civil({2020, 1, 1, 0, 0, 60, 0}));
  CHECK_FALSE(from_civil({2020, 13, 1, 0, 0, 0, 0}));
  CHECK_FALSE(shifted(now, std::numeric_limits<std::int64_t>::max()));
  CHECK_FALSE(shifted(now, std::numeric_limits<std::int64_t>::min()));
  CHECK(days_in_month(2000, 2) == 29);
  CHECK(days_in_month(1900, 2) == 28);
  CHECK(days_in_month(2000, 0) == 0);
  CHECK(weekday(2026, 11, 24) == 1);
}

TEST_CASE("instants compare by time and survive a round trip", "[timestamp]") {
  CHECK(Timestamp{1, 2} < Timestamp{1, 3});
  CHECK(Timestamp{1, 999999} < Timestamp{2, 0});
  for (std::int64_t seconds = -62135596800; seconds < 253402300799; seconds += 1234567891) {
    const Timestamp instant{seconds, 120034};
    REQUIRE(parse_strict(instant.text()) == instant);
    REQUIRE(from_civil(to_civil(instant)) == instant);
  }
}

TEST_CASE("the strict form forgives missing zeros and nothing else", "[timestamp]") {
  CHECK(parse_strict("2020-01-02T03:04:05+00:00") == Timestamp{1577934245, 0});
  CHECK(parse_strict("2020-1-2T3:4:5+00:00") == Timestamp{1577934245, 0});
  CHECK(parse_strict("2020-01- 2t03:04:05+00:00") == Timestamp{1577934245, 0});
  CHECK(parse_strict("2020-01-02T03:04:05.5+00:00") == Timestamp{1577934245, 500000});
  CHECK(parse_strict("2020-01-02T03:04:05.123456+00:00") == Timestamp{1577934245, 123456});
  for (const std::string_view text :
       {"", "2020", "20-01-02T03:04:05+00:00", "2020-01-02T03:04:05", "2020-01-02T03:04:05Z",
        "2020-01-02T03:04:05+01:00", "2020-01-02T03:04:05-00:00", "2020-01-02 03:04:05+00:00",
        "2020-01-02T03:04:05.+00:00", "2020-01-02T03:04:05.1234567+00:00",
        "2020-01-02T03:04:05+00:00 ", " 2020-01-02T03:04:05+00:00", "2020-02-30T03:04:05+00:00",
        "2020-01-02T24:00:00+00:00", "2020-01-02T03:04:60+00:00", "0000-01-02T03:04:05+00:00",
        "2020-001-02T03:04:05+00:00", "2020-01-02T03:04:05,5+00:00"}) {
    INFO(text);
    CHECK_FALSE(valid_timestamp(text));
  }
}

TEST_CASE("a valid time is kept, another is rewritten", "[timestamp]") {
  CHECK(sanitised("2020-1-2T3:4:5+00:00") == "2020-1-2T3:4:5+00:00");
  CHECK(sanitised("2020-01-02T03:04:05.678+00:00") == "2020-01-02T03:04:05.678+00:00");
  CHECK(sanitised("2016-06-29T11:21:05+00:00\n") == "2016-06-29T11:21:05+00:00");
  CHECK(sanitised("2020-01-02T03:04:05+02:00") == "2020-01-02T01:04:05+00:00");
  CHECK(sanitised("1577934245") == "nothing");
  CHECK(sanitised("0001-01-01T00:00:00+01:00") == "nothing");
  CHECK(sanitised("9999-12-31T23:59:59-01:00") == "nothing");
}

TEST_CASE("the recorded vectors hold", "[timestamp][vectors]") {
  const char* directory = std::getenv("INTELMQ_VECTORS");
  if (directory == nullptr) {
    std::cout << "skipped: INTELMQ_VECTORS not set\n";
    return;
  }
  const auto json =
      simdjson::padded_string::load(std::string(directory) + "/original/sanitize.json");
  REQUIRE(json.error() == simdjson::SUCCESS);
  simdjson::ondemand::parser parser;
  auto document = parser.iterate(json.value_unsafe());
  int seen = 0;
  for (simdjson::ondemand::object row : document["DateTime"].get_array()) {
    std::string_view text;
    if (row["in"].get_string().get(text) != simdjson::SUCCESS) continue;
    if (text == "10:30" || text == "Monday") continue;  // these depend on the day
    const bool valid = row["valid_as_is"].get_bool().value();
    INFO(text);
    std::string_view expected;
    if (row["sanitized"].get_string().get(expected) != simdjson::SUCCESS) expected = "nothing";
    CHECK(sanitised(text) == expected);
    CHECK(valid_timestamp(text) == valid);
    ++seen;
  }
  CHECK(seen > 20);
}

}  // namespace
}  // namespace intelmq
