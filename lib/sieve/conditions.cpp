// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "sieve/evaluation.hpp"
#include "type/json_text.hpp"
#include "type/timestamp.hpp"

namespace intelmq::sieve {
namespace {

template <class Value>
bool compares(const Value& a, Comparison sign, const Value& b) {
  switch (sign) {
    case Comparison::equal: return a == b;
    case Comparison::unequal: return !(a == b);
    case Comparison::less: return a < b;
    case Comparison::less_or_equal: return a <= b;
    case Comparison::greater: return a > b;
    case Comparison::greater_or_equal: return a >= b;
  }
  return false;
}

bool is_among(std::string_view raw, const std::vector<std::string_view>& values) {
  return std::any_of(values.begin(), values.end(),
                     [&](std::string_view other) { return equal_values(raw, other); });
}

bool all_among(const std::vector<std::string_view>& some,
               const std::vector<std::string_view>& all) {
  return std::all_of(some.begin(), some.end(),
                     [&](std::string_view raw) { return is_among(raw, all); });
}

bool is_compound(std::string_view raw) {
  return kind_of(raw) == JsonKind::array || kind_of(raw) == JsonKind::object;
}

bool lists_compare(const std::vector<std::string_view>& have, ListSign sign,
                   const std::vector<std::string_view>& wanted) {
  switch (sign) {
    case ListSign::equals:
      return std::equal(have.begin(), have.end(), wanted.begin(), wanted.end(), equal_values);
    case ListSign::setequals: return all_among(have, wanted) && all_among(wanted, have);
    case ListSign::subsetof: return all_among(have, wanted);
    case ListSign::supersetof: return all_among(wanted, have);
    case ListSign::overlaps: break;
  }
  return std::any_of(have.begin(), have.end(),
                     [&](std::string_view raw) { return is_among(raw, wanted); });
}

}  // namespace

// --- values --------------------------------------------------------------------------------------

void Evaluation::refuse(std::string_view text) {
  event_.reject(fmt::format("sieve: line {}: {}", line_, text));
  stopped_ = true;
}

Evaluation::Raw Evaluation::variable(Variable number) {
  const Raw raw = work_.variables[number];
  if (!raw) refuse(fmt::format("the variable ${} has no value yet", work_.names[number]));
  return raw;
}

const FieldName* Evaluation::named_by(Variable number) {
  const Raw raw = variable(number);
  if (!raw || raw->front() != '"') return nullptr;
  const auto name = event_.rules().harmonization.name(decoded(*raw, work_.other));
  if (!name) return nullptr;
  named_ = *name;
  return &*named_;
}

void Evaluation::find_keys() {
  work_.keys.clear();
  for (const FieldName& name : code_.names) work_.keys.push_back(event_.key_number(name));
  work_.key_numbers = event_.key_numbers();
}

std::optional<std::string_view> Evaluation::text_variable(Variable number) {
  const Raw raw = variable(number);
  if (!raw) return std::nullopt;
  if (raw->front() == '"') return decoded(*raw, work_.other);
  refuse(fmt::format("the variable ${} holds {}, which is no text", work_.names[number],
                     quote_for_message(*raw)));
  return std::nullopt;
}

std::optional<std::string_view> Evaluation::text(const TextOperand& operand) {
  if (const Text* text = std::get_if<Text>(&operand)) return std::string_view{text->text()};
  return text_variable(std::get<Variable>(operand));
}

std::optional<Number> Evaluation::number(const NumberOperand& operand) {
  if (const Number* number = std::get_if<Number>(&operand)) return *number;
  const Variable which = std::get<Variable>(operand);
  const Raw raw = variable(which);
  if (!raw) return std::nullopt;
  const auto out = number_of(*raw);
  if (!out)
    refuse(fmt::format("the variable ${} holds {}, which is no number", work_.names[which],
                       quote_for_message(*raw)));
  return out;
}

Evaluation::Raw Evaluation::json(const ValueOperand& operand) {
  if (const auto* raw = std::get_if<std::string>(&operand)) return std::string_view{*raw};
  return variable(std::get<Variable>(operand));
}

// --- conditions ----------------------------------------------------------------------------------

[[gnu::always_inline]] inline bool Evaluation::test(const EqualTest& test) {
  const bool want = test.sign == Equality::equal;
  const Raw raw = value(test.key);
  if (!raw) return !want;
  if (const Text* text = std::get_if<Text>(&test.value))
    return text->equals(*raw, work_.text) == want;
  const auto wanted = text_variable(std::get<Variable>(test.value));
  if (!wanted) return false;
  return (raw->front() == '"' && decoded(*raw, work_.text) == *wanted) == want;
}

bool Evaluation::contains(std::string_view raw, std::string_view wanted) {
  std::vector<std::string_view> items;
  switch (kind_of(raw)) {
    case JsonKind::array:
      split_array(raw, items);
      return std::any_of(items.begin(), items.end(), [&](std::string_view item) {
        return item.front() == '"' && decoded(item, work_.text) == wanted;
      });
    case JsonKind::object: {
      const auto names = member_names(raw);
      return std::find(names.begin(), names.end(), wanted) != names.end();
    }
    case JsonKind::string: return decoded(raw, work_.text).find(wanted) != std::string_view::npos;
    default: break;
  }
  refuse(
      fmt::format(":containsany looks into texts and lists, not into {}", quote_for_message(raw)));
  return false;
}

bool Evaluation::test(const ContainsTest& test) {
  const Raw raw = value(test.key);
  if (!raw) return false;
  const std::string_view in = test.list ? *raw : searchable(*raw, work_.text);
  for (const TextOperand& operand : test.any) {
    const auto wanted = text(operand);
    if (!wanted) return false;
    if (test.list ? contains(in, *wanted) : in.find(*wanted) != in.npos) return true;
    if (stopped()) return false;
  }
  return false;
}

inline bool Evaluation::found(const Pattern& pattern, std::string_view text) {
  Match match = Match::no;
  if (pattern.regex) {
    match = pattern.regex->search(text);
  } else {
    const auto source = text_variable(pattern.variable);
    if (!source) return false;
    const auto made = Regex::compile(*source);
    if (!made) {
      refuse("regular expression: " + made.error().text);
      return false;
    }
    match = made->search(text);
  }
  if (match == Match::limit) refuse("a regular expression takes too long on the value");
  return match == Match::yes;
}

inline bool Evaluation::test(const RegexTest& test) {
  const Raw raw = value(test.key);
  if (!raw) return test.inverted;
  if (test.list && raw->front() != '"') {
    refuse(fmt::format(":regexin looks into texts, not into {}", quote_for_message(*raw)));
    return false;
  }
  const std::string_view text = searchable(*raw, work_.text);
  for (const Pattern& pattern : test.any) {
    if (found(pattern, text)) return !test.inverted;
    if (stopped()) return false;
  }
  return test.inverted;
}

[[gnu::always_inline]] inline bool Evaluation::test(const InTest& test) {
  const Raw raw = value(test.key);
  if (!raw) return false;
  if (test.texts.holds(*raw, work_.text)) return true;
  for (const Variable number : test.variables) {
    const auto wanted = text_variable(number);
    if (!wanted) return false;
    if (raw->front() == '"' && decoded(*raw, work_.text) == *wanted) return true;
  }
  return false;
}

[[gnu::always_inline]] inline bool Evaluation::test(const NumberTest& test) {
  const Raw raw = value(test.key);
  if (!raw) return test.sign == Comparison::unequal;
  const Number* wanted = std::get_if<Number>(&test.value);
  if (wanted && wanted->whole)
    if (const auto have = short_whole(*raw)) return compares(*have, test.sign, *wanted->whole);
  std::optional<Number> of_variable;
  if (!wanted) {
    of_variable = number(test.value);
    if (!of_variable) return false;
    wanted = &*of_variable;
  }
  const auto have = number_of(*raw);
  if (have) return compares(*have, test.sign, *wanted);
  if (test.sign > Comparison::unequal) refuse(quote_for_message(*raw) + " is no number");
  return test.sign == Comparison::unequal;
}

bool Evaluation::test(const NumberInTest& test) {
  const Raw raw = value(test.key);
  if (!raw) return false;
  const auto have = number_of(*raw);
  for (const NumberOperand& operand : test.any) {
    const auto wanted = number(operand);
    if (!wanted) return false;
    if (have && *have == *wanted) return true;
  }
  return false;
}

/// Reads the value into address_, unless it is there from the last time.
bool Evaluation::read_address(std::string_view raw) {
  if (address_raw_.data() == raw.data() && address_raw_.size() == raw.size()) return is_address_;
  address_raw_ = raw;
  is_address_ =
      raw.front() == '"' && (address_.read(raw.substr(1, raw.size() - 2)) ||
                             (has_escape(raw) && address_.read(decoded(raw, work_.text))));
  return is_address_;
}

[[gnu::always_inline]] inline bool Evaluation::test(const NetworkTest& test) {
  const Raw raw = value(test.key);
  if (!raw) return false;
  return read_address(*raw) && test.networks.contains(address_);
}

std::optional<Timestamp> Evaluation::bound(const TimeTest& test) {
  if (test.bound && test.bound->kind == Moment::Kind::instant) return test.bound->at;
  const Timestamp now = event_.rules().now();
  if (test.bound) return test.bound->resolve(now);
  std::string_view text = test.text;
  if (test.variable) {
    const auto value = text_variable(*test.variable);
    if (!value) return std::nullopt;
    if (const auto moment = Moment::parse(*value)) return moment->resolve(now);
    text = *value;
  }
  refuse(quote_for_message(text) + " is no time such as '2024-01-31 15:00' or '2 days'");
  return std::nullopt;
}

bool Evaluation::test(const TimeTest& test) {
  const Raw raw = value(test.key);
  if (!raw || raw->front() != '"') return false;
  const auto have = parse_strict(decoded(*raw, work_.text));
  if (!have) return false;
  const auto limit = bound(test);
  return limit && (test.before ? *have < *limit : *have > *limit);
}

[[gnu::always_inline]] inline bool Evaluation::test(const PresenceTest& test) {
  if (test.key.kind == FieldRef::Kind::field)
    return event_.has_key(work_.keys[test.key.number]) == test.present;
  if (test.key.kind == FieldRef::Kind::extra) return event_.has(field::extra) == test.present;
  return static_cast<bool>(value(test.key)) == test.present;
}

bool Evaluation::test(const ListTest& test) {
  const Raw raw = value(test.key);
  if (!raw || kind_of(*raw) != JsonKind::array) return false;
  std::vector<std::string_view>&have = work_.have, &wanted = work_.wanted;
  split_array(*raw, have);
  wanted.clear();
  for (const ValueOperand& operand : test.values) {
    const Raw one = json(operand);
    if (!one) return false;
    wanted.push_back(*one);
  }
  if (test.sign != ListSign::equals && (std::any_of(have.begin(), have.end(), is_compound) ||
                                        std::any_of(wanted.begin(), wanted.end(), is_compound))) {
    refuse("lists in lists and objects in lists compare only with :equals");
    return false;
  }
  return lists_compare(have, test.sign, wanted);
}

bool Evaluation::test(const BooleanTest& test) {
  const Raw raw = value(test.key);
  if (!raw) return test.sign == Equality::unequal;
  if (*raw != "true" && *raw != "false") return false;
  return ((*raw == "true") == test.value) == (test.sign == Equality::equal);
}

// --- steps ---------------------------------------------------------------------------------------

[[gnu::always_inline]] inline bool Evaluation::holds(const Step& step) {
  switch (step.kind) {
    case Step::Kind::equal: return test(part<EqualTest>(step));
    case Step::Kind::contains: return test(part<ContainsTest>(step));
    case Step::Kind::regex: return test(part<RegexTest>(step));
    case Step::Kind::in: return test(part<InTest>(step));
    case Step::Kind::number: return test(part<NumberTest>(step));
    case Step::Kind::number_in: return test(part<NumberInTest>(step));
    case Step::Kind::network: return test(part<NetworkTest>(step));
    case Step::Kind::time: return test(part<TimeTest>(step));
    case Step::Kind::presence: return test(part<PresenceTest>(step));
    case Step::Kind::list: return test(part<ListTest>(step));
    case Step::Kind::boolean: return test(part<BooleanTest>(step));
    case Step::Kind::act: run(part<Action>(step)); return true;
    case Step::Kind::end: break;
  }
  stopped_ = true;
  return false;
}

void Evaluation::run() {
  know_keys();
  for (const Step* step = code_.steps.data();;) {
    line_ = step->line;
    const bool yes = holds(*step);
    if (stopped()) return;
    step = code_.steps.data() + (yes ? step->yes : step->no);
  }
}

}  // namespace intelmq::sieve
