// SPDX-License-Identifier: Apache-2.0
#include "serve/log_record.hpp"

#include <catch2/catch.hpp>

#include "serve/log_ring.hpp"

namespace intelmq::serve {
namespace {

constexpr std::int64_t now = 1'700'000'000'123;

LogRecord read(std::string_view line) { return read_log_line(line, "expert-asn-2", now); }

TEST_CASE("JSON lines of bots are read", "[log_record]") {
  const LogRecord record = read(
      R"({"time": "2026-11-24T02:38:58.250+00:00", "level": "error", "bot": "intelmq-expert-asn",)"
      R"( "message": "a\nb", "file": "/x", "n": 1.50})");
  CHECK(record.json().dump() ==
        R"({"time": "2026-11-24T02:38:58.250Z", "level": "error", "bot": "expert-asn-2", )"
        R"("message": "a\nb", "file": "/x", "n": 1.50})");
  CHECK(record.line() == "expert-asn-2: error: a\\x0ab");
}

TEST_CASE("times and levels that are none give way", "[log_record]") {
  const LogRecord record = read(R"({"message":"m","time":"yesterday","level":"loud"})");
  CHECK(record.time == now);
  CHECK(record.level == LogLevel::info);
  CHECK(read(R"({"message":"m","level":"WARN"})").level == LogLevel::warning);
  CHECK(read(R"({"message":"m","level":"CRITICAL"})").level == LogLevel::error);
  CHECK(rfc3339(now) == "2023-11-14T22:13:20.123Z");
  CHECK(rfc3339(-1) == "1969-12-31T23:59:59.999Z");
}

TEST_CASE("other lines are texts", "[log_record]") {
  CHECK(read("terminate called").level == LogLevel::warning);
  CHECK(read("intelmq-x: error: no file").level == LogLevel::error);
  CHECK(read("intelmq-x: error: no file").text == "intelmq-x: error: no file");
  CHECK(read("intelmq-x: what: no file").level == LogLevel::warning);
  CHECK(read(R"({"read": 1})").level == LogLevel::info);
  CHECK(read(R"({"read": 1})").text == R"({"read": 1})");
  CHECK(read(R"({"message": 1})").text == R"({"message": 1})");
  CHECK(read(R"({"message": "cut)").text == R"({"message": "cut)");
  CHECK(read("[1]").level == LogLevel::warning);
}

TEST_CASE("broken UTF-8 is mended, long texts are cut", "[log_record]") {
  CHECK(read("a\xff\xc3").text == "a\xef\xbf\xbd\xef\xbf\xbd");
  CHECK(read("{\"message\":\"a\xff\"}").text == "a\xef\xbf\xbd");
  const LogRecord record = read(std::string((16u << 10) - 1, 'a') + "\xc3\xa9 end");
  CHECK(record.text == std::string((16u << 10) - 1, 'a'));
  CHECK(record.members.dump() == R"({"cut_bytes": 6})");
  CHECK(record.bytes() > record.text.size());
}

TEST_CASE("what a terminal acts on is escaped", "[log_record]") {
  CHECK(without_controls("a\x1b[2J\x7f\xc2\x9b\xe2\x80\xae\xe2\x80\xa8 \xc3\xa9\xff") ==
        "a\\x1b[2J\\x7f\\x9b\\u202e\\u2028 \xc3\xa9\xef\xbf\xbd");
}

SharedRecord record(std::string text, LogLevel level, std::string bot, std::int64_t time) {
  LogRecord out;
  out.text = std::move(text);
  out.level = level;
  out.bot = std::move(bot);
  out.time = time;
  return std::make_shared<const LogRecord>(std::move(out));
}

std::string texts(const std::vector<SharedRecord>& records) {
  std::string out;
  for (const SharedRecord& each : records) out += each->text;
  return out;
}

TEST_CASE("the ring is bounded by lines and by bytes", "[log_ring]") {
  LogRing few({3, 1u << 20});
  for (const char c : std::string("abcde")) few.add(record({c}, LogLevel::info, "x", 0));
  CHECK(texts(few.find({})) == "cde");
  LogRing small({100, 3000});
  for (int i = 0; i < 50; ++i) small.add(record(std::string(1000, 'a'), LogLevel::info, "x", 0));
  CHECK(small.size() == 2);
  CHECK(small.bytes() <= 3000);
  small.add(record(std::string(5000, 'a'), LogLevel::info, "x", 0));
  CHECK(small.size() == 0);
  CHECK(small.bytes() == 0);
}

LogRing::Query query(std::string bot, LogLevel level, std::int64_t since, std::size_t lines) {
  LogRing::Query out;
  out.bot = std::move(bot);
  out.level = level;
  out.since = since;
  out.lines = lines;
  return out;
}

TEST_CASE("the ring is asked by bot, level, time and number", "[log_ring]") {
  LogRing ring;
  ring.add(record("a", LogLevel::debug, "x", 1));
  ring.add(record("b", LogLevel::error, "y", 2));
  ring.add(record("c", LogLevel::info, "x", 3));
  ring.add(record("d", LogLevel::warning, "x", 4));
  CHECK(texts(ring.find({})) == "abcd");
  CHECK(texts(ring.find(query("x", LogLevel::debug, 0, 100))) == "acd");
  CHECK(texts(ring.find(query("x", LogLevel::debug, 0, 2))) == "cd");
  CHECK(texts(ring.find(query("", LogLevel::warning, 0, 100))) == "bd");
  CHECK(texts(ring.find(query("", LogLevel::debug, 3, 100))) == "cd");
  CHECK(texts(ring.find(query("z", LogLevel::debug, 0, 100))).empty());
}

}  // namespace
}  // namespace intelmq::serve
