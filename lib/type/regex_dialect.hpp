// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.hpp"

// Inner part of type/regex.hpp: from the language of Python's `re` to that of PCRE2.

namespace intelmq {

/// A pattern that is a plain text, perhaps tied to the start or the end.
struct LiteralPattern {
  enum class End { open, before_newline, absolute };
  std::string text;
  bool at_start = false;
  End end = End::open;
};

/// A pattern in the language of PCRE2, for the options UTF, UCP and ALT_CIRCUMFLEX.
struct TranslatedPattern {
  std::string text;
  bool ignore_case = false;
  bool multiline = false;
  bool dot_all = false;
  /// Number of groups, group 0 not counted.
  std::size_t groups = 0;
  std::vector<std::pair<std::string, std::size_t>> names;
  /// Set if no regular expression is needed.
  std::optional<LiteralPattern> literal;
};

/// Error: "column N: ...", N in characters from 1, if Python 3.11 would not compile the pattern or
/// PCRE2 cannot do the same.
Result<TranslatedPattern> translate_pattern(std::string_view pattern, bool ignore_case);

}  // namespace intelmq
