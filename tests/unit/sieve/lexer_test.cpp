// SPDX-License-Identifier: Apache-2.0
#include "sieve/lexer.hpp"

#include <catch2/catch.hpp>

using namespace intelmq;
using namespace intelmq::sieve;

namespace {

std::vector<std::string> texts(std::string_view source) {
  const auto tokens = tokenise(source, "f");
  if (!tokens) return {tokens.error().text};
  std::vector<std::string> out;
  for (const Token& token : *tokens) out.emplace_back(token.text);
  out.pop_back();
  return out;
}

std::string only_text(std::string_view source) {
  const auto tokens = tokenise(source, "f");
  if (!tokens || tokens->size() != 2 || tokens->front().kind != TokenKind::text) return "no text";
  return unescape(source, tokens->front());
}

using Texts = std::vector<std::string>;

}  // namespace

TEST_CASE("lexer: tokens need no blanks between them") {
  CHECK(texts("if a=='x'&&!(b>=-1.5e-3){drop}") ==
        Texts{"if", "a", "==", "x", "&&", "!", "(", "b", ">=", "-1.5e-3", ")", "{", "drop", "}"});
  CHECK(texts("x:in['a','b']") == Texts{"x", ":in", "[", "a", ",", "b", "]"});
  CHECK(texts("a<<'n' a<+5 a+='t' a=-5") ==
        Texts{"a", "<<", "n", "a", "<", "+5", "a", "+=", "t", "a", "=", "-5"});
  CHECK(texts("$x = source.ip") == Texts{"x", "=", "source.ip"});
}

TEST_CASE("lexer: comments run to the end of the line, but not inside texts") {
  CHECK(texts("# if\n// drop\nkeep # 'x\n") == Texts{"keep"});
  CHECK(texts("'# //'") == Texts{"# //"});
  CHECK(texts("").empty());
}

TEST_CASE("lexer: only a backslash before the own quote goes") {
  CHECK(only_text(R"('it\'s')") == "it's");
  CHECK(only_text(R"("a'b\"c")") == "a'b\"c");
  CHECK(only_text(R"('a\nb')") == R"(a\nb)");
  CHECK(only_text(R"('a\\b')") == R"(a\\b)");
  CHECK(only_text(R"('a\"b')") == R"(a\"b)");
  CHECK(only_text("'a\nb'") == "a\nb");
}

TEST_CASE("lexer: a text whose only quote is escaped ends there") {
  CHECK(only_text(R"('a\')") == R"(a\)");
  CHECK(only_text("''").empty());
}

TEST_CASE("lexer: places count lines and characters") {
  const auto tokens = tokenise("'\xc3\xa4' a\n  b", "f");
  REQUIRE(tokens);
  CHECK((*tokens)[1].place.column == 5);
  CHECK((*tokens)[2].place.line == 2);
  CHECK((*tokens)[2].place.column == 3);
}

TEST_CASE("lexer: errors name place and remedy") {
  CHECK(texts("a\n 'x") == Texts{"f:2:2: this text has no end; close it with '"});
  CHECK(texts("a & b") == Texts{"f:1:3: unexpected '&'; write && for and, || for or"});
  CHECK(texts("drop;") ==
        Texts{"f:1:5: unexpected ';'; remove it, actions need nothing between them"});
  CHECK(texts("$ x").front().find("f:1:1: $ begins the name of a variable") == 0);
  CHECK(texts("$Abc").front().find("small letters") != std::string::npos);
  CHECK(texts(std::string_view("\0", 1)).front().find("f:1:1: unexpected") == 0);
}
