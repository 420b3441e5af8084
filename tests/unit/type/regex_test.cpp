// SPDX-License-Identifier: Apache-2.0
#include "type/regex.hpp"

#include <catch2/catch.hpp>
#include <ctime>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

using namespace intelmq;
using namespace std::string_view_literals;

namespace {

struct Row {
  Case letters;
  std::string_view pattern;
  std::string_view text;
  // What Python 3.11 says: "refused", "-" for no match, or its groups, "~" for one without part.
  std::string_view expected;
};

// clang-format off
const Row rows[] = {
    {Case::sensitive, "^abc$", "abc", "<abc>"},
    {Case::sensitive, "^abc$", "abc\n", "<abc>"},
    {Case::sensitive, "^abc$", "abc\n\n", "-"},
    {Case::sensitive, "abc", "xxabcx", "<abc>"},
    {Case::sensitive, "^abc", "xabc", "-"},
    {Case::sensitive, "abc$", "xabc", "<abc>"},
    {Case::sensitive, "abc$", "abc\n", "<abc>"},
    {Case::sensitive, "\\Aabc\\Z", "abc\n", "-"},
    {Case::sensitive, "\\Aabc\\Z", "abc", "<abc>"},
    {Case::sensitive, "", "x", "<>"},
    {Case::sensitive, "^$", "", "<>"},
    {Case::sensitive, "^$", "\n", "<>"},
    {Case::sensitive, "\\n$", "\n\n", "<\n>"},
    {Case::sensitive, "^\\n", "\n", "<\n>"},
    {Case::sensitive, "^.*[^\\.]$", "example.com", "<example.com>"},
    {Case::sensitive, "^.*[^\\.]$", "example.com.", "-"},
    {Case::sensitive, "^[a-zA-Z0-9]{2}$", "DE", "<DE>"},
    {Case::sensitive, "^[a-zA-Z0-9]{2}$", "DE\n", "<DE>"},
    {Case::sensitive, "^[a-zA-Z0-9]{2}$", "DEU", "-"},
    {Case::sensitive, "^[ -~]+$", "a~ b", "<a~ b>"},
    {Case::sensitive, "^[ -~]+$", "\303\251", "-"},
    {Case::sensitive, "^(80|443)$", "443", "<443>|<443>"},
    {Case::sensitive, "^(80|443)$", "4430", "-"},
    {Case::sensitive, "securityscorecard-(.*)$", "securityscorecard-andromeda", "<securityscorecard-andromeda>|<andromeda>"},
    {Case::sensitive, "^(?P<a>\\w+)-(?P<b>\\w+)$", "foo-b\303\244r", "<foo-b\303\244r>|<foo>|<b\303\244r>"},
    {Case::sensitive, "^tp\\+\\+$", "tp++", "<tp++>"},
    {Case::sensitive, "^\\d+$", "\331\243\331\244", "<\331\243\331\244>"},
    {Case::sensitive, "(?a)^\\d+$", "\331\243\331\244", "-"},
    {Case::sensitive, "\\w", "\302\262", "<\302\262>"},
    {Case::sensitive, "\\w", "\314\201", "-"},
    {Case::sensitive, "^\\w+$", "\303\274n\303\257code_1", "<\303\274n\303\257code_1>"},
    {Case::sensitive, "(?a)^\\w+$", "\303\274n\303\257code", "-"},
    {Case::sensitive, "\\s", "\034", "<\034>"},
    {Case::sensitive, "\\s", "\341\240\216", "-"},
    {Case::sensitive, "[\\s]", "\302\205", "<\302\205>"},
    {Case::sensitive, "[\\S]", "\037", "-"},
    {Case::sensitive, "[^\\S]", "\342\200\203", "<\342\200\203>"},
    {Case::sensitive, "(?a)\\s", "\034", "-"},
    {Case::sensitive, "(?a)\\s", "\302\240", "-"},
    {Case::sensitive, "\\b\303\251", "\303\251", "<\303\251>"},
    {Case::sensitive, "(?a)\\b\303\251", "\303\251", "-"},
    {Case::sensitive, "(?a)a\\b", "a\303\251", "<a>"},
    {Case::sensitive, "(?a)\\B\303\251", " \303\251", "<\303\251>"},
    {Case::sensitive, "\\B", "", "-"},
    {Case::sensitive, "\\B", " ", "<>"},
    {Case::sensitive, "(?a)\\B", "", "-"},
    {Case::sensitive, "[\\D]", "5", "-"},
    {Case::sensitive, "(?a)[\\W]", "\303\251", "<\303\251>"},
    {Case::sensitive, "(?a)[\\D]", "\331\243", "<\331\243>"},
    {Case::sensitive, "a.b", "a\nb", "-"},
    {Case::sensitive, "(?s)a.b", "a\nb", "<a\nb>"},
    {Case::sensitive, "a.b", "a\015b", "<a\015b>"},
    {Case::sensitive, "a.b", "a\342\200\250b", "<a\342\200\250b>"},
    {Case::sensitive, "(?m)^b$", "a\nb\nc", "<b>"},
    {Case::sensitive, "(?m)^$", "a\n", "<>"},
    {Case::sensitive, "(?m)^b", "a\015b", "-"},
    {Case::sensitive, "(?m)a$", "a\nb", "<a>"},
    {Case::sensitive, "a$", "a\nb", "-"},
    {Case::sensitive, "(?m)\\Ab", "a\nb", "-"},
    {Case::sensitive, "(?m)a\\Z", "a\n", "-"},
    {Case::sensitive, "a\\Z", "a\n", "-"},
    {Case::sensitive, "(?m)(\\n)^", "x\n", "<\n>|<\n>"},
    {Case::insensitive, "stra\303\237e", "STRA\303\237E", "<STRA\303\237E>"},
    {Case::insensitive, "\303\237", "\341\272\236", "<\341\272\236>"},
    {Case::insensitive, "\303\237", "SS", "-"},
    {Case::insensitive, "k", "\342\204\252", "<\342\204\252>"},
    {Case::insensitive, "[k]", "\342\204\252", "<\342\204\252>"},
    {Case::insensitive, "s", "\305\277", "<\305\277>"},
    {Case::insensitive, "i", "\304\260", "<\304\260>"},
    {Case::insensitive, "i", "\304\261", "<\304\261>"},
    {Case::insensitive, "I", "\304\261", "<\304\261>"},
    {Case::insensitive, "[a-j]", "\304\261", "<\304\261>"},
    {Case::insensitive, "[^i]", "\304\260", "-"},
    {Case::insensitive, "\304\260", "i", "<i>"},
    {Case::insensitive, "\357\254\205", "\357\254\206", "<\357\254\206>"},
    {Case::insensitive, "\316\220", "\341\277\223", "<\341\277\223>"},
    {Case::insensitive, "[\316\260]", "\341\277\243", "<\341\277\243>"},
    {Case::insensitive, "\302\265", "\316\234", "<\316\234>"},
    {Case::insensitive, "\317\202", "\316\243", "<\316\243>"},
    {Case::insensitive, "\303\251", "\303\211", "<\303\211>"},
    {Case::sensitive, "(?ai)k", "\342\204\252", "-"},
    {Case::sensitive, "(?ai)k", "K", "<K>"},
    {Case::sensitive, "(?ai)\303\251", "\303\211", "-"},
    {Case::sensitive, "(?ai)[a-z]+", "ABZ", "<ABZ>"},
    {Case::sensitive, "(?ai)[^a-z]", "Q", "-"},
    {Case::sensitive, "(?ai)[K]", "k", "<k>"},
    {Case::sensitive, "(?i)(a)\\1", "aA", "<aA>|<a>"},
    {Case::sensitive, "(?i:a)b", "Ab", "<Ab>"},
    {Case::sensitive, "(?i:a)b", "AB", "-"},
    {Case::insensitive, "(?-i:a)b", "AB", "-"},
    {Case::insensitive, "(?-i:a)b", "aB", "<aB>"},
    {Case::sensitive, "(?a:\\d)\\d", "1\331\243", "<1\331\243>"},
    {Case::sensitive, "(?s-i:.)", "\n", "<\n>"},
    {Case::sensitive, "(?m:^)b", "a\nb", "<b>"},
    {Case::sensitive, "x(?a:\\w)(?u:\\w)", "xa\303\251", "<xa\303\251>"},
    {Case::sensitive, "(?ai)(?u:k)", "\342\204\252", "<\342\204\252>"},
    {Case::sensitive, "(?P<n>ab)(?P=n)", "abab", "<abab>|<ab>"},
    {Case::sensitive, "(a)(b)?", "a", "<a>|<a>|~"},
    {Case::sensitive, "(a)|b", "b", "<b>|~"},
    {Case::sensitive, "(a)?\\1b", "b", "-"},
    {Case::sensitive, "(.)\\1", "xyyz", "<yy>|<y>"},
    {Case::sensitive, "(a)(?(1)b|c)", "ab", "<ab>|<a>"},
    {Case::sensitive, "(a)?(?(1)b|c)", "c", "<c>|~"},
    {Case::sensitive, "(?P<q>\")?x(?(q)\")", "\"x\"", "<\"x\">|<\">"},
    {Case::sensitive, "(?(1)a|b)(c)", "bc", "<bc>|<c>"},
    {Case::sensitive, "(?:(a)|b)*", "ab", "<ab>|<a>"},
    {Case::sensitive, "(a|b)*", "abab", "<abab>|<b>"},
    {Case::sensitive, "(a*)*", "aab", "<aa>|<>"},
    {Case::sensitive, "(a*)+", "b", "<>|<>"},
    {Case::sensitive, "((a)|(b))+", "ab", "<ab>|<b>|<a>|<b>"},
    {Case::sensitive, "a{2}", "aaa", "<aa>"},
    {Case::sensitive, "a{,2}", "aaa", "<aa>"},
    {Case::sensitive, "a{2,}", "aaaa", "<aaaa>"},
    {Case::sensitive, "a{,}", "aaa", "<aaa>"},
    {Case::sensitive, "a{}", "a{}", "<a{}>"},
    {Case::sensitive, "a{", "a{", "<a{>"},
    {Case::sensitive, "a{1", "a{1", "<a{1>"},
    {Case::sensitive, "a{1,x}", "a{1,x}", "<a{1,x}>"},
    {Case::sensitive, "x{-1}", "x{-1}", "<x{-1}>"},
    {Case::sensitive, "a{2}?", "aaa", "<aa>"},
    {Case::sensitive, "a+?", "aaa", "<a>"},
    {Case::sensitive, "a*?b", "aab", "<aab>"},
    {Case::sensitive, "a{0}b", "ab", "<b>"},
    {Case::sensitive, "{", "{", "<{>"},
    {Case::sensitive, "{a}", "{a}", "<{a}>"},
    {Case::sensitive, "a{ 1}", "a{ 1}", "<a{ 1}>"},
    {Case::sensitive, "a++a", "aaa", "-"},
    {Case::sensitive, "a*+b", "aab", "<aab>"},
    {Case::sensitive, "a?+a", "a", "-"},
    {Case::sensitive, "a{1,2}+a", "aaa", "<aaa>"},
    {Case::sensitive, "(?>a+)a", "aaa", "-"},
    {Case::sensitive, "(?>a|ab)c", "abc", "-"},
    {Case::sensitive, "(?:ab)++c", "ababc", "<ababc>"},
    {Case::sensitive, "(?=ab)a", "ab", "<a>"},
    {Case::sensitive, "a(?!b)", "abac", "<a>"},
    {Case::sensitive, "(?<=a)b", "ab", "<b>"},
    {Case::sensitive, "(?<!a)b", "abb", "<b>"},
    {Case::sensitive, "(?<=ab|cd)e", "cde", "<e>"},
    {Case::sensitive, "(?<=(a))b", "ab", "<b>|<a>"},
    {Case::sensitive, "(?<=\\n)a", "\na", "<a>"},
    {Case::sensitive, "(?<=a{2})b", "aab", "<b>"},
    {Case::sensitive, "(.)(?<=\\1)x", "yx", "<yx>|<y>"},
    {Case::sensitive, "(?=(a))", "a", "<>|<a>"},
    {Case::sensitive, "(?=a)*b", "b", "<b>"},
    {Case::sensitive, "[]a]", "a]", "<a>"},
    {Case::sensitive, "[]a]+", "a]", "<a]>"},
    {Case::sensitive, "[^]a]", "b", "<b>"},
    {Case::sensitive, "[a\\]b]+", "a]b", "<a]b>"},
    {Case::sensitive, "[a-]+", "a-", "<a->"},
    {Case::sensitive, "[-a]+", "-a", "<-a>"},
    {Case::sensitive, "[a-c-e]+", "b-e", "<b-e>"},
    {Case::sensitive, "[\\w-]+", "a-b", "<a-b>"},
    {Case::sensitive, "[[a]+", "[a", "<[a>"},
    {Case::sensitive, "[a&&b]+", "&ab", "<&ab>"},
    {Case::sensitive, "[+--]+", "+,-", "<+,->"},
    {Case::sensitive, "[a||b]+", "|b", "<|b>"},
    {Case::sensitive, "[[.a.]]", ".]", "<.]>"},
    {Case::sensitive, "[\\b]", "\010", "<\010>"},
    {Case::sensitive, "[\\x41-\\x43]+", "ABCD", "<ABC>"},
    {Case::sensitive, "[\\u00e0-\\u00ff]", "\303\251", "<\303\251>"},
    {Case::sensitive, "[\\101]", "A", "<A>"},
    {Case::sensitive, "[\\0]", "\000"sv, "<\000>"sv},
    {Case::sensitive, "[^a]", "\n", "<\n>"},
    {Case::sensitive, "[^\\d\\s]+", "1 a", "<a>"},
    {Case::sensitive, "[.$*]+", ".$*", "<.$*>"},
    {Case::sensitive, "[\\^a]+", "^a", "<^a>"},
    {Case::sensitive, "[a^]+", "^a", "<^a>"},
    {Case::sensitive, "[\\-x]+", "-x", "<-x>"},
    {Case::sensitive, "[#]", "#", "<#>"},
    {Case::sensitive, "[\360\237\230\200-\360\237\230\202]", "\360\237\230\201", "<\360\237\230\201>"},
    {Case::sensitive, "\\x41", "A", "<A>"},
    {Case::sensitive, "\\u00e9", "\303\251", "<\303\251>"},
    {Case::sensitive, "\\U0001f600", "\360\237\230\200", "<\360\237\230\200>"},
    {Case::sensitive, "\\101", "A", "<A>"},
    {Case::sensitive, "\\0", "\000"sv, "<\000>"sv},
    {Case::sensitive, "\\07", "\007", "<\007>"},
    {Case::sensitive, "\\018", "\0018", "<\0018>"},
    {Case::sensitive, "\\v", "\013", "<\013>"},
    {Case::sensitive, "\\v", "\n", "-"},
    {Case::sensitive, "\\f\\t\\r\\a", "\014\011\015\007", "<\014\011\015\007>"},
    {Case::sensitive, "\\.\\-\\ \\#\\/\\@\\_\\!\\\"\\%", ".- #/@_!\"%", "<.- #/@_!\"%>"},
    {Case::sensitive, "\\\303\251", "\303\251", "<\303\251>"},
    {Case::sensitive, "\\\\", "\\", "<\\>"},
    {Case::sensitive, "(?x) a b # c\n c", "abc", "<abc>"},
    {Case::sensitive, "(?x)a\\ b", "a b", "<a b>"},
    {Case::sensitive, "(?x)[ ]", "x ", "< >"},
    {Case::sensitive, "(?x)a +", "aaa", "<aaa>"},
    {Case::sensitive, "(?x)a #x)\n|b", "b", "<b>"},
    {Case::sensitive, "(?x)(a)\\1 0", "aa0", "<aa0>|<a>"},
    {Case::sensitive, "(?x: a )b ", "ab ", "<ab >"},
    {Case::sensitive, "a(?#comment)b", "ab", "<ab>"},
    {Case::sensitive, "a(?#c)*", "aaa", "<aaa>"},
    {Case::sensitive, "(?x)(?-x: a)", "b a", "< a>"},
    {Case::sensitive, "(?i)(?m)^A$", "b\na", "<a>"},
    {Case::sensitive, "(?#c)(?i)A", "a", "<a>"},
    {Case::sensitive, "a|b|", "c", "<>"},
    {Case::sensitive, "|a", "a", "<>"},
    {Case::sensitive, "()", "x", "<>|<>"},
    {Case::sensitive, "(|a)+", "aa", "<>|<>"},
    {Case::sensitive, "(?:)", "x", "<>"},
    {Case::sensitive, "\360\237\230\200+", "x\360\237\230\200\360\237\230\200", "<\360\237\230\200\360\237\230\200>"},
    {Case::sensitive, "^.$", "\360\237\230\200", "<\360\237\230\200>"},
    {Case::sensitive, "..", "\303\251", "-"},
    {Case::sensitive, "^https?://([^/:]+)(?::(\\d+))?(/.*)?$", "http://example.com:8080/x", "<http://example.com:8080/x>|<example.com>|<8080>|</x>"},
    {Case::sensitive, "^https?://([^/:]+)(?::(\\d+))?(/.*)?$", "https://example.com", "<https://example.com>|<example.com>|~|~"},
    {Case::sensitive, "(\\d+)\\.(\\d+)\\.(\\d+)\\.(\\d+)", "ip 192.0.2.1!", "<192.0.2.1>|<192>|<0>|<2>|<1>"},
    {Case::sensitive, "a**", "", "refused"},
    {Case::sensitive, "*a", "", "refused"},
    {Case::sensitive, "+", "", "refused"},
    {Case::sensitive, "^*", "", "refused"},
    {Case::sensitive, "\\b+", "", "refused"},
    {Case::sensitive, "(?x)a* *", "", "refused"},
    {Case::sensitive, "a{2}{3}", "", "refused"},
    {Case::sensitive, "a{2,1}", "", "refused"},
    {Case::sensitive, "(", "", "refused"},
    {Case::sensitive, ")", "", "refused"},
    {Case::sensitive, "(?P<1a>x)", "", "refused"},
    {Case::sensitive, "(?P<a>x)(?P<a>y)", "", "refused"},
    {Case::sensitive, "(?P=x)", "", "refused"},
    {Case::sensitive, "(?<n>x)", "", "refused"},
    {Case::sensitive, "(?P>n)", "", "refused"},
    {Case::sensitive, "(?R)", "", "refused"},
    {Case::sensitive, "(?1)", "", "refused"},
    {Case::sensitive, "(?&n)", "", "refused"},
    {Case::sensitive, "(?|a|b)", "", "refused"},
    {Case::sensitive, "(*SKIP)", "", "refused"},
    {Case::sensitive, "(?C1)", "", "refused"},
    {Case::sensitive, "\\1", "", "refused"},
    {Case::sensitive, "(a\\1)", "", "refused"},
    {Case::sensitive, "(?(2)a|b)", "", "refused"},
    {Case::sensitive, "(a)(?(1)a|b|c)", "", "refused"},
    {Case::sensitive, "a(?i)b", "", "refused"},
    {Case::sensitive, "(?-i)a", "", "refused"},
    {Case::sensitive, "(?L)a", "", "refused"},
    {Case::sensitive, "(?au)a", "", "refused"},
    {Case::sensitive, "(?i-i:a)", "", "refused"},
    {Case::sensitive, "(?z)a", "", "refused"},
    {Case::sensitive, "(?i-a:b)", "", "refused"},
    {Case::sensitive, "(?<=a+)b", "", "refused"},
    {Case::sensitive, "(?<=a|bc)d", "", "refused"},
    {Case::sensitive, "(?<!a?)b", "", "refused"},
    {Case::sensitive, "(?<=(a)\\1)b", "", "refused"},
    {Case::sensitive, "[a", "", "refused"},
    {Case::sensitive, "[]", "", "refused"},
    {Case::sensitive, "[^]", "", "refused"},
    {Case::sensitive, "[z-a]", "", "refused"},
    {Case::sensitive, "[a-\\d]", "", "refused"},
    {Case::sensitive, "[\\A]", "", "refused"},
    {Case::sensitive, "[\\8]", "", "refused"},
    {Case::sensitive, "\\h", "", "refused"},
    {Case::sensitive, "\\R", "", "refused"},
    {Case::sensitive, "\\K", "", "refused"},
    {Case::sensitive, "\\G", "", "refused"},
    {Case::sensitive, "\\Qa\\E", "", "refused"},
    {Case::sensitive, "\\X", "", "refused"},
    {Case::sensitive, "\\C", "", "refused"},
    {Case::sensitive, "\\p{L}", "", "refused"},
    {Case::sensitive, "\\z", "", "refused"},
    {Case::sensitive, "\\e", "", "refused"},
    {Case::sensitive, "\\N", "", "refused"},
    {Case::sensitive, "\\x4", "", "refused"},
    {Case::sensitive, "\\u12", "", "refused"},
    {Case::sensitive, "\\U00110000", "", "refused"},
    {Case::sensitive, "\\400", "", "refused"},
    {Case::sensitive, "[\\777]", "", "refused"},
    {Case::sensitive, "a\\", "", "refused"},
    {Case::sensitive, "(?#x", "", "refused"},
    {Case::sensitive, "(?", "", "refused"},
    {Case::sensitive, "(?P", "", "refused"},
    {Case::sensitive, "(?<", "", "refused"},
    {Case::sensitive, "(?)", "", "refused"},
    {Case::sensitive, "(?i", "", "refused"},
    {Case::sensitive, " (?x)", "", "refused"},
    {Case::sensitive, "|(?i)a", "", "refused"},
    {Case::sensitive, "\\c", "", "refused"},
    {Case::sensitive, "(?(x)a)", "", "refused"},
    {Case::sensitive, "(?(0)a)", "", "refused"},
    {Case::sensitive, "(?>a", "", "refused"},
    {Case::sensitive, "(?P<\303\251", "", "refused"},
};
// clang-format on

std::string show(Match match, const Captures& captures) {
  if (match == Match::limit) return "limit";
  if (match == Match::no) return "-";
  std::string out;
  for (std::size_t i = 0; i <= captures.count(); ++i) {
    const auto group = captures.group(i);
    if (i != 0) out += '|';
    out += group ? "<" + std::string(*group) + ">" : "~";
  }
  return out;
}

std::string search(std::string_view pattern, std::string_view text) {
  const auto regex = Regex::compile(pattern);
  if (!regex) return regex.error().text;
  Captures captures;
  return show(regex->search(text, &captures), captures);
}

std::string error_of(std::string_view pattern) {
  const auto regex = Regex::compile(pattern);
  return regex ? "" : regex.error().text;
}

}  // namespace

TEST_CASE("patterns behave as in Python 3.11", "[regex]") {
  for (const Row& row : rows) {
    CAPTURE(row.pattern, row.text);
    const auto regex = Regex::compile(row.pattern, row.letters);
    if (row.expected == "refused") {
      CHECK_FALSE(regex);
      if (!regex) CHECK(regex.error().text.starts_with("column "));
      continue;
    }
    if (!regex) FAIL_CHECK(regex.error().text);
    if (!regex) continue;
    Captures captures;
    CHECK(show(regex->search(row.text, &captures), captures) == row.expected);
    CHECK((regex->search(row.text) == Match::yes) == (row.expected != "-"));
  }
}

TEST_CASE("errors name the column, counted in characters, and a remedy", "[regex]") {
  CHECK(error_of("abcdef\\p{L}") ==
        "column 7: \\p is not an escape of Python's re; write [^\\W\\d_] or the characters "
        "themselves instead");
  CHECK(error_of("\xC3\xA9\\z").starts_with("column 2: "));
  CHECK(error_of("x(?<n>a)") ==
        "column 2: (?<name> is not part of Python's re; write (?P<name>...) instead");
  CHECK(error_of("(a").find("column 1: the group ( is not closed") == 0);
}

TEST_CASE("what cannot be done as Python does it is refused", "[regex]") {
  CHECK(error_of("\\N{EM DASH}").find("write \\uhhhh instead") != std::string::npos);
  CHECK(error_of("\\ud800").find("surrogate") != std::string::npos);
  CHECK(error_of("[[:alpha:]]").find("column 2: [:alpha:] is no class") == 0);
  CHECK(error_of("a{70000}").find("65535") != std::string::npos);
  CHECK(error_of("(?<=a(?:)*)b").find("column 10: ") == 0);
  CHECK(error_of("(?ai)(a)\\1").find("leave out flag a") != std::string::npos);
  CHECK(error_of("a\xFF").find("column 2: the pattern is not UTF-8") == 0);
  CHECK(error_of("\xED\xA0\x80").find("not UTF-8") != std::string::npos);
}

TEST_CASE("hostile patterns are refused, not followed", "[regex]") {
  const std::string open(100'000, '(');
  CHECK(error_of(open).find("nest too deep") != std::string::npos);
  CHECK(error_of(open + std::string(100'000, ')')).find("nest too deep") != std::string::npos);
  CHECK_FALSE(error_of("(?:(?:(?:a{60000}){60000}){60000}){60000}").empty());
  CHECK_FALSE(error_of("a{99999999999999999999999999}").empty());
  CHECK_FALSE(error_of("(?(99999999999999999999)a)").empty());
  CHECK(search("a\0b"sv, "xa\0b"sv) == "<a\0b>"sv);
}

TEST_CASE("a search that costs too much ends at its limit", "[regex]") {
  for (const auto* pattern : {"(a+)+$", "(a|aa)+$", "(a|a?)+$", "^(([a-z])+.)+[A-Z]([a-z])+$"}) {
    const auto regex = Regex::compile(pattern);
    REQUIRE(regex);
    const std::string text = std::string(5'000, 'a') + "!b";
    const std::clock_t start = std::clock();
    CHECK(regex->search(text) != Match::yes);
    CHECK(std::clock() - start < CLOCKS_PER_SEC);
    CHECK(regex->search("") != Match::limit);
  }
  const auto worst = Regex::compile("(a+)+$");
  REQUIRE(worst);
  const std::clock_t start = std::clock();
  CHECK(worst->search(std::string(40, 'a') + "b") == Match::limit);
  CHECK(std::clock() - start < CLOCKS_PER_SEC / 10);
  CHECK(worst->search(std::string(40, 'a')) == Match::yes);
}

TEST_CASE("a search that is slow from every place ends too", "[regex]") {
  const auto regex = Regex::compile("(?:x|a)+[@!]");
  REQUIRE(regex);
  const std::clock_t start = std::clock();
  CHECK(regex->search(std::string(100'000, 'a')) == Match::limit);
  CHECK(std::clock() - start < 3 * CLOCKS_PER_SEC);
}

TEST_CASE("long texts are searched whole", "[regex]") {
  const std::string text(1'000'000, 'a');
  CHECK(search("(?:a|b)*$", text).size() == text.size() + 2);
  CHECK(search("^(?:ab?)+$", text).size() == text.size() + 2);
  for (const std::size_t size : {1, 255, 256, 257, 319, 320, 4096, 5000, 100'000}) {
    std::string umlauts;
    for (std::size_t i = 0; i < size; ++i) umlauts += "\xC3\xA4";
    CAPTURE(size);
    CHECK(search("(?<=\xC3\xA4)[bc]$", umlauts + "c") == "<c>");
    CHECK(search("^[bc]", umlauts + "c") == "-");
    CHECK(search("[x-z]|$", umlauts) == "<>");
  }
}

TEST_CASE("text that is not UTF-8 is searched with U+FFFD in its place", "[regex]") {
  const std::string mark = "\xEF\xBF\xBD";
  CHECK(search("a(.)b",
               "a\xED\xA0\xBD"
               "b") == "<a" + mark + "b>|<" + mark + ">");
  CHECK(search("a(.)b",
               "a\xFF"
               "b") == "<a" + mark + "b>|<" + mark + ">");
  CHECK(search("^a.$", "a\xE2\x82") == "<a" + mark + ">");
  CHECK(search("b$",
               "a\xC3"
               "b") == "<b>");
  CHECK(search("[^a]", "\xF4\x90\x80\x80").starts_with("<"));
  const auto regex = Regex::compile("(b)");
  REQUIRE(regex);
  Captures captures;
  REQUIRE(regex->search("\xFF"
                        "b",
                        &captures) == Match::yes);
  Captures moved = std::move(captures);
  CHECK(moved.group(1) == "b");
}

TEST_CASE("groups are found by number and name", "[regex]") {
  const auto regex = Regex::compile("(?P<year>\\d{4})-(?P<month>\\d\\d)(x)?");
  REQUIRE(regex);
  CHECK(regex->groups() == 3);
  CHECK(regex->group_number("month") == 2u);
  CHECK_FALSE(regex->group_number("day"));
  Captures captures;
  REQUIRE(regex->search("on 2026-11", &captures) == Match::yes);
  CHECK(captures.count() == 3);
  CHECK(captures.group("year") == "2026");
  CHECK(captures.group(2) == "11");
  CHECK_FALSE(captures.group(3));
  CHECK_FALSE(captures.group(4));
  CHECK_FALSE(captures.group("day"));
  REQUIRE(regex->search("nothing", &captures) == Match::no);
  CHECK(captures.count() == 0);
  CHECK_FALSE(captures.group(0));
}

TEST_CASE("one object serves several threads", "[regex]") {
  const auto regex = Regex::compile("^(\\w+)@(\\w+)$");
  REQUIRE(regex);
  std::vector<int> found(8, 0);
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < found.size(); ++t) {
    threads.emplace_back([&regex, &found, t] {
      Captures captures;
      const std::string text = "user" + std::to_string(t) + "@host";
      for (int i = 0; i < 2'000; ++i) {
        const bool good = regex->search(text, &captures) == Match::yes &&
                          captures.group(1) == "user" + std::to_string(t);
        found[t] += good ? 1 : 0;
      }
    });
  }
  for (auto& thread : threads) thread.join();
  for (const int count : found) CHECK(count == 2'000);
}
