// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "serve/http.hpp"
#include "serve/problem.hpp"

namespace intelmq::serve {

/// The parser of one request.
class RequestParser {
 public:
  explicit RequestParser(Request& request);
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;
  ~RequestParser();

  /// A whole head, with its empty line, into method, target and headers of the request.
  std::optional<Problem> head(std::string_view bytes);
  unsigned version() const;  ///< 10 or 11.
  bool keeps_alive() const;  ///< By version and the header Connection.

  /// Appends to `out` what `bytes` have of the body; trailers are dropped.
  struct Step {
    std::size_t used = 0;
    bool malformed = false;
  };
  Step body(std::string_view bytes, std::string& out);
  bool done() const;  ///< The body is whole.

  struct Impl;

 private:
  std::unique_ptr<Impl> impl_;
};

/// "Not Found" for 404.
std::string_view reason_of(int status);

}  // namespace intelmq::serve
