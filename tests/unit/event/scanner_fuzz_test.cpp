// SPDX-License-Identifier: Apache-2.0
// Our scanner beside simdjson, and surveys of lines beside our scanner: 100,000 mutations of a few
// lines, the same in every run. Both must agree on what is an object and on its members; simdjson
// but for the differences listed in `excused`.
#include <simdjson.h>
#include <catch2/catch.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "event/event.hpp"
#include "event/line_survey.hpp"
#include "event/scanner.hpp"
#include "type/json_text.hpp"

using namespace intelmq;

namespace {

namespace dom = simdjson::dom;

constexpr int rounds = 100'000;

/// A value with many strings.
std::string long_list() {
  std::string out = "[";
  for (int i = 0; i < 200; ++i) out += R"("0123456789abcdef", )";
  return out + "1]";
}

const std::vector<std::string> seeds = {
    R"({})",
    R"({"source.ip":"192.0.2.1","source.port":443,"classification.type":"c2-server"})",
    R"({"a": 1, "b": "c", "d": null, "e": true, "f": false})",
    R"({"source.ip": "192.0.2.1", "a": 1, "b": "c\"d", "raw": "aGVsbG8=", "e": -1, "f": "x, "})",
    R"({"source.ip": "192.0.2.7", "a": 12.5, "b": "c", "g": ["h", "i", {"j": "k"}], "f": ", \"y"})",
    R"( { "a" : [ 1 , { "b" : [ ] } , "c" ] , "d" : { } } )",
    R"({"a":"\"\\\/\b\f\n\r\t\u00e4\ud83d\ude00","b":"ü€😀"})",
    R"({"n":-0,"m":1.5e+10,"o":9007199254740993,"p":0.0,"q":[1e-7,-12.25]})",
    R"({"a":1,"a":"2","":{"":""},"\u0061":[[[]]]})",
    R"({"extra.text":"0123456789012345678901234567890123456789012345678901234567\\\"89","x":"}"})",
    R"({"p":")" + std::string(4070, 'x') + R"(","a":"\"","b":[{"c":"ü"}],"d":"ä"})",
    R"({"p": )" + long_list() + R"(, "a": "b", "c": "d", "e": 1})",
    R"({"p": "q", "r": )" + long_list() + R"(, "a": "b})",
};
constexpr std::string_view pieces[] = {"\"",
                                       "\\",
                                       "{",
                                       "}",
                                       "[",
                                       "]",
                                       ":",
                                       ",",
                                       " ",
                                       "\t",
                                       "\r",
                                       "0",
                                       "-",
                                       "+",
                                       "1",
                                       ".",
                                       "e",
                                       "E",
                                       "u",
                                       "\\u",
                                       "true",
                                       "false",
                                       "null",
                                       "\x01",
                                       "\x1f",
                                       "\x7f",
                                       "\xc3",
                                       "\xa4",
                                       "\xed\xa0\x80",
                                       "\xf0\x9f\x98\x80",
                                       "\xff",
                                       std::string_view("\0", 1),
                                       "\\\\",
                                       "\\\"",
                                       "\"a\":1",
                                       ",\"b\":[]",
                                       "NaN",
                                       "Infinity",
                                       "1e400",
                                       "99999999999999999999",
                                       "\\ud800",
                                       "/",
                                       "'",
                                       "#"};

class Draw {
 public:
  std::size_t below(std::size_t limit) {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return static_cast<std::size_t>(state_ % limit);
  }

 private:
  std::uint64_t state_ = 0x9e3779b97f4a7c15;
};

std::string mutate(Draw& draw) {
  std::string out = seeds[draw.below(seeds.size())];
  if (draw.below(4) == 0) out.insert(draw.below(out.size() + 1), std::string(draw.below(70), ' '));
  for (std::size_t count = draw.below(4); count > 0 && !out.empty(); --count) {
    const std::size_t at = draw.below(out.size());
    const std::string_view piece = pieces[draw.below(std::size(pieces))];
    switch (draw.below(6)) {
      case 0: out.erase(at, 1 + draw.below(3)); break;
      case 1: out.replace(at, 1, piece); break;
      case 2: out.insert(at, piece); break;
      case 3: out[at] = static_cast<char>(draw.below(256)); break;
      case 4: out.resize(at); break;
      case 5: {
        const std::string& other = seeds[draw.below(seeds.size())];
        out.insert(at, other, draw.below(other.size()), draw.below(12));
        break;
      }
    }
  }
  return out;
}

using Members = std::vector<std::pair<std::string, std::string>>;

struct Reading {
  bool good = false;
  Members members;
};

Reading ours(const std::string& line) {
  const std::string padded = line + std::string(Scanner::padding, '}');
  Scanner scanner(padded.data(), line.size());
  Reading out;
  out.good =
      !scanner
           .members([&](const char* key, std::size_t key_size, const char* value,
                        std::size_t value_size) {
             out.members.emplace_back(std::string(key, key_size), std::string(value, value_size));
           })
           .reason;
  return out;
}

struct Taken {
  std::string reason;
  std::size_t offset = 0;
  std::uint32_t duplicates = 0;
  Members members;
  bool operator==(const Taken&) const = default;
};

Taken take(Event& event, const std::string& line) {
  const std::string padded = line + std::string(Scanner::padding, '"');
  Taken out;
  LineError error;
  if (!event.read(padded.data(), line.size(), error)) {
    out.reason = error.reason;
    out.offset = error.offset;
    return out;
  }
  out.duplicates = event.duplicate_keys();
  event.each(
      [&](const Event::Member& member) { out.members.emplace_back(member.name, member.raw); });
  return out;
}

bool has(const std::string& line, std::string_view word) {
  return line.find(word) != std::string::npos;
}

/// Differences that are meant: lines which ours takes and simdjson does not.
bool excused(const std::string& line, simdjson::error_code error) {
  if (has(line, "NaN") || has(line, "Infinity")) return true;  // Python writes and reads them
  if (has(line, "\\u") && error == simdjson::STRING_ERROR) return true;  // lone surrogates: kept
  if (error != simdjson::NUMBER_ERROR) return false;
  // Numbers beyond a double or 64 bits keep their digits here: never fewer than 18 characters, or
  // with an exponent of three digits.
  std::size_t run = 0, exponent = 0;
  for (const char c : line) {
    const bool digit = c >= '0' && c <= '9';
    run = digit || c == '.' ? run + 1 : 0;
    if (digit && exponent)
      ++exponent;
    else if (!(exponent == 1 && (c == '+' || c == '-')))
      exponent = c == 'e' || c == 'E' ? 1 : 0;
    if (run >= 18 || exponent > 3) return true;
  }
  return false;
}

std::string decoded(std::string_view text) { return decode_string('"' + std::string(text) + '"'); }

/// Whether a raw value is what simdjson read.
bool same_value(dom::parser& parser, const std::string& raw, const dom::element& value) {
  std::string_view text;
  if (value.get(text) == simdjson::SUCCESS) return raw.front() == '"' && decode_string(raw) == text;
  dom::element again;
  if (parser.parse(raw).get(again) != simdjson::SUCCESS) return false;
  return simdjson::minify(again) == simdjson::minify(value);
}

/// Empty, or what differs.
std::string difference(const std::string& line, dom::parser& parser, dom::parser& second) {
  const Reading mine = ours(line);
  dom::object object;
  const simdjson::error_code error = parser.parse(line).get(object);
  if (error != simdjson::SUCCESS)
    return mine.good && !excused(line, error) ? "only ours accepts it" : "";
  if (!mine.good) return "only simdjson accepts it";
  if (mine.members.size() != object.size()) return "another number of members";
  std::size_t i = 0;
  for (const auto field : object) {
    const auto& [key, raw] = mine.members[i++];
    if (decoded(key) != field.key) return "another name: " + key;
    if (!same_value(second, raw, field.value)) return "another value: " + raw;
  }
  return "";
}

}  // namespace

TEST_CASE("scanner: agrees with simdjson on mutated lines") {
  Draw draw;
  dom::parser parser, second;
  int good = 0, bad = 0;
  for (int i = 0; i < rounds; ++i) {
    const std::string line = mutate(draw);
    (ours(line).good ? good : bad)++;
    if (const std::string what = difference(line, parser, second); !what.empty()) {
      CAPTURE(i, line);
      FAIL_CHECK(what);
    }
  }
  // Both sides of the comparison were reached.
  CHECK(good > rounds / 10);
  CHECK(bad > rounds / 10);
}

TEST_CASE("event: a survey finds in mutated lines what the scanner does, on any processor") {
  using Processor = LineSurvey::Processor;
  for (const Processor kind : {Processor::any, Processor::avx2, Processor::avx512}) {
    if (!LineSurvey::use(kind)) continue;  // the last that can is the best
    const EventRules rules;
    Event event{rules}, exact{rules};
    Draw draw;
    int good = 0, bad = 0;
    for (int i = 0; i < rounds; ++i) {
      const std::string line = mutate(draw);
      const Taken by_survey = take(event, line);
      Taken by_scanner = take(exact, ' ' + line);  // surveys look at no line that begins so
      if (!by_scanner.reason.empty() && by_scanner.offset) --by_scanner.offset;
      (by_survey.reason.empty() ? good : bad)++;
      if (by_survey == by_scanner) continue;
      CAPTURE(static_cast<int>(kind), i, line, by_survey.reason, by_scanner.reason);
      FAIL_CHECK("read differently");
    }
    CHECK(good > rounds / 10);
    CHECK(bad > rounds / 10);
  }
}
