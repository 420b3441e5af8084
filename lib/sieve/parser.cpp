// SPDX-License-Identifier: Apache-2.0
#include "sieve/parser.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace intelmq::sieve {
namespace {

using Kind = Operand::Kind;

struct Keyword {
  std::string_view word;
  Verb verb;
};
constexpr std::array<Keyword, 7> verbs = {{{"drop", Verb::drop},
                                           {"keep", Verb::keep},
                                           {"path", Verb::path},
                                           {"add", Verb::add},
                                           {"update", Verb::update},
                                           {"remove", Verb::remove},
                                           {"append", Verb::append}}};
constexpr std::array<std::string_view, 10> beginnings = {
    "if", "drop", "keep", "path", "add", "update", "remove", "append", "elif", "else"};
constexpr std::array<std::string_view, 22> operators = {
    "==",         "!=",        "<=",        ">=",         "<",          ">",
    "<<",         "=~",        "!~",        ":contains",  ":in",        ":containsany",
    ":regexin",   ":before",   ":after",    ":exists",    ":notexists", ":equals",
    ":setequals", ":overlaps", ":subsetof", ":supersetof"};
constexpr std::array<std::string_view, 5> list_signs = {":equals", ":setequals", ":overlaps",
                                                        ":subsetof", ":supersetof"};

template <class Table>
bool holds(const Table& table, std::string_view text) {
  return std::find(table.begin(), table.end(), text) != table.end();
}

class Parser {
 public:
  Parser(std::string_view source, std::string_view file, std::vector<Token> tokens)
      : source_{source}, file_{file}, tokens_{std::move(tokens)} {}

  Result<std::vector<Statement>> run() {
    std::vector<Statement> out;
    if (!statements(out)) return tl::unexpected(error_);
    if (now().kind != TokenKind::end) {
      expected("an action or if");
      return tl::unexpected(error_);
    }
    return out;
  }

 private:
  // Every member that reads something returns false when error_ is set.

  const Token& now() const { return tokens_[at_]; }
  void step() {
    if (now().kind != TokenKind::end) ++at_;
  }
  bool is_sign(std::string_view text) const {
    return now().kind == TokenKind::sign && now().text == text;
  }
  bool is_word(std::string_view text) const {
    return now().kind == TokenKind::word && now().text == text;
  }
  bool accept(std::string_view sign) {
    if (!is_sign(sign)) return false;
    step();
    return true;
  }
  bool refuse(Place place, std::string_view text) {
    error_.text = position(file_, place) + std::string(text);
    return false;
  }
  std::string found() const {
    if (now().kind == TokenKind::end) return "the file ends";
    return "found " + quote_for_message(source_.substr(now().begin, now().end - now().begin));
  }
  bool expected(std::string_view what) {
    return refuse(now().place, fmt::format("{}; expected {}", found(), what));
  }
  bool expect(std::string_view sign) { return accept(sign) || expected(quote_for_message(sign)); }

  bool statements(std::vector<Statement>& out) {
    while (now().kind != TokenKind::end && !is_sign("}")) {
      Statement made;
      if (is_word("if")) {
        if (!conditional(made.branches)) return false;
      } else if (!action(made.action.emplace())) {
        return false;
      }
      out.push_back(std::move(made));
    }
    return true;
  }

  bool conditional(std::vector<Branch>& out) {
    while (out.empty() ? is_word("if") : is_word("elif")) {
      step();
      Branch branch;
      if (!any_of(branch.condition.emplace()) || !block(branch.body)) return false;
      out.push_back(std::move(branch));
    }
    if (!is_word("else")) return true;
    step();
    return block(out.emplace_back().body);
  }

  bool enter(Place place) {
    if (++depth_ <= max_depth) return true;
    return refuse(place, fmt::format("more than {} blocks and parentheses inside one another; "
                                     "write the rule flatter",
                                     max_depth));
  }

  bool block(std::vector<Statement>& out) {
    const Place place = now().place;
    if (!expect("{") || !enter(place) || !statements(out)) return false;
    --depth_;
    if (now().kind == TokenKind::end)
      return refuse(now().place, fmt::format("the file ends; the block begun at {}:{} needs a '}}'",
                                             place.line, place.column));
    return expect("}");
  }

  // --- conditions --------------------------------------------------------------------------------

  bool any_of(Expression& out) { return series(out, Expression::Kind::any, "||"); }
  bool all_of(Expression& out) { return series(out, Expression::Kind::all, "&&"); }

  bool series(Expression& out, Expression::Kind kind, std::string_view sign) {
    const auto one = [&](Expression& part) {
      return kind == Expression::Kind::any ? all_of(part) : condition(part);
    };
    Expression first;
    if (!one(first)) return false;
    if (!is_sign(sign)) {
      out = std::move(first);
      return true;
    }
    out.kind = kind;
    out.parts.push_back(std::move(first));
    while (accept(sign))
      if (!one(out.parts.emplace_back())) return false;
    return true;
  }

  bool condition(Expression& out) {
    const bool negated = accept("!");
    const Place place = now().place;
    if (accept("(")) {
      if (!enter(place) || !any_of(out) || !expect(")")) return false;
      --depth_;
      out.negated ^= negated;
      return true;
    }
    out.negated = negated;
    return match(out.match);
  }

  bool match(MatchSyntax& out) {
    if (is_sign(":exists") || is_sign(":notexists")) {
      out.kind = MatchKind::presence;
      out.sign = now().text;
      step();
      return key(out.key);
    }
    if (!key(out.key)) return false;
    if (now().kind != TokenKind::sign) return expected("an operator such as == or :contains");
    const Token sign = now();
    out.sign = sign.text;
    if (!holds(operators, sign.text) || sign.text.ends_with("exists")) {
      if (sign.text == "=") return refuse(sign.place, "'=' does not compare; write ==");
      return refuse(sign.place, quote_for_message(sign.text) + " is no operator" +
                                    did_you_mean(nearest(sign.text, operators)));
    }
    step();
    return operands(out, sign);
  }

  bool operands(MatchSyntax& out, const Token& sign) {
    const bool in_brackets = is_sign("[");
    if (in_brackets) {
      if (!list(out.values, holds(list_signs, sign.text))) return false;
    } else if (!operand(out.values.emplace_back())) {
      return false;
    }
    const auto kind = kind_of(sign.text, in_brackets, out.values);
    if (!kind) return refuse(sign.place, remedy_for(sign.text));
    out.kind = *kind;
    return true;
  }

  static bool only(const std::vector<Operand>& values, Kind kind, bool or_variable) {
    return std::all_of(values.begin(), values.end(), [=](const Operand& value) {
      return value.kind == kind || (or_variable && value.kind == Kind::variable);
    });
  }

  static std::optional<MatchKind> kind_of(std::string_view sign, bool in_brackets,
                                          const std::vector<Operand>& values) {
    if (holds(list_signs, sign)) return in_brackets ? std::optional(MatchKind::list) : std::nullopt;
    const bool texts = only(values, Kind::text, true), numbers = only(values, Kind::number, true);
    if (sign == "<<")
      return only(values, Kind::text, false) ? std::optional(MatchKind::network) : std::nullopt;
    if (sign == ":in" || sign == ":containsany" || sign == ":regexin") {
      if (in_brackets && texts) return MatchKind::text_list;
      if (in_brackets && numbers && sign == ":in") return MatchKind::number_list;
      return std::nullopt;
    }
    if (in_brackets) return std::nullopt;
    if (sign == ":before" || sign == ":after")
      return texts ? std::optional(MatchKind::time) : std::nullopt;
    const bool equality = sign == "==" || sign == "!=";
    if (texts && (equality || sign == ":contains" || sign.ends_with("~"))) return MatchKind::text;
    if (numbers && (equality || sign[0] == '<' || sign[0] == '>')) return MatchKind::number;
    if (equality) return MatchKind::boolean;
    return std::nullopt;
  }

  static std::string remedy_for(std::string_view sign) {
    std::string_view wants = "a text in quotes, such as '2 days' or '2024-01-31'";
    if (holds(list_signs, sign))
      wants = "a list in brackets, such as ['a', 1]";
    else if (sign == "<<")
      wants = "a network in quotes, such as '192.0.2.0/24', or a list of them";
    else if (sign == ":in")
      wants = "a list of texts or a list of numbers, such as ['a', 'b']";
    else if (sign == ":containsany" || sign == ":regexin")
      wants = "a list of texts, such as ['a', 'b']";
    else if (sign == "==" || sign == "!=")
      wants = "one text, number, true or false; use :equals for lists";
    else if (sign[0] == '<' || sign[0] == '>')
      wants = "a number";
    else if (sign == ":contains" || sign.ends_with("~"))
      wants = "a text in quotes";
    return fmt::format("{} takes {}", sign, wants);
  }

  // --- parts -------------------------------------------------------------------------------------

  bool key(Key& out) {
    out.place = now().place;
    out.variable = now().kind == TokenKind::variable;
    if (!out.variable && now().kind != TokenKind::word) return expected("a field name");
    if (!is_key(now().text))
      return refuse(now().place,
                    quote_for_message(now().text) +
                        " is no field name; write it with small letters, digits, _ and .");
    out.name = now().text;
    step();
    return true;
  }

  bool operand(Operand& out) {
    const Token& token = now();
    out.place = token.place;
    out.text = token.text;
    if (token.kind == TokenKind::text) {
      out.kind = Kind::text;
      out.text = unescape(source_, token);
    } else if (token.kind == TokenKind::variable) {
      out.kind = Kind::variable;
    } else if (token.kind == TokenKind::word && is_number(token.text)) {
      out.kind = Kind::number;
    } else if (is_word("true") || is_word("True") || is_word("false") || is_word("False")) {
      out.kind = Kind::boolean;
      out.text = ascii_lower(token.text);
    } else if (token.kind == TokenKind::word) {
      return refuse(
          token.place,
          fmt::format("found '{0}'; expected a value, a text stands in quotes: '{0}'", token.text));
    } else {
      return expected("a text in quotes, a number, true, false or a variable");
    }
    step();
    return true;
  }

  bool list(std::vector<Operand>& out, bool may_be_empty) {
    if (!expect("[")) return false;
    if (may_be_empty && accept("]")) return true;
    do {
      if (!operand(out.emplace_back())) return false;
    } while (accept(","));
    return accept("]") || expected("',' or ']'");
  }

  // --- actions -----------------------------------------------------------------------------------

  bool action(ActionSyntax& out) {
    const std::size_t first = at_;
    out.place = now().place;
    if (now().kind == TokenKind::variable ? !assignment(out) : !verb(out)) return false;
    std::string_view text =
        source_.substr(tokens_[first].begin, tokens_[at_ - 1].end - tokens_[first].begin);
    for (char c : text) out.source += c == '\n' || c == '\t' || c == '\r' ? ' ' : c;
    return true;
  }

  bool assignment(ActionSyntax& out) {
    out.verb = Verb::assign;
    out.value = {Kind::variable, std::string(now().text), now().place};
    step();
    if (!expect("=")) return false;
    if (now().kind != TokenKind::word) return expected("the field whose value the variable gets");
    return key(out.key);
  }

  bool verb(ActionSyntax& out) {
    const auto* found = std::find_if(verbs.begin(), verbs.end(),
                                     [&](const Keyword& keyword) { return is_word(keyword.word); });
    if (found == verbs.end()) return no_verb();
    const std::uint32_t end = now().end;
    step();
    out.verb = found->verb;
    if (is_sign("!") && now().begin == end && (out.verb == Verb::add || out.verb == Verb::append)) {
      out.verb = out.verb == Verb::add ? Verb::add_force : Verb::append_force;
      step();
    }
    return rest_of(out);
  }

  bool no_verb() {
    if (is_word("elif") || is_word("else"))
      return refuse(now().place, fmt::format("'{}' without an if before it", now().text));
    if (now().kind != TokenKind::word) return expected("an action or if");
    return refuse(now().place,
                  quote_for_message(now().text) + " is no action" +
                      did_you_mean(nearest(now().text, beginnings)) +
                      "; actions are add, add!, update, remove, append, append!, path, "
                      "keep and drop");
  }

  bool rest_of(ActionSyntax& out) {
    switch (out.verb) {
      case Verb::drop:
      case Verb::keep: return true;
      case Verb::path: return path_names(out.paths);
      case Verb::remove: return key(out.key);
      case Verb::append:
      case Verb::append_force: return key(out.key) && operand(out.value);
      default: break;
    }
    if (!key(out.key)) return false;
    if (!is_sign("=") && !is_sign("+=") && !is_sign("-=")) return expected("=, += or -=");
    out.sign = now().text;
    step();
    return operand(out.value);
  }

  bool path_names(std::vector<Operand>& out) {
    const Place place = now().place;
    if (is_sign("[") ? !list(out, false) : !operand(out.emplace_back())) return false;
    return only(out, Kind::text, false) ||
           refuse(place, "path takes a name in quotes or a list of them, such as ['a', 'b']");
  }

  std::string_view source_, file_;
  std::vector<Token> tokens_;
  std::size_t at_ = 0;
  int depth_ = 0;
  Error error_;
};

}  // namespace

Result<std::vector<Statement>> parse(std::string_view source, std::string_view file) {
  auto tokens = tokenise(source, file);
  if (!tokens) return tl::unexpected(tokens.error());
  return Parser(source, file, std::move(*tokens)).run();
}

}  // namespace intelmq::sieve
