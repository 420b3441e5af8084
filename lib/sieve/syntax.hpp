// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "sieve/lexer.hpp"

namespace intelmq::sieve {

/// A field name as written, or a variable that holds one.
struct Key {
  std::string name;  ///< Without the `$`.
  bool variable = false;
  Place place;
};

/// What stands on the right side of an operator.
struct Operand {
  enum class Kind : std::uint8_t { text, number, boolean, variable };
  Kind kind = Kind::text;
  std::string text;  ///< The text; a number as written; `true` or `false`; a variable's name.
  Place place;
};

/// How a match is read; the first of these that fits the right side.
enum class MatchKind : std::uint8_t {
  text,
  text_list,
  number,
  number_list,
  network,
  time,
  presence,
  list,
  boolean
};

struct MatchSyntax {
  MatchKind kind = MatchKind::text;
  Key key;
  std::string sign;  ///< `==`, `:contains`, ...
  std::vector<Operand> values;
};

/// A condition: one match, or several parts of which all or any must hold.
struct Expression {
  enum class Kind : std::uint8_t { match, all, any };
  Kind kind = Kind::match;
  bool negated = false;
  MatchSyntax match;
  std::vector<Expression> parts;
};

enum class Verb : std::uint8_t {
  drop,
  keep,
  path,
  add,
  add_force,
  update,
  remove,
  append,
  append_force,
  assign
};

struct ActionSyntax {
  Verb verb = Verb::keep;
  Key key;           ///< Of `assign`: the field that is copied.
  std::string sign;  ///< `=`, `+=` or `-=`.
  Operand value;     ///< Of `assign`: the variable.
  std::vector<Operand> paths;
  Place place;
  std::string source;  ///< As written, on one line.
};

struct Branch;

/// An action, or an `if` with its branches.
struct Statement {
  std::optional<ActionSyntax> action;
  std::vector<Branch> branches;
};

/// `if`, `elif` or (without a condition) `else`.
struct Branch {
  std::optional<Expression> condition;
  std::vector<Statement> body;
};

}  // namespace intelmq::sieve
