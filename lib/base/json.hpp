// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

namespace intelmq {

/// A JSON document as a tree: for parameters, descriptions and reports, never for the event path.
/// Members keep their order; a number keeps the text it was written with.
class Json {
 public:
  enum class Kind { null, boolean, number, string, array, object };
  using Array = std::vector<Json>;
  using Member = std::pair<std::string, Json>;
  using Object = std::vector<Member>;

  Json() = default;
  Json(std::nullptr_t) {}
  Json(bool value) : kind_{Kind::boolean}, boolean_{value} {}
  Json(std::int64_t value) : kind_{Kind::number}, text_{std::to_string(value)} {}
  Json(int value) : Json(static_cast<std::int64_t>(value)) {}
  Json(double value);  ///< Null when not finite.
  Json(std::string value) : kind_{Kind::string}, text_{std::move(value)} {}
  Json(std::string_view value) : Json(std::string(value)) {}
  Json(const char* value) : Json(std::string(value)) {}
  Json(Array items) : kind_{Kind::array}, items_(std::move(items)) {}  // braces would nest it
  Json(Object members) : kind_{Kind::object}, members_(std::move(members)) {}
  static Json number(std::string text);  ///< A number that keeps its own spelling.
  static Json array() { return Json(Array{}); }
  static Json object() { return Json(Object{}); }

  /// One whole document; depth at most 128; of a member given twice the last value counts, at the
  /// first's place. The error names line and column.
  static Result<Json> parse(std::string_view text);
  /// The same of text that strangers send: a member given twice is an error, and so is what is
  /// nested deeper than `depth` (at most 128).
  static Result<Json> parse_strict(std::string_view text, int depth);

  Kind kind() const { return kind_; }
  bool is_null() const { return kind_ == Kind::null; }
  bool is_boolean() const { return kind_ == Kind::boolean; }
  bool is_number() const { return kind_ == Kind::number; }
  bool is_integer() const;
  bool is_string() const { return kind_ == Kind::string; }
  bool is_array() const { return kind_ == Kind::array; }
  bool is_object() const { return kind_ == Kind::object; }

  bool boolean() const { return boolean_; }
  const std::string& text() const { return text_; }  ///< Of a string, or a number's spelling.
  std::optional<std::int64_t> integer() const;
  std::optional<double> real() const;
  const Array& items() const { return items_; }
  const Object& members() const { return members_; }

  /// The member of that name, or a null value.
  const Json& operator[](std::string_view name) const;
  bool has(std::string_view name) const;
  Json& set(std::string name, Json value);  ///< Replaces or appends a member; returns *this.
  Json& push(Json value);                   ///< Appends an item; returns *this.

  /// Python's default spelling (", " and ": ", non-ASCII as \u escapes unless `utf8`).
  std::string dump(bool utf8 = true) const;
  std::string dump_pretty() const;  ///< Indented by two blanks.

  /// Members in any order; integers by spelling, other numbers by value.
  friend bool operator==(const Json& a, const Json& b);

 private:
  void write(std::string& out, bool utf8, int indent, int depth) const;
  Kind kind_ = Kind::null;
  bool boolean_ = false;
  std::string text_;
  Array items_;
  Object members_;
};

}  // namespace intelmq
