// SPDX-License-Identifier: Apache-2.0
#include "sieve/value.hpp"

#include <catch2/catch.hpp>

#include "sieve/networks.hpp"

using namespace intelmq;
using namespace intelmq::sieve;

TEST_CASE("value: numbers compare as Python's") {
  CHECK(*number_of("80") == *number_of("80.0"));
  CHECK(*number_of("9007199254740993") > *number_of("9007199254740992"));
  CHECK(*number_of("true") == *number_of("1"));
  CHECK_FALSE(*number_of("NaN") == *number_of("NaN"));
  CHECK_FALSE(*number_of("NaN") < *number_of("1"));
  CHECK(*number_of("-Infinity") < *number_of("-99999999999999999999"));
  CHECK_FALSE(number_of("\"80\""));
  CHECK_FALSE(number_of("[1]"));
  CHECK(number_json("+007") == "7");
  CHECK(number_json("1e3") == "1000.0");
  CHECK(number_json(".5") == "0.5");
  CHECK(number_json("1e999") == "Infinity");
}

TEST_CASE("value: equality") {
  CHECK(equal_values("true", "1"));
  CHECK(equal_values("2.0", "2"));
  CHECK(equal_values(R"("\u00e9")", "\"\xc3\xa9\""));
  CHECK_FALSE(equal_values("\"1\"", "1"));
  CHECK_FALSE(equal_values("null", "false"));
  CHECK(equal_values("[1, {\"b\":2,\"a\":1}]", "[1,{\"a\":1, \"b\":2}]"));
  CHECK_FALSE(equal_values("[1]", "{}"));
}

TEST_CASE("value: arrays are split at their own commas only") {
  std::vector<std::string_view> items;
  split_array(R"([ "a,]\"" , [1,2], {"x":",}"} ,5])", items);
  CHECK(items == std::vector<std::string_view>{R"("a,]\"")", "[1,2]", R"({"x":",}"})", "5"});
  split_array("[]", items);
  CHECK(items.empty());
  split_array("[ ]", items);
  CHECK(items.empty());
  CHECK(member_names(R"({"a\"b" : 1, "c":[2]})") == std::vector<std::string>{"a\"b", "c"});
}

TEST_CASE("value: a text equals JSON strings however they are escaped") {
  std::string scratch;
  CHECK(Text("a/b").equals(R"("a\/b")", scratch));
  CHECK(Text("a/b").equals(R"("a/b")", scratch));
  CHECK(Text("").equals("\"\"", scratch));
  CHECK(Text("a\\n").equals(R"("a\\n")", scratch));
  CHECK_FALSE(Text("a\\n").equals(R"("a\n")", scratch));
  CHECK_FALSE(Text("80").equals("80", scratch));
  CHECK_FALSE(Text("bcd").equals("[bcd]", scratch));
}

TEST_CASE("value: many texts") {
  std::string scratch;
  const TextSet few({"a", "b"}), many({"g", "f", "e", "d", "c", "b", "a"});
  for (const TextSet* set : {&few, &many}) {
    CHECK(set->holds(R"("\u0061")", scratch));
    CHECK(set->holds(R"("b")", scratch));
    CHECK_FALSE(set->holds(R"("")", scratch));
    CHECK_FALSE(set->holds("[\"a\"]", scratch));
    CHECK_FALSE(set->holds(R"("aa")", scratch));
  }
}

TEST_CASE("networks: overlapping and neighbouring ones become ranges") {
  std::vector<IpNetwork> list;
  for (const char* text : {"10.0.0.0/8", "10.1.0.0/16", "192.0.2.128/25", "192.0.2.5", "::/127",
                           "2001:db8::/32", "255.255.255.255/32"})
    list.push_back(*IpNetwork::parse(text, HostBits::clear));
  const Networks networks(list);
  const auto in = [&](const char* text) { return networks.contains(*IpAddress::parse(text)); };
  CHECK(in("10.0.0.0"));
  CHECK(in("10.255.255.255"));
  CHECK(in("192.0.2.5"));
  CHECK(in("192.0.2.255"));
  CHECK(in("255.255.255.255"));
  CHECK(in("::1"));
  CHECK(in("2001:db8:ffff:ffff:ffff:ffff:ffff:ffff"));
  CHECK_FALSE(in("11.0.0.0"));
  CHECK_FALSE(in("9.255.255.255"));
  CHECK_FALSE(in("192.0.2.6"));
  CHECK_FALSE(in("::2"));
  CHECK_FALSE(in("0.0.0.1"));
  CHECK_FALSE(Networks({}).contains(*IpAddress::parse("192.0.2.1")));
}
