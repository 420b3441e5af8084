// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "serve/http_server.hpp"
#include "serve/problem.hpp"

namespace intelmq::serve {

/// What is known of a head of which only the beginning may have come.
struct HeadScan {
  std::size_t size = 0;  ///< Bytes up to and with the empty line; 0: more has to come.
  std::optional<Problem> refused;
};
/// Looks at lines alone, before anything is parsed: lengths, number of fields, how lines end.
HeadScan scan_head(std::string_view bytes, const Limits& limits);

/// How the body of a request comes.
struct Framing {
  std::optional<std::uint64_t> length;  ///< Content-Length.
  bool chunked = false;
  bool expects_continue = false;
  bool any() const { return chunked || length.value_or(0) > 0; }
};

/// Checks method, Host and framing of a parsed head; `version`: 10 or 11.
std::optional<Problem> check_head(const Request& request, unsigned version, Framing& framing);

/// Fills in `path` and `query` from `target`; "*" of OPTIONS is a path of its own.
std::optional<Problem> read_target(Request& request);

/// Nothing: a percent sign without two hex digits, or a NUL. `plus`: "+" is a blank.
std::optional<std::string> decode_percent(std::string_view text, bool plus);

/// `given` if it is [A-Za-z0-9._-]{1,64}, otherwise 32 random hex digits.
std::string request_id(std::string_view given);

/// Methods that there are at all, as in the header Allow.
extern const std::string_view all_methods;

}  // namespace intelmq::serve
