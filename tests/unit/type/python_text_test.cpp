// SPDX-License-Identifier: Apache-2.0
#include "type/python_text.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace intelmq;

TEST_CASE("strip removes Unicode white space") {
  CHECK(strip("  a b \t\n") == "a b");
  CHECK(strip("\xC2\xA0x\xE3\x80\x80") == "x");
  CHECK(strip("\x1c\x1f"
              "a\xC2\x85") == "a");
  CHECK(strip("\xE2\x80\x8Bx") == "\xE2\x80\x8Bx");
  CHECK(strip(" \xE2\x80\xA8 ").empty());
  CHECK(strip("").empty());
}

TEST_CASE("strip survives text that is not UTF-8") {
  CHECK(strip(" \x80 ") == "\x80");
  CHECK(strip("\xA0") == "\xA0");
  CHECK(strip(" a\xE3\x80") == "a\xE3\x80");
  CHECK(strip("\x80\x80\x80\x80\x80 ") == "\x80\x80\x80\x80\x80");
}

TEST_CASE("lower and upper map whole Unicode") {
  CHECK(lower("ABC-\xC3\x9C") == "abc-\xC3\xBC");
  CHECK(upper("abc") == "ABC");
  CHECK(upper("stra\xC3\x9F"
              "e") == "STRASSE");
  CHECK(lower("\xC4\xB0") == "i\xCC\x87");
  CHECK(upper("\xEF\xAC\x81") == "FI");
  CHECK(lower("").empty());
}

TEST_CASE("lower knows the final sigma") {
  CHECK(lower("A\xCE\xA3") == "a\xCF\x82");
  CHECK(lower("A\xCE\xA3"
              "A") ==
        "a\xCF\x83"
        "a");
  CHECK(lower("\xCE\xA3") == "\xCF\x83");
  CHECK(lower("A\xCE\xA3'A") == "a\xCF\x83'a");
  CHECK(lower("A\xCE\xA3\xCD\x85") == "a\xCF\x82\xCD\x85");
}

TEST_CASE("case mapping passes what is not UTF-8") {
  CHECK(lower("A\xFF"
              "B\xC3\x9C") ==
        "a\xFF"
        "b\xC3\xBC");
  CHECK(upper("a\xED\xA0\x80"
              "b") ==
        "A\xED\xA0\x80"
        "B");
}

TEST_CASE("is_lower compares with lower") {
  CHECK(is_lower("abc-1"));
  CHECK(is_lower("\xC3\xBC"));
  CHECK_FALSE(is_lower("abC"));
  CHECK_FALSE(is_lower("\xC3\x9C"));
}

TEST_CASE("length counts code points") {
  CHECK(length("") == 0);
  CHECK(length("abc") == 3);
  CHECK(length("\xC3\xBC\xF0\x9F\x98\x80") == 2);
  CHECK(length("\xED\xA0\xBD") == 1);
}

TEST_CASE("is_printable follows Unicode 14") {
  for (const char32_t code : {U' ', U'~', U'\u00FC', U'\U0001F600', U'\uFFFD', U'\U0001FAE7'}) {
    CHECK(is_printable(code));
  }
  for (const char32_t code : {0x7F, 0x1F, 0xA0, 0xAD, 0x378, 0x200B, 0x2028, 0x3000, 0xE000, 0xD800,
                              0xFEFF, 0xE0001, 0x1FAE8, 0x10FFFF}) {
    CHECK_FALSE(is_printable(code));
  }
}

TEST_CASE("decimal_digit reads every script") {
  CHECK(decimal_digit('7') == 7);
  CHECK(decimal_digit(0x663) == 3);
  CHECK(decimal_digit(0xFF11) == 1);
  CHECK(decimal_digit('a') == -1);
  CHECK(decimal_digit(0xB2) == -1);
  CHECK(decimal_digit(0xBD) == -1);
}
