// SPDX-License-Identifier: Apache-2.0
#include "type/json_text.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <string>

using namespace intelmq;

namespace {

std::string json(std::string_view raw, Charset charset = Charset::ascii, bool sort_keys = false) {
  std::string out = "before ";
  const bool good = append_python_json(out, raw, charset, sort_keys);
  if (!good) return out == "before " ? "not JSON" : "left a mess: " + out;
  return out.substr(7);
}

std::string repr(std::string_view raw) {
  std::string out;
  return append_python_repr(out, raw) ? out : "not JSON";
}

std::string str(std::string_view raw) {
  std::string out;
  return append_python_str(out, raw) ? out : "not JSON";
}

std::string literal(std::string_view text, Charset charset = Charset::ascii) {
  std::string out;
  append_string(out, text, charset);
  return out;
}

std::string nested(std::size_t levels) {
  return std::string(levels, '[') + std::string(levels, ']');
}

}  // namespace

TEST_CASE("kind_of goes by the first character") {
  CHECK(kind_of("null") == JsonKind::null);
  CHECK(kind_of("true") == JsonKind::boolean);
  CHECK(kind_of("false") == JsonKind::boolean);
  CHECK(kind_of("\"\"") == JsonKind::string);
  CHECK(kind_of("[]") == JsonKind::array);
  CHECK(kind_of("{}") == JsonKind::object);
  for (const auto* number : {"0", "-1", "9e9", "NaN", "Infinity", "-Infinity"}) {
    CHECK(kind_of(number) == JsonKind::number);
  }
  CHECK(kind_of("") == JsonKind::null);
}

TEST_CASE("is_integer tells int from float") {
  CHECK(is_integer("0"));
  CHECK(is_integer("-12"));
  CHECK(is_integer("1000000000000000000000000000000"));
  for (const auto* other :
       {"1.0", "1e3", "1E3", "NaN", "Infinity", "-Infinity", "", "-", "\"1\""}) {
    CHECK_FALSE(is_integer(other));
  }
}

TEST_CASE("decode_string undoes every escape") {
  CHECK(decode_string(R"("")").empty());
  CHECK(decode_string(R"("plain")") == "plain");
  CHECK(decode_string(R"("\"\\\/\b\f\n\r\t")") == "\"\\/\b\f\n\r\t");
  CHECK(decode_string(R"("a\u00e9\u00E9b")") ==
        "a\xC3\xA9\xC3\xA9"
        "b");
  CHECK(decode_string(R"("\ud83d\ude00")") == "\xF0\x9F\x98\x80");
  CHECK(decode_string(R"("\u0000")") == std::string(1, '\0'));
  CHECK(has_escape(R"("\u0000")"));
  CHECK_FALSE(has_escape("\"a/b\""));
}

TEST_CASE("decode_string keeps lone surrogates as three bytes") {
  CHECK(decode_string(R"("\ud83d")") == "\xED\xA0\xBD");
  CHECK(decode_string(R"("\ude00x")") == "\xED\xB8\x80x");
  CHECK(decode_string(R"("\ud83d\ud83d\ude00")") == "\xED\xA0\xBD\xF0\x9F\x98\x80");
  CHECK(decode_string(R"("\ud83d\n")") == "\xED\xA0\xBD\n");
}

TEST_CASE("decode_string survives broken literals") {
  CHECK(decode_string("").empty());
  CHECK(decode_string("\"").empty());
  CHECK(decode_string("\"\\").back() == '\xBD');
  CHECK(decode_string(R"("\u12")") ==
        "\xEF\xBF\xBD"
        "12");
  CHECK(decode_string(R"("\x41")") ==
        "\xEF\xBF\xBD"
        "41");
  std::string reused = "old";
  decode_string("\"new\"", reused);
  CHECK(reused == "new");
}

TEST_CASE("append_string writes what json.dumps writes") {
  CHECK(literal("plain, and longer than eight bytes") == "\"plain, and longer than eight bytes\"");
  CHECK(literal("\"\\/\b\f\n\r\t") == R"("\"\\/\b\f\n\r\t")");
  CHECK(literal(std::string("\0\x1f", 2)) == R"("\u0000\u001f")");
  CHECK(literal("12345678\n12345678\"") == R"("12345678\n12345678\"")");
  CHECK(literal("\xC3\xA9\xF0\x9F\x98\x80") == R"("\u00e9\ud83d\ude00")");
  CHECK(literal("\xC3\xA9\xF0\x9F\x98\x80", Charset::utf8) == "\"\xC3\xA9\xF0\x9F\x98\x80\"");
  CHECK(literal("\xED\xA0\xBD") == R"("\ud83d")");
  CHECK(literal("\xED\xA0\xBD", Charset::utf8) == R"("\ud83d")");
}

TEST_CASE("append_string escapes DEL only in ASCII") {
  CHECK(literal("a\x7f"
                "b") == R"("a\u007fb")");
  CHECK(literal("a\x7f"
                "b",
                Charset::utf8) ==
        "\"a\x7f"
        "b\"");
}

TEST_CASE("append_string replaces bytes that are not UTF-8") {
  CHECK(literal("a\xFF"
                "b") == R"("a\ufffdb")");
  CHECK(literal("\xC0\x80") == R"("\ufffd\ufffd")");
  CHECK(literal("\xE2\x82") == R"("\ufffd")");
  CHECK(literal("\xE2\x82z") == R"("\ufffdz")");
  CHECK(literal("\xF5\x80\x80\x80") == R"("\ufffd\ufffd\ufffd\ufffd")");
  CHECK(literal("\xF4\x90\x80\x80") == R"("\ufffd\ufffd\ufffd\ufffd")");
}

TEST_CASE("append_string finds a special byte at every place of a word") {
  for (const char special : {'"', '\\', '\n', '\x7f', '\x01'}) {
    for (std::size_t at = 0; at < 20; ++at) {
      std::string text(20, 'a');
      text[at] = special;
      std::string one = literal(std::string(1, special));
      one = one.substr(1, one.size() - 2);
      CHECK(literal(text) == "\"" + std::string(at, 'a') + one + std::string(19 - at, 'a') + "\"");
    }
  }
}

TEST_CASE("numbers are rewritten as Python shows them") {
  CHECK(json("1.50") == "1.5");
  CHECK(json("100.0") == "100.0");
  CHECK(json("1e2") == "100.0");
  CHECK(json("1E16") == "1e+16");
  CHECK(json("-0") == "0");
  CHECK(json("-0.0") == "-0.0");
  CHECK(json("1e400") == "Infinity");
  CHECK(json("-1e400") == "-Infinity");
  CHECK(json("1e-400") == "0.0");
  CHECK(json("0e99999999999999999999") == "0.0");
  CHECK(json("1000000000000000000000000000001") == "1000000000000000000000000000001");
  CHECK(json("NaN") == "NaN");
  CHECK(json("-Infinity") == "-Infinity");
  CHECK(repr("NaN") == "nan");
  CHECK(repr("[Infinity, -Infinity, 1e400]") == "[inf, -inf, inf]");
}

TEST_CASE("containers are rewritten with Python's separators") {
  CHECK(json(R"([1,"a" ,null,[ ]])") == R"([1, "a", null, []])");
  CHECK(json(R"({"b":1,"a":{ }})") == R"({"b": 1, "a": {}})");
  CHECK(json(R"({"b":1,"a":{"d":1,"c":2}})", Charset::ascii, true) ==
        R"({"a": {"c": 2, "d": 1}, "b": 1})");
  CHECK(json(R"({"\ud83d\ude00":1,"\uffff":2})", Charset::ascii, true) ==
        R"({"\uffff": 2, "\ud83d\ude00": 1})");
}

TEST_CASE("of duplicate keys the last value stands in the first place") {
  CHECK(json(R"({"a":1,"b":2,"\u0061":3})") == R"({"a": 3, "b": 2})");
  CHECK(json(R"({"a":1,"a":[2]})", Charset::utf8, true) == R"({"a": [2]})");
  CHECK(repr(R"({"a":1,"b":2,"a":null})") == "{'a': None, 'b': 2}");
}

TEST_CASE("append_python_repr quotes as Python does") {
  CHECK(repr(R"("a")") == "'a'");
  CHECK(repr(R"("it's")") == R"("it's")");
  CHECK(repr(R"("\"")") == R"('"')");
  CHECK(repr(R"("'\"")") == R"('\'"')");
  CHECK(repr(R"("\\\t\n\r\u0000\u007f")") == R"('\\\t\n\r\x00\x7f')");
  CHECK(repr(R"("\u00a0\u00ad\u0378\u200b\u2028\ufeff\ue000")") ==
        R"('\xa0\xad\u0378\u200b\u2028\ufeff\ue000')");
  CHECK(repr(R"("\ud83d\ude00\u00fc")") == "'\xF0\x9F\x98\x80\xC3\xBC'");
  CHECK(repr(R"("\udb40\udc01\ud800")") == R"('\U000e0001\ud800')");
  CHECK(repr(R"([true,false,null,{"k":1.50}])") == "[True, False, None, {'k': 1.5}]");
}

TEST_CASE("append_python_str leaves strings bare") {
  CHECK(str(R"("it's\n")") == "it's\n");
  CHECK(str(R"("plain")") == "plain");
  CHECK(str(R"(["a"])") == "['a']");
  CHECK(str("true") == "True");
  CHECK(str("\"open") == "not JSON");
}

TEST_CASE("what is not JSON is refused and leaves no trace") {
  for (const auto* text :
       {"",         " ",    "nul",   "tru",  "01",     "1.",      ".5",        "+1",
        "1e",       "-",    "--1",   "0x1",  "[",      "]",       "[1",        "[1,",
        "[1,]",     "[,1]", "[1 2]", "{",    "{\"a\"", "{\"a\":", "{\"a\":1",  "{\"a\":1,}",
        "{1:2}",    "{,}",  "\"",    "\"a",  "\"\\",   "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"",
        "\"a\nb\"", "1 2",  "nullx", "-Inf", "'a'"}) {
    INFO(text);
    CHECK(json(text) == "not JSON");
    CHECK_FALSE(is_json(text));
  }
  CHECK(is_json(" {\"a\" : [ 1 ] } \n"));
}

TEST_CASE("nesting is limited") {
  CHECK(json(nested(max_json_depth)) == nested(max_json_depth));
  CHECK(json(nested(max_json_depth + 1)) == "not JSON");
  CHECK(json(std::string(1'000'000, '[')) == "not JSON");
}

TEST_CASE("float_repr is Python's repr") {
  CHECK(float_repr(100) == "100.0");
  CHECK(float_repr(1e16) == "1e+16");
  CHECK(float_repr(9999999999999998) == "9999999999999998.0");
  CHECK(float_repr(1e-7) == "1e-07");
  CHECK(float_repr(1e-5) == "1e-05");
  CHECK(float_repr(0.0001) == "0.0001");
  CHECK(float_repr(123456789.123) == "123456789.123");
  CHECK(float_repr(1.2345678901234568e17) == "1.2345678901234568e+17");
  CHECK(float_repr(-0.0) == "-0.0");
  CHECK(float_repr(5e-324) == "5e-324");
  CHECK(float_repr(1.7976931348623157e308) == "1.7976931348623157e+308");
  CHECK(float_repr(std::numeric_limits<double>::quiet_NaN()) == "nan");
  CHECK(float_repr(-std::numeric_limits<double>::infinity()) == "-inf");
}
