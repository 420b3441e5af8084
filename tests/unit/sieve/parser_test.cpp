// SPDX-License-Identifier: Apache-2.0
#include "sieve/parser.hpp"

#include <catch2/catch.hpp>
#include <random>

using namespace intelmq;
using namespace intelmq::sieve;

namespace {

std::string error_of(std::string_view source) {
  const auto statements = parse(source, "f");
  return statements ? "accepted" : statements.error().text;
}

MatchKind kind_of(std::string_view condition) {
  const auto statements = parse("if " + std::string(condition) + " {}", "f");
  REQUIRE(statements);
  return statements->front().branches.front().condition->match.kind;
}

std::string repeat(std::string_view text, std::size_t count) {
  std::string out;
  for (std::size_t i = 0; i < count; ++i) out += text;
  return out;
}

}  // namespace

TEST_CASE("parser: the right side decides how a match is read, in a fixed order") {
  CHECK(kind_of("a == 'x'") == MatchKind::text);
  CHECK(kind_of("a == $x") == MatchKind::text);
  CHECK(kind_of("a == 1") == MatchKind::number);
  CHECK(kind_of("a < $x") == MatchKind::number);
  CHECK(kind_of("a != True") == MatchKind::boolean);
  CHECK(kind_of("a :in ['x', $y]") == MatchKind::text_list);
  CHECK(kind_of("a :in [$y]") == MatchKind::text_list);
  CHECK(kind_of("a :in [1, $y]") == MatchKind::number_list);
  CHECK(kind_of("a << ['192.0.2.0/24']") == MatchKind::network);
  CHECK(kind_of("a :after $x") == MatchKind::time);
  CHECK(kind_of(":exists a") == MatchKind::presence);
  CHECK(kind_of("a :equals []") == MatchKind::list);
}

TEST_CASE("parser: && binds closer than ||, ! to one condition") {
  const auto statements = parse("if a == 'x' || !b == 'y' && !!c == 'z' {}", "f");
  REQUIRE_FALSE(statements);
  const auto good = parse("if a == 'x' || !b == 'y' && !(c == 'z' || d == 'z') {}", "f");
  REQUIRE(good);
  const Expression& top = *good->front().branches.front().condition;
  CHECK(top.kind == Expression::Kind::any);
  REQUIRE(top.parts.size() == 2);
  CHECK(top.parts[1].kind == Expression::Kind::all);
  CHECK(top.parts[1].parts[0].negated);
  CHECK(top.parts[1].parts[1].negated);
  CHECK(top.parts[1].parts[1].kind == Expression::Kind::any);
}

TEST_CASE("parser: actions keep their source on one line") {
  const auto statements = parse("add!  comment =\n 'x' drop", "f");
  REQUIRE(statements);
  CHECK(statements->front().action->source == "add!  comment =  'x'");
  CHECK(statements->front().action->verb == Verb::add_force);
}

TEST_CASE("parser: errors name place, mistake and remedy") {
  CHECK(error_of("IF a == 'x' { drop }").find("f:1:1: 'IF' is no action; did you mean 'if'?") == 0);
  CHECK(error_of("dorp").find("did you mean 'drop'?") != std::string::npos);
  CHECK(error_of("if a = 'x' {}") == "f:1:6: '=' does not compare; write ==");
  CHECK(error_of("if a :contain 'x' {}") ==
        "f:1:6: ':contain' is no operator; did you mean ':contains'?");
  CHECK(error_of("if a == 'x' { drop") ==
        "f:1:19: the file ends; the block begun at 1:13 needs a '}'");
  CHECK(error_of("if A == 'x' {}").find("f:1:4: 'A' is no field name") == 0);
  CHECK(error_of("if a == x {}") ==
        "f:1:9: found 'x'; expected a value, a text stands in quotes: 'x'");
  CHECK(error_of("if a :in ['x', 1] {}").find("f:1:6: :in takes a list of texts or") == 0);
  CHECK(error_of("if a == ['x'] {}").find("use :equals") != std::string::npos);
  CHECK(error_of("if a :in [] {}").find("f:1:11: found ']'") == 0);
  CHECK(error_of("else { drop }") == "f:1:1: 'else' without an if before it");
  CHECK(error_of("drop }").find("f:1:6: found '}'") == 0);
  CHECK(error_of("add comment").find("f:1:12: the file ends; expected =, += or -=") == 0);
  CHECK(error_of("path 5").find("path takes a name in quotes") != std::string::npos);
  CHECK(error_of("add ! comment = 'x'").find("f:1:5: found '!'") == 0);
  CHECK(error_of("if a < 1..2 {}") != "accepted");
  CHECK(error_of("if a < 1e {}") != "accepted");
}

TEST_CASE("parser: depth is limited, length is not") {
  const auto nested = [](std::size_t depth) {
    return "if " + repeat("(", depth) + "a == 'x'" + repeat(")", depth) + " {}";
  };
  CHECK(error_of(nested(199)) == "accepted");
  CHECK(error_of(nested(1'000'000)).find("f:1:204: more than 200 blocks") == 0);
  CHECK(error_of(repeat("if a == 'x' {", 100'000)).find("more than 200") != std::string::npos);
  CHECK(error_of(repeat("! ", 500'000)) != "accepted");
  CHECK(error_of(repeat("if a == 'x' { drop }\n", 50'000)) == "accepted");
  CHECK(error_of("if a == 'x' {} " + repeat("elif a == 'y' {} ", 50'000)) == "accepted");
  CHECK(error_of("if a == 'x'" + repeat(" || a == 'x'", 80'000) + " {}") == "accepted");
}

TEST_CASE("parser: broken rules are refused, never worse") {
  const std::string rules =
      "if ( a == 'x' && ! b :in [1, -2.5] ) || c << ['::/0'] { add! d = \"\\\"\" } elif :exists e "
      "{ path ['f'] keep } else { $v = g append! h $v drop } // end\n";
  std::mt19937 random(7);  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same in every run
  for (int round = 0; round < 3000; ++round) {
    std::string broken = rules;
    for (int change = 0; change < 4; ++change) {
      const std::size_t at = random() % broken.size();
      if (random() % 2)
        broken[at] = static_cast<char>(random());
      else
        broken.erase(at, random() % 9);
      if (broken.empty()) broken = "x";
    }
    const auto statements = parse(broken, "f");
    if (!statements) CHECK(statements.error().text.find("f:") == 0);
  }
}
