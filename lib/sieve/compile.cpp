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
    const Label end = label();
    block(statements, end);
    place(end);
    steps().emplace_back();
    if (check_.failed()) return tl::unexpected(check_.error());
    for (Step& step : steps()) {
      step.yes = places_[step.yes];
      step.no = places_[step.no];
    }
    return {};
  }

 private:
  // --- steps: they name labels until all of these have a place -----------------------------------

  using Label = std::uint32_t;

  std::vector<Step>& steps() { return out_.code_.steps; }
  Label label() {
    places_.push_back(0);
    return static_cast<Label>(places_.size() - 1);
  }
  void place(Label label) { places_[label] = static_cast<std::uint32_t>(steps().size()); }

  template <class Part>
  void step(Step::Kind kind, Part part, std::uint32_t line, Label yes, Label no) {
    auto& parts = std::get<std::vector<Part>>(out_.code_.parts);
    steps().push_back({kind, static_cast<std::uint32_t>(parts.size()), line, yes, no});
    parts.push_back(std::move(part));
  }

  /// Statements after which `after` comes.
  void block(const std::vector<Statement>& statements, Label after) {
    for (std::size_t i = 0; i < statements.size() && !check_.failed(); ++i) {
      const bool last = i + 1 == statements.size();
      const Label next = last ? after : label();
      statement(statements[i], next);
      if (!last) place(next);
    }
  }

  void statement(const Statement& statement, Label after) {
    if (statement.action) {
      const ActionSyntax& written = *statement.action;
      return step(Step::Kind::act, action(written), written.place.line, after, after);
    }
    for (const Branch& branch : statement.branches) {
      if (!branch.condition) return block(branch.body, after);
      const bool last = &branch == &statement.branches.back();
      const Label body = branch.body.empty() ? after : label();
      const Label other = last ? after : label();
      condition(*branch.condition, body, other);
      if (body != after) place(body);
      block(branch.body, after);
      if (!last) place(other);
    }
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
      out.number = variable(key.name, key.place);
    } else if (const auto name = check_.field(key, must_exist)) {
      const bool whole = *name == FieldName(field::extra);
      out.kind = whole ? FieldRef::Kind::extra : FieldRef::Kind::field;
      if (!whole) out.number = number_of_name(*name);
    }
    return out;
  }

  std::uint32_t number_of_name(const FieldName& name) {
    auto& names = out_.code_.names;
    add_unless_there(names, name);
    return static_cast<std::uint32_t>(std::find(names.begin(), names.end(), name) - names.begin());
  }

  /// The field's name; nothing when it is not known yet.
  const FieldName* name_of(const FieldRef& key) const {
    static const FieldName extra{field::extra};
    if (key.kind == FieldRef::Kind::extra) return &extra;
    return key.kind == FieldRef::Kind::field ? &out_.code_.names[key.number] : nullptr;
  }

  FieldRef read_key(const Key& written) {
    FieldRef out = key(written, false);
    if (const FieldName* name = name_of(out)) add_unless_there(out_.fields_.reads, *name);
    return out;
  }

  // --- conditions --------------------------------------------------------------------------------

  /// The steps of a condition: they lead to `yes` or `no`.
  void condition(const Expression& expression, Label yes, Label no) {
    if (expression.negated) std::swap(yes, no);
    if (expression.kind == Expression::Kind::match) return test(expression.match, yes, no);
    const bool all = expression.kind == Expression::Kind::all;
    for (const Expression& part : expression.parts) {
      if (&part == &expression.parts.back()) return condition(part, yes, no);
      const Label next = label();
      condition(part, all ? next : yes, all ? no : next);
      place(next);
    }
  }

  void test(const MatchSyntax& match, Label yes, Label no) {
    using enum Step::Kind;
    const FieldRef key = read_key(match.key);
    const Equality sign = match.sign == "==" ? Equality::equal : Equality::unequal;
    const auto add = [&](Step::Kind kind, auto test) {
      step(kind, std::move(test), match.key.place.line, yes, no);
    };
    switch (match.kind) {
      case MatchKind::text:
      case MatchKind::text_list: return text_test(match, key, sign, add);
      case MatchKind::number: return add(number, number_test(match, key));
      case MatchKind::number_list: return add(number_in, NumberInTest{key, numbers(match)});
      case MatchKind::network: return add(network, network_test(match, key));
      case MatchKind::time: return add(time, time_test(match, key));
      case MatchKind::presence: return add(presence, PresenceTest{key, match.sign == ":exists"});
      case MatchKind::list: return add(list, list_test(match, key));
      case MatchKind::boolean: break;
    }
    add(boolean, BooleanTest{key, sign, match.values.front().text == "true"});
  }

  template <class Add>
  void text_test(const MatchSyntax& match, const FieldRef& key, Equality sign, Add add) {
    check_.texts(match);
    if (match.sign == "=~" || match.sign == "!~" || match.sign == ":regexin")
      return add(Step::Kind::regex, RegexTest{key, patterns(match.values), match.sign == ":regexin",
                                              match.sign == "!~"});
    if (match.sign == ":in") return add(Step::Kind::in, in_test(match, key));
    std::vector<TextOperand> any;
    for (const Operand& value : match.values) any.push_back(text(value));
    if (match.sign.starts_with(":contains"))
      return add(Step::Kind::contains,
                 ContainsTest{key, std::move(any), match.sign == ":containsany"});
    add(Step::Kind::equal, EqualTest{key, sign, std::move(any.front())});
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

  std::vector<NumberOperand> numbers(const MatchSyntax& match) {
    check_.numeric(match);
    std::vector<NumberOperand> out;
    for (const Operand& value : match.values) out.push_back(number(value));
    return out;
  }

  NumberTest number_test(const MatchSyntax& match, const FieldRef& key) {
    return {key, comparison_of(match.sign), numbers(match).front()};
  }

  NetworkTest network_test(const MatchSyntax& match, const FieldRef& key) {
    return {key, Networks(check_.networks(match.values))};
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
    out.reserve(operands.size());
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
    if (const FieldName* name = name_of(out.key)) add_unless_there(out_.fields_.reads, *name);
  }

  void remove(const ActionSyntax& written, Action& out) {
    out.key = key(written.key, false);
    if (const FieldName* name = name_of(out.key)) add_unless_there(out_.fields_.removes, *name);
  }

  /// add, add!, update, append, append!
  void change(const ActionSyntax& written, Action& out) {
    out.key = key(written.key, written.verb != Verb::update);
    const FieldName* name = name_of(out.key);
    if (name) {
      add_unless_there(out_.fields_.sets, *name);
      if (written.verb != Verb::add) add_unless_there(out_.fields_.reads, *name);
    }
    out.value = value(written.value);
    if (written.sign == "+=") out.arithmetic = Arithmetic::plus;
    if (written.sign == "-=") out.arithmetic = Arithmetic::minus;
    if (written.sign == "=" && written.value.kind != Kind::variable && name)
      out.verbatim = check_.constant(*name, std::get<std::string>(out.value), written.value.place);
    if (out.arithmetic != Arithmetic::none && written.value.kind != Kind::variable)
      out.seconds = check_.span(written.value, written.sign);
  }

  Check check_;
  Program& out_;
  std::vector<std::uint32_t> places_;  // of the labels, among the steps
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
