// SPDX-License-Identifier: Apache-2.0
#include "event/scanner.hpp"

#include <fmt/format.h>
#include <catch2/catch.hpp>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

using namespace intelmq;

namespace {

struct Scanned {
  ScanError error;
  std::vector<std::pair<std::string, std::string>> members;
  std::ptrdiff_t tail = 0;
};

Scanned scan(const std::string& line) {
  // What stands behind the line must not matter: here it would close strings and objects.
  const std::string padded = line + std::string(Scanner::padding, '"');
  Scanner scanner(padded.data(), line.size());
  Scanned out;
  out.error = scanner.members(
      [&](const char* key, std::size_t key_size, const char* value, std::size_t value_size) {
        out.members.emplace_back(std::string(key, key_size), std::string(value, value_size));
      });
  out.tail = scanner.tail() ? scanner.tail() - padded.data() : -1;
  return out;
}

std::string read_file(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

std::size_t check_folder(const std::string& folder) {
  std::size_t seen = 0;
  for (const auto& entry : std::filesystem::directory_iterator("tests/json/" + folder)) {
    const std::string name = entry.path().filename().string();
    const bool good = folder == "accept" || name.starts_with("accept-");
    const Scanned result = scan(read_file(entry.path()));
    INFO(folder << "/" << name << ": " << (result.error.reason ? result.error.reason : "accepted"));
    CHECK((result.error.reason == nullptr) == good);
    ++seen;
  }
  return seen;
}

}  // namespace

TEST_CASE("scanner: the corpus of hostile JSON") {
  CHECK(check_folder("accept") > 100);
  CHECK(check_folder("reject") > 200);
  CHECK(check_folder("implementation") > 20);
}

TEST_CASE("scanner: members in order, keys and values as they stand in the line") {
  const Scanned got = scan(R"( {"a": 1,"b\"c" :"d, \\" , "" : [1, {"x": "]"}],"a":-0.0e1 } )");
  REQUIRE(got.error.reason == nullptr);
  const std::vector<std::pair<std::string, std::string>> wanted = {
      {"a", "1"}, {R"(b\"c)", R"("d, \\")"}, {"", R"([1, {"x": "]"}])"}, {"a", "-0.0e1"}};
  CHECK(got.members == wanted);
}

TEST_CASE("scanner: the tail is where a member may be inserted") {
  CHECK(scan(R"({"a":1})").tail == 6);
  CHECK(scan(R"({"a":"b" })").tail == 8);
  CHECK(scan("{}").tail == 1);
}

TEST_CASE("scanner: the error names the first place and why") {
  const auto offset_of = [](const std::string& line, const std::string& reason) {
    const Scanned got = scan(line);
    CHECK(std::string(got.error.reason ? got.error.reason : "") == reason);
    return got.error.offset;
  };
  CHECK(offset_of("", "not a JSON object") == 0);
  CHECK(offset_of("  [1]", "not a JSON object") == 2);
  CHECK(offset_of(R"({"a":1} x)", "text after the object") == 8);
  CHECK(offset_of(R"({"a":tru})", "expected a value") == 5);
  CHECK(offset_of("{\"a\":\"b\x01\"}", "control character in a string") == 7);
  CHECK(offset_of(R"({"a":"\x"})", "invalid escape") == 6);
  CHECK(offset_of("{\"a\":\"\xff\"}", "invalid UTF-8") == 6);
  CHECK(offset_of(R"({"a":"b)", "unterminated string") == 5);
  CHECK(offset_of(R"({"a":1,})", "expected a name in quotes") == 7);
}

TEST_CASE("scanner: nesting up to 128 levels, the object itself being one") {
  const auto nested = [](std::size_t levels) {
    return "{\"a\":" + std::string(levels - 1, '[') + std::string(levels - 1, ']') + "}";
  };
  CHECK(scan(nested(128)).error.reason == nullptr);
  CHECK(std::string(scan(nested(129)).error.reason) == "nesting deeper than 128");
  CHECK(std::string(scan(nested(1'000'000)).error.reason) == "nesting deeper than 128");
}

TEST_CASE("scanner: every cut of a line is refused") {
  const std::string line = R"({"a":"\u00e4\\","b":[1,{"c":null}],"d":-1.5e+3,"e":"ü"})";
  REQUIRE(scan(line).error.reason == nullptr);
  for (std::size_t size = 0; size < line.size(); ++size) {
    INFO(line.substr(0, size));
    CHECK(scan(line.substr(0, size)).error.reason != nullptr);
  }
}

TEST_CASE("scanner: long members") {
  for (const std::size_t size : {4000u, 4090u, 4096u, 8192u, 100'000u}) {
    const std::string text(size, 'x');
    const Scanned got = scan(fmt::format(R"({{"a":"{0}\"","b":"{0}"}})", text));
    REQUIRE(got.error.reason == nullptr);
    REQUIRE(got.members.size() == 2);
    CHECK(got.members[0].second == "\"" + text + "\\\"\"");
    CHECK(got.members[1].second == "\"" + text + "\"");
  }
}

TEST_CASE("scanner: valid UTF-8 prefix") {
  const std::string text = "aä€😀";
  CHECK(valid_utf8_prefix(text.data(), text.size()) == text.size());
  CHECK(valid_utf8_prefix(text.data(), text.size() - 1) == text.size() - 4);
  const std::string late = std::string(100, 'a') + "\xc0\xaf";
  CHECK(valid_utf8_prefix(late.data(), late.size()) == 100);
}
