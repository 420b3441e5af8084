// SPDX-License-Identifier: Apache-2.0
#include "pipeline/letters.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <vector>

#include "base/file.hpp"

using namespace intelmq;

TEST_CASE("a letter is read back byte for byte") {
  const auto text = read_letter(
      R"({"time":"t","bot":"b","reason":"r","code":"json","source":"-","line":7,"offset":3,"original":"a\u0000\n\"é"})");
  REQUIRE(text.has_value());
  CHECK(text->original == std::string("a\0\n\"\xc3\xa9", 6));
  CHECK(text->line == 7);
  CHECK_FALSE(text->cut);
  const auto bytes =
      read_letter(R"({"reason":"r","original":"/wA=","encoding":"base64","size":9})");
  REQUIRE(bytes.has_value());
  CHECK(bytes->original == std::string("\xff\0", 2));
  CHECK(bytes->cut);
}

TEST_CASE("what is no letter is refused") {
  for (const char* line :
       {"", "{", "[]", "{}", R"({"original":"x"})", R"({"reason":"r","original":5})",
        R"({"reason":"r","original":"\u00e9","encoding":"base64"})"})
    CHECK_FALSE(read_letter(line).has_value());
}

TEST_CASE("nothing that a terminal would act on is shown") {
  CHECK(harmless("a\x1b[2J\x7f\t\n", 99) == "a\\x1b[2J\\x7f\\t\\n");
  CHECK(harmless("\xe2\x80"
                 "\xae",
                 99) == "\\xe2\\x80\\xae");
  CHECK(harmless("\xff", 99) == "\\xff");
  CHECK(harmless("\xc2\x9b", 99) == "\\xc2\\x9b");
  CHECK(harmless("\xc3\xa9\xc3\xa9\xc3\xa9", 2) == "\xc3\xa9\xc3\xa9...");
  CHECK(harmless("\xc3\xa9\xc3\xa9", 2) == "\xc3\xa9\xc3\xa9");
}

TEST_CASE("letters are chosen by reason or code") {
  Letter letter;
  letter.reason = "not JSON at byte 5";
  letter.code = "json";
  CHECK(fits(letter, ""));
  CHECK(fits(letter, "byte"));
  CHECK(fits(letter, "json"));
  CHECK_FALSE(fits(letter, "invalid"));
}

TEST_CASE("letters are counted by reason, without end to the reasons") {
  LetterCounts counts;
  Letter letter;
  letter.reason = "often";
  counts.add(letter);
  counts.add(letter);
  for (std::size_t i = 0; i < LetterCounts::most_reasons + 5; ++i) {
    letter.reason = "reason " + std::to_string(i);
    counts.add(letter);
  }
  const std::string text = counts.text();
  CHECK(text.starts_with("       2  often\n"));
  CHECK(text.find("       6  other reasons\n") != std::string::npos);
  CHECK(text.ends_with("    1007  in all\n"));
}

TEST_CASE("lines come with their offsets, the unfinished last one too") {
  char name[] = "/tmp/intelmq-letters-XXXXXX";
  const int fd = mkstemp(name);
  REQUIRE(fd >= 0);
  close(fd);
  REQUIRE(atomic_write(name, std::string("a\n\nb\0c\nlast", 11)).has_value());
  std::vector<std::pair<std::string, std::int64_t>> seen;
  const auto done = each_line(name, [&](std::string_view line, std::int64_t offset) {
    seen.emplace_back(line, offset);
    return true;
  });
  ::unlink(name);
  CHECK(done.has_value());
  REQUIRE(seen.size() == 4);
  CHECK(seen[2] == std::pair<std::string, std::int64_t>(std::string("b\0c", 3), 3));
  CHECK(seen[3] == std::pair<std::string, std::int64_t>("last", 7));
  CHECK_FALSE(
      each_line("/absent/file", [](std::string_view, std::int64_t) { return true; }).has_value());
}
