// SPDX-License-Identifier: Apache-2.0
#include "base/json.hpp"

#include <catch2/catch.hpp>
#include <cmath>

using intelmq::Json;

namespace {

std::string round_trip(std::string_view text) {
  const auto value = Json::parse(text);
  return value ? value->dump() : value.error().text;
}

std::string error_of(std::string_view text) {
  const auto value = Json::parse(text);
  return value ? "accepted as " + value->dump() : value.error().text;
}

}  // namespace

TEST_CASE("json: numbers keep their spelling") {
  CHECK(round_trip("1.0") == "1.0");
  CHECK(round_trip(" -0 ") == "-0");
  CHECK(round_trip("[1.50,1E5 , 123456789012345678901234567890123456789012345678901234567890]") ==
        "[1.50, 1E5, 123456789012345678901234567890123456789012345678901234567890]");
  CHECK_FALSE(Json::parse("18446744073709551616")->integer());
  CHECK(Json::parse("-9223372036854775808")->integer() == INT64_MIN);
  CHECK_FALSE(Json::parse("1.0")->is_integer());
  CHECK(Json::parse("1e3")->real() == 1000.0);
}

TEST_CASE("json: what is not a number is refused") {
  for (const char* text : {"NaN", "Infinity", "-Infinity", "01", "+1", "1.", ".5", "1e", "0x10",
                           "--1", "1 2", "[1 2]", "nul", "nulll", "tru", "True", "1abc", "-"}) {
    INFO(text);
    CHECK(error_of(text).starts_with("not JSON at line 1, column "));
    CHECK(error_of(std::string("{\"a\": ") + text + "}").starts_with("not JSON at line 1"));
  }
}

TEST_CASE("json: structure errors are refused, with line and column") {
  for (const char* text : {"[1,]",   "[,1]",    "{\"a\":}",    "{\"a\" 1}",   "{\"a\":1 \"b\":2}",
                           "{,}",    "[1",      "{\"a\":1",    "[1}",         "{]",
                           "[[1]",   "[1]]",    "{}{}",        "\"a\" \"b\"", "{a:1}",
                           "[\"a",   "\"\\x\"", "\"\\ud800\"", "\"a\nb\"",    "]",
                           "}",      ",",       ":",           "{1:2}",       "{\"a\":1,}",
                           "[1][2]", "\"a",     "[\"a\":1]",   "null null",   "[] x",
                           "'a'"}) {
    INFO(text);
    CHECK(error_of(text).starts_with("not JSON at line "));
  }
  CHECK(error_of("") == "not JSON: the text is empty");
  CHECK(error_of(" \n ") == "not JSON: the text is empty");
  CHECK(error_of("{\n  \"a\": 1,\n  \"b\": oops\n}") ==
        "not JSON at line 3, column 8: 'oops' is not a JSON value");
  CHECK(error_of("\"a\xff\"") == "not JSON at line 1, column 3: the bytes are not UTF-8");
  CHECK(error_of("{} x") ==
        "not JSON at line 1, column 5: a bracket is not closed, or text follows it");
  CHECK(error_of("1 x") == "not JSON at line 1, column 2: something follows the value");
  CHECK(error_of("\x1b[31m").find('\x1b') == std::string::npos);
}

TEST_CASE("json: depth is limited to 128") {
  CHECK(Json::parse(std::string(128, '[') + std::string(128, ']')));
  CHECK(error_of(std::string(129, '[') + std::string(129, ']')).find("128 levels") !=
        std::string::npos);
  CHECK(error_of(std::string(200000, '[')).starts_with("not JSON"));
  CHECK(error_of(std::string(100000, '[') + std::string(100000, ']')).starts_with("not JSON"));
}

TEST_CASE("json: of duplicate members the last value wins, at the first's place") {
  CHECK(round_trip(R"({"a":1,"b":2,"a":3,"c":4,"b":[5]})") == R"({"a": 3, "b": [5], "c": 4})");
  CHECK(round_trip("{\"\":1,\"\":2}") == "{\"\": 2}");
}

TEST_CASE("json: strings are escaped as Python does") {
  const auto value = Json::parse(R"("\u00e9\ud83d\ude00\"\\\/\b\f\n\r\t\u0001\u007f\u0000")");
  REQUIRE(value);
  CHECK(value->text().size() == 17);
  CHECK(value->dump(false) ==
        "\"\\u00e9\\ud83d\\ude00\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\x7f\\u0000\"");
  CHECK(value->dump() == "\"\xC3\xA9\xF0\x9F\x98\x80\\\"\\\\/\\b\\f\\n\\r\\t\\u0001\x7f\\u0000\"");
  CHECK(Json("a\xff").dump() == "\"a\xEF\xBF\xBD\"");
  CHECK(Json("a\xff").dump(false) == "\"a\\ufffd\"");
}

TEST_CASE("json: doubles are spelt as Python spells them") {
  CHECK(Json(100.0).dump() == "100.0");
  CHECK(Json(0.1).dump() == "0.1");
  CHECK(Json(1e16).dump() == "1e+16");
  CHECK(Json(123456789012345.0).dump() == "123456789012345.0");
  CHECK(Json(1e-5).dump() == "1e-05");
  CHECK(Json(0.0001).dump() == "0.0001");
  CHECK(Json(-0.0).dump() == "-0.0");
  CHECK(Json(std::nan("")).is_null());
}

TEST_CASE("json: members") {
  Json value = Json::object().set("a", 1).set("b", "x").set("a", true);
  CHECK(value.dump() == R"({"a": true, "b": "x"})");
  CHECK(value["nothing"].is_null());
  CHECK(value.has("b"));
  CHECK(Json::array().push(1).push(Json()).dump() == "[1, null]");
  CHECK(Json::object().set("a", Json::array()).dump_pretty() == "{\n  \"a\": []\n}");
  CHECK(Json::array().push(1).push(2).dump_pretty() == "[\n  1,\n  2\n]");
}

TEST_CASE("json: equality") {
  CHECK(*Json::parse(R"({"a":1,"b":2})") == *Json::parse(R"({"b":2,"a":1})"));
  CHECK_FALSE(*Json::parse(R"({"a":1,"b":2})") == *Json::parse(R"({"b":1,"a":2})"));
  CHECK(*Json::parse("1.50") == *Json::parse("1.5"));
  CHECK_FALSE(*Json::parse("1") == *Json::parse("1.0"));
  CHECK_FALSE(*Json::parse("9007199254740993") == *Json::parse("9007199254740992"));
  CHECK_FALSE(*Json::parse("[1,2]") == *Json::parse("[2,1]"));
  CHECK_FALSE(Json("1") == Json(1));
}

TEST_CASE("json: strangers may neither repeat a name nor nest too deep") {
  CHECK(Json::parse_strict(R"({"a": [{"b": 1}, {"b": 2}]})", 3)->dump() ==
        R"({"a": [{"b": 1}, {"b": 2}]})");
  for (const char* text : {R"({"a": 1, "a": 1})", R"({"x": [{"a": 1, "b": 2, "\u0061": 1}]})",
                           R"({"a":1,"a":2,"b":3,"b":4})"})
    CHECK(Json::parse_strict(text, 64).error().text.find("stands twice in an object") !=
          std::string::npos);
  CHECK(Json::parse_strict("[[[1]]]", 3));
  CHECK(Json::parse_strict("[[[[1]]]]", 3).error().text.find("nested deeper than 3 levels") !=
        std::string::npos);
}
