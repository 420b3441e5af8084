// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace intelmq {

/// A value to be inserted. `text` is: the text itself (UTF-8), the digits of an integer of any
/// size, a real as JSON writes it, "true" or "false", nothing for none, or an ISO 8601 time such
/// as "2026-11-24T02:38:58.5+00:00".
struct FormatValue {
  enum class Kind { text, integer, real, boolean, none, time };
  Kind kind = Kind::text;
  std::string text;
};

/// What stands after the colon of a field: `[[fill]align][sign][#][0][width][,_][.precision][type]`
/// as in Python, or for times the directives of strftime.
class FormatSpec {
 public:
  /// No specification: the value as str() shows it.
  FormatSpec() = default;

  /// Error: the text is neither of the two.
  static Result<FormatSpec> compile(std::string_view text);

  /// Appends the value in this format. Error: the format does not suit the kind of the value.
  Result<void> append(std::string& out, const FormatValue& value) const;

 private:
  // A number without its sign: "0x", digits, and what follows them.
  struct Number {
    std::string prefix;
    std::string whole;
    std::string rest;
  };

  Result<void> append_text(std::string& out, std::string_view text) const;
  Result<void> append_integer(std::string& out, std::string digits) const;
  Result<void> append_real(std::string& out, double value) const;
  Result<void> append_character(std::string& out, bool negative, const std::string& digits) const;
  std::string real_digits(double value) const;
  void append_number(std::string& out, bool negative, const Number& number) const;
  void append_padded(std::string& out, std::string_view text, char default_align) const;
  bool read(std::string_view text);
  Result<void> unsuitable(const char* kind) const;

  std::string text_;
  // Whether text_ is a specification in Python's small language; otherwise it is for strftime.
  bool standard_ = true;
  std::string fill_ = " ";
  char align_ = 0;
  char sign_ = 0;
  bool alternate_ = false;
  bool zero_ = false;
  std::size_t width_ = 0;
  char grouping_ = 0;
  std::optional<std::size_t> precision_;
  char type_ = 0;
};

/// How Python's str() shows a value.
std::string display_text(const FormatValue& value);

/// Appends a time in the format of strftime in the C locale. Directives: a A b B c d D e f F G H I
/// j m M n p r R S t T u U V w W x X y Y z Z %. Error: not an ISO 8601 time, or an unknown
/// directive.
Result<void> append_strftime(std::string& out, std::string_view format, std::string_view time);

}  // namespace intelmq
