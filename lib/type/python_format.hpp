// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "type/format_spec.hpp"

namespace intelmq {

/// What a field of a template names: `{msg[source.ip]}` is name "msg", keys {"source.ip"};
/// `{matches[url][1]}` is "matches", {"url", "1"}; `{}` and `{0}` are "0".
struct FieldPath {
  std::string name;
  std::vector<std::string> keys;

  /// As written, without braces: `msg[source.ip]`.
  std::string text() const;
};

/// Gives the value of a field, or nothing if it has none.
using FieldResolver = std::function<std::optional<FormatValue>(const FieldPath&)>;

/// A template in the language of Python's str.format. Values are only ever inserted: braces in
/// them mean nothing.
class FormatTemplate {
 public:
  /// Error: "column N: reason; remedy", N in bytes from 1. Refused, though Python knows them, are
  /// attributes (`{msg.name}`) and fields within a format specification (`{x:{width}}`).
  static Result<FormatTemplate> compile(std::string_view text);

  /// The text with every field replaced. Error: a field without a value, named, or a format
  /// specification that does not suit the value.
  Result<std::string> render(const FieldResolver& resolver) const;

  /// The fields in the order of the template, so that names can be checked at start-up.
  std::vector<FieldPath> fields() const;

 private:
  struct Field {
    FieldPath path;
    // r, s, a or 0.
    char conversion = 0;
    FormatSpec spec;
  };
  struct Piece {
    std::string literal;
    std::optional<Field> field;
  };
  class Reader;

  std::vector<Piece> pieces_;
};

}  // namespace intelmq
