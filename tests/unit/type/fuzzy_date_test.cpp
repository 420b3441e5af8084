// SPDX-License-Identifier: Apache-2.0
#include "type/fuzzy_date.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>

namespace intelmq {
namespace {

const Timestamp now = *from_civil({2026, 11, 24, 13, 5, 7, 0});  // a Tuesday

std::string found(std::string_view text, Timestamp today = now) {
  const auto instant = parse_fuzzy(text, today);
  return instant ? instant->text() : "nothing";
}

struct Row {
  std::string_view text;
  std::string_view expected;
};

// Answers of python-dateutil 2.8.2 on the same day.
constexpr Row rows[] = {
    {"2020-01-02T03:04:05Z", "2020-01-02T03:04:05+00:00"},
    {"2020-01-02T03:04:05,678+00:00", "2020-01-02T03:04:05.678000+00:00"},
    {"2020-01-02 03:04:05 EST", "2020-01-02T03:04:05+00:00"},
    {"Thu, 25 Sep 2003 10:49:41 -0300", "2003-09-25T13:49:41+00:00"},
    {"Thu Sep 25 10:36:28 UTC+3 2003", "2003-09-25T13:36:28+00:00"},
    {"2020-01-02 03:04:05 GMT+3", "2020-01-02T06:04:05+00:00"},
    {"2020-01-02 03:04:05 GMT +0300", "2020-01-02T03:04:05+00:00"},
    {"2020-01-02 03:04:05 -0300 (BRST)", "2020-01-02T06:04:05+00:00"},
    {"10:30 EST Z", "2026-11-24T10:30:00+00:00"},
    {"10:30 AT+3", "2026-11-24T13:30:00+00:00"},
    {"2020-01-02 03:04:05+0300", "2020-01-02T00:04:05+00:00"},
    {"2020-01-02 03:04:05+3", "2020-01-02T00:04:05+00:00"},
    {"2020-01-02 03:04:05+24:00", "nothing"},
    {"2020-01-02 03:04:05+300", "nothing"},
    {"02.01.2020", "2020-02-01T00:00:00+00:00"},
    {"13/02/2020", "2020-02-13T00:00:00+00:00"},
    {"01/02/2020", "2020-01-02T00:00:00+00:00"},
    {"31 12 11", "2011-12-31T00:00:00+00:00"},
    {"99 2 3", "1999-02-03T00:00:00+00:00"},
    {"2020 13 2", "nothing"},
    {"2020-13", "nothing"},
    {"13 2", "nothing"},
    {"2 13", "2026-02-13T00:00:00+00:00"},
    {"75-01-02", "2075-01-02T00:00:00+00:00"},
    {"76-01-02", "1976-01-02T00:00:00+00:00"},
    {"0020-01-02", "0020-01-02T00:00:00+00:00"},
    {"0000-01-02", "nothing"},
    {"1 Jan 0000", "2000-01-01T00:00:00+00:00"},
    {"Jan 5 6", "2006-01-05T00:00:00+00:00"},
    {"5 6 Jan", "2005-01-06T00:00:00+00:00"},
    {"32 5 Jan", "2032-01-05T00:00:00+00:00"},
    {"5-Jan-2020", "2020-01-05T00:00:00+00:00"},
    {"05Jan2020", "2020-01-05T00:00:00+00:00"},
    {"Jan-5-", "nothing"},
    {"Jan of 20", "2020-01-24T00:00:00+00:00"},
    {"Jan of 5 2020", "nothing"},
    {"Jan Feb", "nothing"},
    {"Sept 5", "2026-09-05T00:00:00+00:00"},
    {"5th of May 2020", "2020-05-05T00:00:00+00:00"},
    {"on 2nd January 2020 at 5pm", "2020-01-02T17:00:00+00:00"},
    {"20200102", "2020-01-02T00:00:00+00:00"},
    {"200102", "2002-01-20T00:00:00+00:00"},
    {"201301", "nothing"},
    {"202001020304", "2020-01-02T03:04:00+00:00"},
    {"20200102030405", "2020-01-02T03:04:05+00:00"},
    {"20200102T030405.678901Z", "2020-01-02T03:04:05.678901+00:00"},
    {"20200102 0304", "2020-01-02T03:04:00+00:00"},
    {"2020-01-02 03", "2020-01-02T03:00:00+00:00"},
    {"2020-01-02T3", "nothing"},
    {"1577934245", "nothing"},
    {"12345", "nothing"},
    {"2020-W01-4", "nothing"},
    {"2020-002", "nothing"},
    {"1.2.3.4", "nothing"},
    {"2020-02-30", "nothing"},
    {"24:00", "nothing"},
    {"10:60", "nothing"},
    {"10:30", "2026-11-24T10:30:00+00:00"},
    {"10:30pm", "2026-11-24T22:30:00+00:00"},
    {"12am", "2026-11-24T00:00:00+00:00"},
    {"12 pm", "2026-11-24T12:00:00+00:00"},
    {"13:00 pm", "2026-11-24T13:00:00+00:00"},
    {"10:30 p.m.", "2026-11-24T22:30:00+00:00"},
    {"10h30m20s", "2026-11-24T10:30:20+00:00"},
    {"10.5h", "2026-11-24T10:30:00+00:00"},
    {"10h 30", "2026-11-24T10:30:00+00:00"},
    {"5.5m", "2026-11-24T00:05:30+00:00"},
    {"30h", "nothing"},
    {"10:30:20.5 11:30", "2026-11-24T11:30:00.500000+00:00"},
    {"Monday", "2026-11-30T00:00:00+00:00"},
    {"Tue", "2026-11-24T00:00:00+00:00"},
    {"Sun Jan", "2026-01-25T00:00:00+00:00"},
    {"Monday 10:30", "2026-11-30T10:30:00+00:00"},
    {"Monday Tuesday", "2026-11-24T00:00:00+00:00"},
    {"updated: 2020-01-02 03:04 foo", "2020-01-02T03:04:00+00:00"},
    {"2020-01-02 foo 5 bar", "nothing"},
    {"2020-01-02 10:30 35bar", "2020-01-02T10:30:00+00:00"},
    {"foo", "nothing"},
    {"today", "nothing"},
    {"nan 2020-01-02", "nothing"},
    {"Mon 5.b", "2026-11-30T00:00:00+00:00"},
    {"Mon 12,5.5", "2026-11-30T00:00:00+00:00"},
    {"2020.01.02", "2020-01-02T00:00:00+00:00"},
    {"1.2.3.4 2020-01-02", "nothing"},
    {"10:30　Jan 5", "2026-01-05T10:30:00+00:00"},
    {"5°", "2026-11-05T00:00:00+00:00"},
    {"März 5 2020", "2020-05-24T00:00:00+00:00"},
    {"it may rain 5 march", "nothing"},
    {"2020--01--02", "2020-01-02T00:00:00+00:00"},
    {"2020-01-02-03-04", "2020-01-02T07:00:00+00:00"},
    {"10:30 +2399", "nothing"},
    {"10:30 +0099", "2026-11-24T08:51:00+00:00"},
};

TEST_CASE("dates in free text mean what dateutil says", "[fuzzy_date]") {
  for (const Row& row : rows) {
    INFO(row.text);
    CHECK(found(row.text) == row.expected);
  }
}

TEST_CASE("missing fields come from the day it is", "[fuzzy_date]") {
  const Timestamp last = *from_civil({2024, 1, 31, 23, 59, 59, 5});
  CHECK(found("10:30", last) == "2024-01-31T10:30:00+00:00");
  CHECK(found("Feb", last) == "2024-02-29T00:00:00+00:00");
  CHECK(found("Feb 2023", last) == "2023-02-28T00:00:00+00:00");
  CHECK(found("Thu", last) == "2024-02-01T00:00:00+00:00");
  CHECK(found("1/2/74", last) == "1974-01-02T00:00:00+00:00");
  CHECK(found("1/2/73", last) == "2073-01-02T00:00:00+00:00");
}

TEST_CASE("zero bytes are passed over", "[fuzzy_date]") {
  CHECK(found(std::string_view("20\0"
                               "20-01-02",
                               11)) == "2020-01-02T00:00:00+00:00");
}

TEST_CASE("digits beyond ASCII", "[fuzzy_date]") {
  CHECK(found("\uff12\uff10\uff12\uff10-01-02") == "2020-01-02T00:00:00+00:00");
  CHECK(found("\uff11.2.3.4") == "nothing");
  CHECK(found("10:30\u00b2") == "nothing");
}

TEST_CASE("hostile texts are refused or read, never more", "[fuzzy_date]") {
  CHECK(found(std::string(100000, '9')) == "nothing");
  CHECK(found(std::string(100000, '(')) == "nothing");
  CHECK(found("10:30 +" + std::string(5000, '9') + ":00") == "nothing");
  CHECK(found("10." + std::string(5000, '9') + "h") == "2026-11-24T10:59:00+00:00");
  CHECK(found("\xff\xc3\xe2\x80 2020-01-02 \xf0\x9f") == "2020-01-02T00:00:00+00:00");
  CHECK(found("9999-12-31 Mon 23:59:59 -14:00") == "nothing");
  constexpr std::string_view pieces[] = {"20", "1", "Jan", "-",  ":", ".",   ",",    " ",
                                         "h",  "Z", "+",   "of", "(", "UTC", "\x80", "é"};
  std::mt19937 random{42};  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same in every run
  for (int round = 0; round < 5000; ++round) {
    std::string text;
    for (unsigned length = random() % 12; length > 0; --length)
      text += pieces[random() % std::size(pieces)];
    const auto instant = parse_fuzzy(text, now);
    if (!instant) continue;
    INFO(text);
    REQUIRE(parse_strict(instant->text()) == instant);
  }
}

}  // namespace
}  // namespace intelmq
