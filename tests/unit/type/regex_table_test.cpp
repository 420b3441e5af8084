// SPDX-License-Identifier: Apache-2.0
#include "type/regex_table.hpp"

#include <catch2/catch.hpp>
#include <random>
#include <string>

#include "type/regex.hpp"

using namespace intelmq;

namespace {

/// Patterns and texts of few characters, so that many match.
class Maker {
 public:
  std::string pattern() { return alternatives(0); }
  std::string text() {
    std::string out;
    for (std::size_t size = pick(9); size > 0; --size) out += "abAB1-.\n_k\303"[pick(11)];
    return out;
  }
  std::size_t pick(std::size_t count) { return random_() % count; }

 private:
  std::string alternatives(unsigned depth) {
    std::string out = sequence(depth);
    while (pick(4) == 0) out += "|" + sequence(depth);
    return out;
  }
  std::string sequence(unsigned depth) {
    std::string out = depth == 0 && pick(3) == 0 ? "^" : "";
    for (std::size_t items = pick(4); items > 0; --items) out += item(depth);
    return depth == 0 && pick(3) == 0 ? out + "$" : out;
  }
  std::string item(unsigned depth) {
    static const char* const atoms[] = {"a",     "b",    "A",   "1",   ".",      "\\.",    "[a-b]",
                                        "[^a1]", "[-k]", "\\d", "\\w", "[\\d_]", "[.\\]]", "k"};
    static const char* const repeats[] = {"",   "",   "",    "*",     "+",    "?",
                                          "*?", "+?", "{2}", "{1,2}", "{,2}", "{1,}"};
    if (depth < 2 && pick(5) == 0)
      return (pick(2) ? "(" : "(?:") + alternatives(depth + 1) + (pick(3) ? ")" : ")?");
    return std::string(atoms[pick(std::size(atoms))]) + repeats[pick(std::size(repeats))];
  }

  std::mt19937 random_{20240229};  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same in every run
};

}  // namespace

TEST_CASE("the table of a simple pattern finds what the pattern finds", "[regex]") {
  Maker maker;
  std::size_t found = 0, known = 0;
  for (int i = 0; i < 4000; ++i) {
    const std::string pattern = maker.pattern();
    const bool ignore_case = maker.pick(2) == 0;
    const auto table = RegexTable::make(pattern, ignore_case);
    INFO(pattern);
    REQUIRE(table);
    // A repeated group is not simple.
    const auto regex =
        Regex::compile("(?:" + pattern + "){1}", ignore_case ? Case::insensitive : Case::sensitive);
    REQUIRE(regex);
    for (int j = 0; j < 20; ++j) {
      const std::string text = maker.text();
      const auto got = table->search(text);
      INFO("text " << text);
      if (!got) CHECK(text.find('\303') != text.npos);
      if (!got) continue;
      CHECK(*got == (regex->search(text) == Match::yes));
      ++known;
      found += *got;
    }
  }
  CHECK(found > known / 4);
  CHECK(found < known);
}

TEST_CASE("patterns that are not simple have no table", "[regex]") {
  for (const char* pattern : {"(a)*",  "(a|b)+",   "(ab){2}", "a++",      "a*+",   "\\s",   "\\bx",
                              "(?=a)", "(?P<n>a)", "a^b",     "a$b",      "(a$)",  "(^a)",  "\\1",
                              "[[a]",  "[]a]",     "a{40}",   "\303\244", "(?x)a", "(?m)^a"})
    CHECK_FALSE(RegexTable::make(pattern, false));
  CHECK(RegexTable::make("(?i)^(emo|qak)[a-z]*t$", false)->search("QakBoT\n") == true);
  CHECK(RegexTable::make("^h[0-9]+1\\.example\\.net$", false)->search("h12.example.net") == false);
}
