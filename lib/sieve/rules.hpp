// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <tuple>
#include <variant>
#include <vector>

#include "event/field.hpp"
#include "sieve/moment.hpp"
#include "sieve/networks.hpp"
#include "sieve/syntax.hpp"
#include "sieve/value.hpp"
#include "type/regex.hpp"

// A rules file after compilation: steps that lead from one to the next, field names looked up,
// regular expressions compiled, networks and times parsed.

namespace intelmq::sieve {

/// Index of a variable among the program's variables.
using Variable = std::uint32_t;

/// Which field a rule looks at.
struct FieldRef {
  enum class Kind : std::uint8_t {
    field,
    extra,     ///< `extra` as a whole.
    variable,  ///< The field whose name the variable holds.
    nowhere    ///< No event has it: the name is no field.
  };
  Kind kind = Kind::nowhere;
  std::uint32_t number = 0;  ///< Of the name among the program's, or of the variable.
};

using TextOperand = std::variant<Text, Variable>;
using NumberOperand = std::variant<Number, Variable>;
/// Raw JSON text, or a variable.
using ValueOperand = std::variant<std::string, Variable>;

enum class Equality : std::uint8_t { equal, unequal };

struct EqualTest {
  FieldRef key;
  Equality sign;
  TextOperand value;
};
struct ContainsTest {
  FieldRef key;
  std::vector<TextOperand> any;
  bool list = false;  ///< :containsany, which needs a text or a container.
};
/// Nothing in `pattern`: it comes from the variable, compiled for each event.
struct Pattern {
  std::optional<Regex> regex;
  Variable variable = 0;
};
struct RegexTest {
  FieldRef key;
  std::vector<Pattern> any;
  bool list = false;      ///< :regexin, which needs a text.
  bool inverted = false;  ///< !~
};
struct InTest {
  FieldRef key;
  TextSet texts;
  std::vector<Variable> variables;
};
enum class Comparison : std::uint8_t {
  equal,
  unequal,
  less,
  less_or_equal,
  greater,
  greater_or_equal
};
struct NumberTest {
  FieldRef key;
  Comparison sign;
  NumberOperand value;
};
struct NumberInTest {
  FieldRef key;
  std::vector<NumberOperand> any;
};
struct NetworkTest {
  FieldRef key;
  Networks networks;
};
/// Without a bound: the text is no time, an event that gets here is rejected with it.
struct TimeTest {
  FieldRef key;
  bool before;
  std::optional<Moment> bound;
  std::string text;
  std::optional<Variable> variable;
};
struct PresenceTest {
  FieldRef key;
  bool present;
};
enum class ListSign : std::uint8_t { equals, setequals, overlaps, subsetof, supersetof };
struct ListTest {
  FieldRef key;
  ListSign sign;
  std::vector<ValueOperand> values;
};
struct BooleanTest {
  FieldRef key;
  Equality sign;
  bool value;
};

enum class Arithmetic : std::uint8_t { none, plus, minus };

struct Action {
  Verb verb = Verb::keep;
  FieldRef key;
  Arithmetic arithmetic = Arithmetic::none;
  ValueOperand value = std::string{};  ///< Of `assign`: the variable.
  std::int64_t seconds = 0;            ///< The span of += and -= when it is written as a text.
  std::string verbatim;                ///< The value in its field's own form; empty: not known yet.
  std::vector<std::string> paths;
  std::uint32_t line = 0;
  std::string drop_reason;
  std::string explanation;  ///< `LINE: action` as a JSON string.
};

/// One test or action, and which step comes after it.
struct Step {
  enum class Kind : std::uint8_t {
    equal,
    contains,
    regex,
    in,
    number,
    number_in,
    network,
    time,
    presence,
    list,
    boolean,
    act,
    end
  };
  Kind kind = Kind::end;
  std::uint32_t number = 0;  ///< Of the test or action among those of its kind.
  std::uint32_t line = 0;
  std::uint32_t yes = 0, no = 0;  ///< An action always goes on with `yes`.
};

/// What the steps do, in the order of Step::Kind.
using Parts = std::tuple<std::vector<EqualTest>, std::vector<ContainsTest>, std::vector<RegexTest>,
                         std::vector<InTest>, std::vector<NumberTest>, std::vector<NumberInTest>,
                         std::vector<NetworkTest>, std::vector<TimeTest>, std::vector<PresenceTest>,
                         std::vector<ListTest>, std::vector<BooleanTest>, std::vector<Action>>;

/// The steps from the first to the one that ends, and the fields that they know by name.
struct Code {
  std::vector<Step> steps;
  Parts parts;
  std::vector<FieldName> names;
};

}  // namespace intelmq::sieve
