// SPDX-License-Identifier: Apache-2.0
#include "type/number.hpp"

#include <catch2/catch.hpp>
#include <cmath>
#include <limits>

using namespace intelmq;

TEST_CASE("python_int reads what int() reads") {
  CHECK(python_int("5") == "5");
  CHECK(python_int(" +5\n") == "5");
  CHECK(python_int("-5") == "-5");
  CHECK(python_int("010") == "10");
  CHECK(python_int("1_000") == "1000");
  CHECK(python_int("-0") == "0");
  CHECK(python_int("0_0") == "0");
  CHECK(python_int("\xD9\xA3") == "3");
  CHECK(python_int("1\xEF\xBC\x92") == "12");
  CHECK(python_int("\xC2\xA0"
                   "7\xE3\x80\x80") == "7");
  CHECK(python_int("1000000000000000000000000000000") == "1000000000000000000000000000000");
}

TEST_CASE("python_int refuses the rest") {
  for (const auto* text : {"", " ", "-", "+", "+-1", "1.0", "1e3", "0x10", "__1", "_1", "1_",
                           "1__0", "1 2", "abc", "- 1", "-_1", "inf", "\xFF", "\xC2\xB2"}) {
    INFO(text);
    CHECK_FALSE(python_int(text));
  }
}

TEST_CASE("python_float reads what float() reads") {
  CHECK(python_float("1.5") == 1.5);
  CHECK(python_float(" 1.5 ") == 1.5);
  CHECK(python_float("1_0.5") == 10.5);
  CHECK(python_float("1e3") == 1000.0);
  CHECK(python_float("1E+0_3") == 1000.0);
  CHECK(python_float(".5") == 0.5);
  CHECK(python_float("5.") == 5.0);
  CHECK(python_float("-.5e1") == -5.0);
  CHECK(python_float("0005") == 5.0);
  CHECK(python_float("00.5") == 0.5);
  CHECK(python_float("\xD9\xA3") == 3.0);
  CHECK(std::signbit(*python_float("-0")));
}

TEST_CASE("python_float knows the numbers out of range") {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  CHECK(python_float("1e400") == infinity);
  CHECK(python_float("-1e99999999999999999999") == -infinity);
  CHECK(python_float("1e-400") == 0.0);
  CHECK(python_float("0." + std::string(400, '0') + "1") == 0.0);
  CHECK(python_float("1" + std::string(400, '0')) == infinity);
  CHECK(python_float("1" + std::string(400, '0') + "e-400") == 1.0);
  CHECK(python_float("iNf") == infinity);
  CHECK(python_float("-Infinity") == -infinity);
  CHECK(std::isnan(*python_float("+NaN")));
}

TEST_CASE("python_float refuses the rest") {
  for (const auto* text :
       {"",     ".",    "+",    "e5",    "1e",      "1e+",  "1,5", "1__0", "_1",  "1_",
        "1_.5", "1._5", "1e_5", "0x1p3", "infinit", "nan0", "1 2", "--1",  ".e1", "\xFF"}) {
    INFO(text);
    CHECK_FALSE(python_float(text));
  }
}

TEST_CASE("truncate_to_int is exact") {
  CHECK(truncate_to_int(1.9) == "1");
  CHECK(truncate_to_int(-1.9) == "-1");
  CHECK(truncate_to_int(-0.5) == "0");
  CHECK(truncate_to_int(1e23) == "99999999999999991611392");
  CHECK(truncate_to_int(1.7976931348623157e308).size() == 309);
  CHECK(truncate_to_int(std::numeric_limits<double>::infinity()).empty());
  CHECK(truncate_to_int(std::numeric_limits<double>::quiet_NaN()).empty());
}
