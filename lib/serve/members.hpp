// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "serve/problem.hpp"
#include "type/duration.hpp"

namespace intelmq::serve {

/// Reads the members of a JSON object of a request and notes what is wrong with them. Each member
/// that is read is one that may be there; `finish` notes all others.
class Members {
 public:
  /// `pointer`: where the object lies in the body: "#", "#/tls".
  Members(const Json& object, std::string pointer, std::vector<FieldError>& errors);

  bool has(std::string_view name);
  /// Nothing: it is absent, or wrong (which is noted), as null is.
  std::optional<std::string> text(std::string_view name);
  std::optional<std::string> required_text(std::string_view name);
  std::optional<std::int64_t> integer(std::string_view name, std::int64_t least, std::int64_t most);
  std::optional<bool> boolean(std::string_view name);
  std::optional<Duration> duration(std::string_view name);  ///< ISO 8601.
  /// Which of the names it is.
  std::optional<std::size_t> choice(std::string_view name, std::span<const std::string_view> names);
  /// The object of that name; nothing as above.
  const Json* object(std::string_view name);
  /// A file that can be read; empty: none was named.
  std::string file(std::string_view name);

  void wrong(std::string_view name, std::string_view code, std::string detail);
  /// Members that are there and were not asked for.
  void finish();
  std::string pointer(std::string_view name) const;

 private:
  const Json* find(std::string_view name);
  const Json& object_;
  std::string pointer_;
  std::vector<FieldError>& errors_;
  std::vector<std::string_view> known_;
};

/// The problem of a body with such errors.
Problem invalid(std::vector<FieldError> errors);

}  // namespace intelmq::serve
