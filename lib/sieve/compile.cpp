// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/file.hpp"
#include "base/text.hpp"
#include "sieve/check.hpp"
#include "sieve/parser.hpp"
#include "sieve/program.hpp"
#include "type/json_text.hpp"

namespace intelmq::sieve {
namespace {

using Kind = Operand::Kind;

constexpr std::size_t longest_file = 64 * 1024 * 1024;
constexpr std::size_t longest_explanation = 200;

Comparison comparison_of(std::string_view sign) {
  if (sign == "==") return Comparison::equal;
  if (sign == "!=") return Comparison::unequal;
  if (sign == "<") return Comparison::less;
  if (sign == "<=") return Comparison::less_or_equal;
  return sign == ">" ? Comparison::greater : Comparison::greater_or_equal;
}

ListSign list_sign_of(std::string_view sign) {
  if (sign == ":equals") return ListSign::equals;
  if (sign == ":setequals") return ListSign::setequals;
  if (sign == ":overlaps") return ListSign::overlaps;
  return sign == ":subsetof" ? ListSign::subsetof : ListSign::supersetof;
}

std::string json_of(const Operand& operand) {
  if (operand.kind == Kind::boolean) return operand.text;
  if (operand.kind == Kind::number) return number_json(operand.text);
  std::string out;
  append_string(out, operand.text);
  return out;
}

std::string explain(const ActionSyntax& action) {
  std::string text = fmt::format("{}: {}", action.place.line, action.source);
  std::size_t size = std::min(text.size(), longest_explanation);
  while (size > 0 && size < text.size() && (static_cast<unsigned char>(text[size]) & 0xc0) == 0x80)
    --size;
  text.resize(size);
  std::string out;
  append_string(out, text);
  return out;
}

void add_unless_there(std::vector<FieldName>& names, const FieldName& name) {
  if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
}

void name_variables(const std::vector<Statement>& statements, std::vector<std::string>& names) {
  for (const Statement& statement : statements) {
    if (statement.action && statement.action->verb == Verb::assign) {
      const std::string& name = statement.action->value.text;
      if (std::find(names.begin(), names.end(), name) == names.end()) names.push_back(name);
    }
    for (const Branch& branch : statement.branches) name_variables(branch.body, names);
  }
}

}  // namespace

/// Turns syntax into rules. Members return a default value and set error_ when something is wrong.
class Compiler {
 public:
  Compiler(std::string_view file, const Harmonization& harmonization, Program& out)
      : check_{file, harmonization, out.warnings_}, out_{out} {}

  Result<void> run(const std::vector<Statement>& statements) {
    name_variables(statements, out_.variables_);
    out_.values_.resize(out_.variables_.size());
    out_.block_ = block(statements);
    if (check_.failed()) return tl::unexpected(check_.error());
    return {};
  }

 private:
  Block block(const std::vector<Statement>& statements) {
    Block out;
    for (const Statement& statement : statements) {
      if (check_.failed()) break;
      Rule rule;
      if (statement.action) rule.action = action(*statement.action);
      for (const Branch& branch : statement.branches) {
        Choice& choice = rule.choices.emplace_back();
        if (branch.condition) choice.when.emplace(condition(*branch.condition));
        choice.body = block(branch.body);
      }
      out.push_back(std::move(rule));
    }
    return out;
  }

  // --- names -------------------------------------------------------------------------------------

  Variable variable(std::string_view name, Place place) {
    const auto& names = out_.variables_;
    const auto found = std::find(names.begin(), names.end(), name);
    if (found == names.end()) {
      check_.fail(place, fmt::format("the variable ${} has no value anywhere{}; give it one with "
                                     "${} = field",
                                     name, did_you_mean(nearest(name, names)), name));
      return 0;
    }
    return static_cast<Variable>(found - names.begin());
  }

  FieldRef key(const Key& key, bool must_exist) {
    FieldRef out;
    if (key.variable) {
      out_.fields_.any = true;
      out.kind = FieldRef::Kind::variable;
      out.variable = variable(key.name, key.place);
    } else if (const auto name = check_.field(key, must_exist)) {
      out.kind = FieldRef::Kind::field;
      out.name = *name;
      out.id = name->id();
    }
    return out;
  }

  FieldRef read_key(const Key& written) {
    FieldRef out = key(written, false);
    if (out.kind == FieldRef::Kind::field) add_unless_there(out_.fields_.reads, out.name);
    return out;
  }

  // --- conditions --------------------------------------------------------------------------------

  Condition condition(const Expression& expression) {
    if (expression.kind == Expression::Kind::match) {
      const MatchSyntax& match = expression.match;
      return {test(match), expression.negated, match.key.place.line};
    }
    Group group{expression.kind == Expression::Kind::all, {}};
    for (const Expression& part : expression.parts) group.parts.push_back(condition(part));
    return {std::move(group), expression.negated, 0};
  }

  Condition::Test test(const MatchSyntax& match) {
    const FieldRef key = read_key(match.key);
    const Equality equality = match.sign == "==" ? Equality::equal : Equality::unequal;
    switch (match.kind) {
      case MatchKind::text:
      case MatchKind::text_list: return text_test(match, key, equality);
      case MatchKind::number:
      case MatchKind::number_list: return number_test(match, key);
      case MatchKind::network: return NetworkTest{key, Networks(check_.networks(match.values))};
      case MatchKind::time: return time_test(match, key);
      case MatchKind::presence: return PresenceTest{key, match.sign == ":exists"};
      case MatchKind::list: return list_test(match, key);
      case MatchKind::boolean: break;
    }
    return BooleanTest{key, equality, match.values.front().text == "true"};
  }

  Condition::Test text_test(const MatchSyntax& match, const FieldRef& key, Equality equality) {
    check_.texts(match);
    if (match.sign == "=~" || match.sign == "!~" || match.sign == ":regexin")
      return RegexTest{key, patterns(match.values), match.sign == ":regexin", match.sign == "!~"};
    if (match.sign == ":in") return in_test(match, key);
    std::vector<TextOperand> any;
    for (const Operand& value : match.values) any.push_back(text(value));
    if (match.sign.starts_with(":contains"))
      return ContainsTest{key, std::move(any), match.sign == ":containsany"};
    return EqualTest{key, equality, std::move(any.front())};
  }

  TextOperand text(const Operand& value) {
    if (value.kind == Kind::variable) return variable(value.text, value.place);
    return Text(value.text);
  }

  std::vector<Pattern> patterns(const std::vector<Operand>& values) {
    std::vector<Pattern> out;
    for (const Operand& value : values) {
      Pattern& pattern = out.emplace_back();
      if (value.kind == Kind::variable)
        pattern.variable = variable(value.text, value.place);
      else
        pattern.regex = check_.regex(value);
    }
    return out;
  }

  InTest in_test(const MatchSyntax& match, const FieldRef& key) {
    std::vector<std::string> texts;
    std::vector<Variable> variables;
    for (const Operand& value : match.values) {
      if (value.kind == Kind::variable)
        variables.push_back(variable(value.text, value.place));
      else
        texts.push_back(value.text);
    }
    return {key, TextSet(std::move(texts)), std::move(variables)};
  }

  NumberOperand number(const Operand& value) {
    if (value.kind == Kind::variable) return variable(value.text, value.place);
    return number_written(value.text);
  }

  Condition::Test number_test(const MatchSyntax& match, const FieldRef& key) {
    check_.numeric(match);
    std::vector<NumberOperand> any;
    for (const Operand& value : match.values) any.push_back(number(value));
    if (match.kind == MatchKind::number)
      return NumberTest{key, comparison_of(match.sign), any.front()};
    return NumberInTest{key, std::move(any)};
  }

  TimeTest time_test(const MatchSyntax& match, const FieldRef& key) {
    const Operand& value = match.values.front();
    TimeTest out{key, match.sign == ":before", std::nullopt, value.text, std::nullopt};
    if (value.kind == Kind::variable)
      out.variable = variable(value.text, value.place);
    else
      out.bound = check_.moment(value);
    return out;
  }

  std::vector<ValueOperand> values(const std::vector<Operand>& operands) {
    std::vector<ValueOperand> out;
    for (const Operand& operand : operands) out.push_back(value(operand));
    return out;
  }

  ListTest list_test(const MatchSyntax& match, const FieldRef& key) {
    return {key, list_sign_of(match.sign), values(match.values)};
  }

  // --- actions -----------------------------------------------------------------------------------

  ValueOperand value(const Operand& operand) {
    if (operand.kind == Kind::variable) return variable(operand.text, operand.place);
    return json_of(operand);
  }

  Action action(const ActionSyntax& written) {
    Action out;
    out.verb = written.verb;
    out.line = written.place.line;
    out.explanation = explain(written);
    switch (written.verb) {
      case Verb::keep: break;
      case Verb::drop: out.drop_reason = fmt::format("sieve: drop at line {}", out.line); break;
      case Verb::path: path(written, out); break;
      case Verb::assign: assign(written, out); break;
      case Verb::remove: remove(written, out); break;
      default: change(written, out);
    }
    return out;
  }

  void path(const ActionSyntax& written, Action& out) {
    for (const Operand& name : written.paths) {
      out.paths.push_back(name.text);
      const auto same = [&](const PathUse& use) { return use.name == name.text; };
      if (std::none_of(out_.paths_.begin(), out_.paths_.end(), same))
        out_.paths_.push_back({name.text, name.place.line});
    }
  }

  void assign(const ActionSyntax& written, Action& out) {
    out.value = variable(written.value.text, written.value.place);
    out.key = key(written.key, true);
    if (out.key.kind == FieldRef::Kind::field) add_unless_there(out_.fields_.reads, out.key.name);
  }

  void remove(const ActionSyntax& written, Action& out) {
    out.key = key(written.key, false);
    if (out.key.kind == FieldRef::Kind::field) add_unless_there(out_.fields_.removes, out.key.name);
  }

  /// add, add!, update, append, append!
  void change(const ActionSyntax& written, Action& out) {
    out.key = key(written.key, written.verb != Verb::update);
    if (out.key.kind == FieldRef::Kind::field) {
      add_unless_there(out_.fields_.sets, out.key.name);
      if (written.verb != Verb::add) add_unless_there(out_.fields_.reads, out.key.name);
    }
    out.value = value(written.value);
    if (written.sign == "+=") out.arithmetic = Arithmetic::plus;
    if (written.sign == "-=") out.arithmetic = Arithmetic::minus;
    if (written.sign == "=" && written.value.kind != Kind::variable &&
        out.key.kind == FieldRef::Kind::field)
      out.verbatim =
          check_.constant(out.key.name, std::get<std::string>(out.value), written.value.place);
    if (out.arithmetic != Arithmetic::none && written.value.kind != Kind::variable)
      out.seconds = check_.span(written.value, written.sign);
  }

  Check check_;
  Program& out_;
};

Result<Program> Program::compile(std::string_view source, std::string_view file,
                                 const Harmonization& harmonization) {
  if (source.size() > longest_file)
    return fail(fmt::format("{}: {} bytes of rules, more than {}; split the file", file,
                            source.size(), longest_file));
  for (std::size_t at = 0; at < source.size();) {
    const std::size_t size = utf8_size(source, at);
    if (size == 0)
      return fail(fmt::format("{}: byte {} is not UTF-8; save the file as UTF-8", file, at + 1));
    at += size;
  }
  std::string lines;
  if (source.find('\r') != source.npos) {
    for (std::size_t i = 0; i < source.size(); ++i)
      if (source[i] != '\r')
        lines += source[i];
      else if (i + 1 == source.size() || source[i + 1] != '\n')
        lines += '\n';
    source = lines;
  }
  const auto statements = parse(source, file);
  if (!statements) return tl::unexpected(statements.error());
  Program out;
  const auto compiled = Compiler(file, harmonization, out).run(*statements);
  if (!compiled) return tl::unexpected(compiled.error());
  return out;
}

Result<Program> Program::load(const std::string& path, const Harmonization& harmonization) {
  const auto source = read_file(path);
  if (!source) return tl::unexpected(source.error());
  return compile(*source, path, harmonization);
}

}  // namespace intelmq::sieve
