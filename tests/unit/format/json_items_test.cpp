// SPDX-License-Identifier: Apache-2.0
#include "format/json_items.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <vector>

#include "pieces.hpp"

using namespace intelmq;

namespace {

using Texts = std::vector<std::string>;

/// The items; bad ones behind `!`.
Texts all_items(const std::string& text, std::size_t piece, std::size_t max = 1000) {
  JsonItems items(max);
  items.start(in_pieces(text, piece));
  Texts out;
  for (;;) {
    const auto found = items.next();
    if (found == JsonItems::Found::end) return out;
    out.push_back((found == JsonItems::Found::bad ? "!" : "") + std::string(items.text()));
  }
}

void check(const std::string& text, const Texts& wanted, std::size_t max = 1000) {
  for (std::size_t piece : {1, 2, 3, 7, 1000}) {
    INFO("pieces of " << piece);
    CHECK(all_items(text, piece, max) == wanted);
  }
}

}  // namespace

TEST_CASE("the items of an array") {
  check("[]", {});
  check("", {});
  check(" [ {\"a\": 1} ,\n{\"b\":[{},\"]}\"]}, 3, \"x,]\" , null ]\n",
        {"{\"a\": 1}", "{\"b\":[{},\"]}\"]}", "3", "\"x,]\"", "null"});
  check("[[1],[2]]", {"[1]", "[2]"});
  check(R"([{"a":"\"}, {\\"}])", {R"({"a":"\"}, {\\"})"});
  check("\xef\xbb\xbf[1]", {"1"});
}

TEST_CASE("one object, or one after the other") {
  check("{\"a\":\n1}", {"{\"a\":\n1}"});
  check("{\"a\":1}\n{\"b\":2}{\"c\":3}\n\n[4]\n", {"{\"a\":1}", "{\"b\":2}", "{\"c\":3}", "4"});
}

TEST_CASE("a bad item costs itself alone") {
  check(R"([{"a":}, {"b":2}])", {R"(!{"a":})", R"({"b":2})"});
  check(R"([{"a":1,}, {"b":2}])", {R"(!{"a":1,})", R"({"b":2})"});
  check(R"([{"a":1, {"b":2}, {"c":3}])", {R"(!{"a":1, {"b":2})", R"({"c":3})"});
  check(R"([{"a":"x}, {"b":"y"}, {"c":3}])", {R"(!{"a":"x})", R"({"b":"y"})", R"({"c":3})"});
  check("[{\"a\":\"x\n}, {\"b\":2}]", {"!{\"a\":\"x\n}", "{\"b\":2}"});
  check(R"([{"a":[1}, {"b":2}])", {R"(!{"a":[1})", R"({"b":2})"});
  check("{\"a\":\n{\"b\":2}\n", {"!{\"a\":\n{\"b\":2}"});
  check("{\"a\":\"x\n{\"b\":2}\n", {"!{\"a\":\"x", "{\"b\":2}"});
  check("oops\n{\"b\":2}\n", {"!oops", "{\"b\":2}"});
  check("<html>\n<body>\n", {"!<html>\n<body>"});
  check("[1, tru, 2]", {"1", "!tru", "2"});
}

TEST_CASE("an array that is not closed is noticed") {
  check("[{\"a\":1}", {"{\"a\":1}", "!"});
  check("[{\"a\":1},", {"{\"a\":1}", "!"});
  check("[{\"a\":1}, {\"b\":", {"{\"a\":1}", "!{\"b\":"});
}

TEST_CASE("an item beyond the largest record is cut") {
  const std::string big = "{\"a\":\"" + std::string(500, 'x') + "\"}";
  for (std::size_t piece : {1, 10, 1000}) {
    const Texts items = all_items("[{\"b\":1}, " + big + ", {\"c\":3}]", piece, 100);
    REQUIRE(items.size() == 3);
    CHECK(items[1].starts_with("!{\"a\":\"xx"));
    CHECK(items[1].size() <= 101);
    CHECK(items[2] == "{\"c\":3}");
  }
}

TEST_CASE("nesting is limited") {
  const std::string deep = std::string(200, '[') + std::string(200, ']');
  const Texts items = all_items("[" + deep + "]", 1000);
  REQUIRE_FALSE(items.empty());
  CHECK(items[0].starts_with("!"));
}

TEST_CASE("a broken stream does not give half an item") {
  JsonItems items;
  items.start(in_pieces("[{\"a\":1}, {\"b\":", 4, true));
  CHECK(items.next() == JsonItems::Found::item);
  CHECK(items.next() == JsonItems::Found::end);
  CHECK(items.error());
}

TEST_CASE("memory stays small in a long array") {
  JsonItems items(4096);
  items.start(repeated("{\"a\": \"0123456789\"},\n", 100000));
  std::size_t count = 0;
  while (items.next() == JsonItems::Found::item) ++count;
  CHECK(count == 1);  // no array: a comma is no object
  items.start(repeated("[{\"a\": \"0123456789\"}]\n", 100000));
  for (count = 0; items.next() == JsonItems::Found::item;) ++count;
  CHECK(count == 100000);
}

TEST_CASE("JSON items: any bytes are read to their end") {
  std::mt19937 random(13);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same in every run
  for (int round = 0; round < 5000; ++round) {
    std::string text;
    for (std::size_t n = random() % 50; n; --n) text += "{}[],:\"\\\n 1a"[random() % 12];
    const Texts whole = all_items(text, 1000);
    CHECK(whole.size() <= text.size() + 1);
    CHECK(all_items(text, 1) == whole);
    CHECK(all_items(text, 3, 10).size() <= text.size() + 1);
  }
}
