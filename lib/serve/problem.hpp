// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <utility>
#include <vector>

#include "base/json.hpp"
#include "serve/http.hpp"

namespace intelmq::serve {

/// One member of a request that is wrong.
struct FieldError {
  std::string pointer;  ///< RFC 6901 as a fragment: "#/database".
  std::string code;     ///< "type", "unknown", "required", "value", "file-missing" ...
  std::string detail;
};

/// A kind of error of the API, as documented at /api/v1/problems/{code}.
struct ProblemKind {
  std::string_view code;
  int status;
  std::string_view title;
  std::string_view meaning;  ///< When it comes, and what helps.
};
/// All of them.
const std::vector<ProblemKind>& problem_kinds();

/// An error on its way to a client (RFC 9457).
struct Problem {
  std::string_view code;  ///< One of `problem_kinds`.
  std::string detail;     ///< One sentence: thing, value, remedy.
  std::vector<FieldError> errors;
  Json members = Json::object();  ///< More members of the body, such as `state` and `allowed`.
  Headers headers;

  /// `instance` and `request_id` are added on the way out.
  Response response() const;
};

Response problem(std::string_view code, std::string detail);

/// A problem as the failure of an Answer.
inline tl::unexpected<Problem> refuse(std::string_view code, std::string detail) {
  return tl::unexpected<Problem>(Problem{code, std::move(detail), {}, Json::object(), {}});
}

}  // namespace intelmq::serve
