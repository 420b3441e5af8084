// SPDX-License-Identifier: Apache-2.0
// An event that has read lines before must read the next one as a new event does: what it learnt
// of their keys may only make it faster.
#include "event/event.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "event/scanner.hpp"

using namespace intelmq;

namespace {

struct Reading {
  bool good = false;
  std::string error, line;
  std::uint32_t duplicates = 0;
  std::vector<std::pair<std::string, std::string>> members;
  bool operator==(const Reading&) const = default;
};

/// Reads a line; then removes, replaces and adds a field, so that every way of writing is taken.
Reading read(Event& event, const std::string& line) {
  const std::string padded = line + std::string(Scanner::padding, '"');
  Reading out;
  LineError error;
  out.good = event.read(padded.data(), line.size(), error);
  if (!out.good) {
    out.error = error.reason + "@" + std::to_string(error.offset);
    return out;
  }
  out.duplicates = event.duplicate_keys();
  event.each(
      [&](const Event::Member& member) { out.members.emplace_back(member.name, member.raw); });
  OutBuffer text;
  event.write(text);
  event.remove(*FieldName::parse("extra.k3"));
  event.add_json(*FieldName::parse("extra.k5"), "[1, 2]", Existing::replace);
  event.set_verbatim(field::comment, "\"new\"");
  event.write(text);
  out.line = text.text();
  return out;
}

std::string written(Event& event) {
  OutBuffer text;
  event.write(text);
  return std::string(text.text());
}

class Lines {
 public:
  explicit Lines(unsigned seed) : random_{seed} {
    for (int i = 0; i < 150; ++i) keys_.push_back("extra.k" + std::to_string(i));
    for (const char* name : {"source.ip", "destination.geolocation.longitude", "raw", "comment",
                             "extra.\\u0061b", "extra.ab", "extra.t\xc3\xa9st", "__type", "extra"})
      keys_.emplace_back(name);
    keys_.push_back("extra." + std::string(60, 'x'));
    keys_.push_back("extra." + std::string(300, 'y'));
  }

  std::string next() {
    // Mostly the keys of the line before, with some left out, moved, added or doubled.
    if (order_.empty() || below(12) == 0) {
      order_.clear();
      for (unsigned left = below(90); left; --left) order_.push_back(keys_[below(keys_.size())]);
    }
    std::string out = below(8) ? "{" : "{ ";
    const bool compact = below(4) == 0;
    bool first = true;
    for (const std::string& key : order_) {
      if (below(20) == 0) continue;
      add(out, key, first, compact);
      if (below(40) == 0) add(out, keys_[below(keys_.size())], first, compact);
    }
    out += '}';
    if (below(30) == 0) out.resize(below(out.size() + 1));
    if (below(30) == 0 && !out.empty()) out[below(out.size())] = "\"{}[],:\\ 0n"[below(11)];
    return out;
  }

 private:
  unsigned below(std::size_t limit) { return limit ? random_() % static_cast<unsigned>(limit) : 0; }

  void add(std::string& out, const std::string& key, bool& first, bool compact) {
    // clang-format off
    static constexpr const char* values[] = {
        "\"\"", "\"-\"", "\"N/A\"", "null", "true", "false", "0", "7", "443", "1.5", "-3", "1e9",
        "\"text\"", "\"a\\\"b\"", "\"\\u00e9\"", "[4, 6]", "{}", "\"192.0.2.1\"",
        "{\"a\": [\"b\", {\"c\": \"]\"}]}", "123456789012345678901", "tru", "00"};
    // clang-format on
    if (!first) out += below(60) == 0 ? " , " : compact ? "," : ", ";
    first = false;
    out += '"' + key + (below(60) == 0 ? "\" :" : compact ? "\":" : "\": ");
    if (key == "__type")
      out += "\"Event\"";
    else if (below(200) == 0)
      out += long_list();
    else if (below(25) == 0)
      out += '"' + std::string(below(300), 'v') + '"';
    else
      out += values[below(below(400) ? std::size(values) - 2 : std::size(values))];
  }

  static std::string long_list() {
    std::string out = "[";
    for (int i = 0; i < 200; ++i) out += "\"0123456789abcdef\", ";
    return out + "1]";
  }

  std::mt19937 random_;
  std::vector<std::string> keys_, order_;
};

}  // namespace

TEST_CASE("event: lines read before do not change how the next one is read") {
  const EventRules rules;
  unsigned good = 0, doubled = 0;
  for (unsigned seed = 1; seed <= 40; ++seed) {
    Lines lines{seed};
    Event old_hand{rules};
    for (int i = 0; i < 100; ++i) {
      const std::string line = lines.next();
      Event novice{rules};
      const Reading expected = read(novice, line);
      INFO("seed " << seed << ", line " << i << ": " << line);
      const Reading got = read(old_hand, line);
      CHECK(got.error == expected.error);
      CHECK(got.members == expected.members);
      CHECK(got.line == expected.line);
      REQUIRE(got == expected);
      good += expected.good;
      doubled += expected.duplicates != 0;
    }
  }
  CHECK(good > 1000);
  CHECK(doubled > 500);
}

TEST_CASE("event: members are those that the scanner finds, the last of equal names") {
  const EventRules rules;
  Event event{rules};
  const std::string line =
      R"({"source.ip": "192.0.2.1", "extra.a": 1, "source.ip": "192.0.2.2", "extra.\u0061": 2})";
  const Reading got = read(event, line);
  REQUIRE(got.good);
  CHECK(got.duplicates == 2);
  REQUIRE(got.members.size() == 2);
  CHECK(got.members[0] == std::pair<std::string, std::string>{"source.ip", "\"192.0.2.2\""});
  CHECK(got.members[1] == std::pair<std::string, std::string>{"extra.a", "2"});
}

TEST_CASE("event: a line with the expected keys is still looked at as a whole") {
  const EventRules rules;
  Event event{rules};
  for (int i = 0; i < 3; ++i)
    REQUIRE(read(event, R"({"a": "text", "b": "more", "c": 1, "raw": "x"})").good);
  for (const char* line : {
           R"({"a": "text"\", "b": "more", "c": 1, "raw": "x"})",
           R"({"a": "text" "t", "b": "more", "c": 1, "raw": "x"})",
           R"({"a": "text", "b": more", "c": 1, "raw": "x"})",
           R"({"a": "text", "b": "more, "c": 1, "raw": "x"})",
           R"({"a": "text", "b": "more"x, "c": 1, "raw": "x"})",
           R"({"a": "text", "b": "more", "c": 1 , , "raw": "x"})",
           R"({"a": "text", "b": "more", "c": 01, "raw": "x"})",
           R"({"a": "text", "b": "more", "c": 1, "raw": "x", })",
           R"({"a": "text", "b": "more", "c": , "raw": "x"})",
           R"({"a": "text", "b": "more", "c": 1, "raw": })",
           R"({"a": "text", "b": "more", "c": 1, "raw": "x"}})",
           R"({"a": "te\xt", "b": "more", "c": 1, "raw": "x"})",
           R"({"a": "text", "b", "c": "more" "x", "raw": "x"})",
           R"({"a": "text", "b": ["more", "c": 1], "raw": "x"})",
           "{\"a\": \"te\txt\", \"b\": \"more\", \"c\": 1, \"raw\": \"x\"}",
           "{\"a\": \"te\xff\", \"b\": \"more\", \"c\": 1, \"raw\": \"x\"}",
       }) {
    INFO(line);
    CHECK_FALSE(read(event, line).good);
  }
}

TEST_CASE("event: thousands of different names") {
  const EventRules rules;
  Event event{rules};
  LineError error;
  for (int round = 0; round < 3; ++round) {
    std::string line = "{";
    for (int i = 0; i < 5000; ++i)
      line += (i ? ", \"extra.n" : "\"extra.n") + std::to_string(i * (round + 1)) +
              "\": " + std::to_string(i);
    line += "}";
    const std::string padded = line + std::string(Scanner::padding, ' ');
    REQUIRE(event.read(padded.data(), line.size(), error));
    const auto value =
        event.raw_value(*FieldName::parse("extra.n" + std::to_string(4999 * (round + 1))));
    REQUIRE(value);
    CHECK(*value == "4999");
    CHECK(written(event) == line);
  }
}
