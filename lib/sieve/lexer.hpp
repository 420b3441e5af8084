// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace intelmq::sieve {

/// Where something stands in a rules file, both from 1; columns count characters.
struct Place {
  std::uint32_t line = 1, column = 1;
};

enum class TokenKind : std::uint8_t {
  word,      ///< A keyword, field name or number: `add`, `source.ip`, `-1.5`.
  variable,  ///< `$name`; the text is the name.
  text,      ///< A quoted text; the text is what stands between the quotes, not yet unescaped.
  sign,      ///< An operator or bracket: `==`, `:contains`, `{`.
  end
};

/// One token; `text` points into the source.
struct Token {
  std::string_view text;
  Place place;
  std::uint32_t begin = 0, end = 0;  ///< Bytes of the source that it takes, quotes included.
  TokenKind kind = TokenKind::end;
};

/// `FILE:LINE:COLUMN: `, the beginning of every error.
std::string position(std::string_view file, Place place);

/// Splits the source into tokens, comments and white space left out; the last one is `end`.
/// Error: `FILE:LINE:COLUMN: what; remedy`.
Result<std::vector<Token>> tokenise(std::string_view source, std::string_view file);

/// The text of a `text` token: a backslash before the quote that encloses it goes, any other
/// stays.
std::string unescape(std::string_view source, const Token& token);

/// Whether a word can name a field: small letters, digits, _ and points.
bool is_key(std::string_view word);

/// Whether a word is a number: `[+-]digits[.digits][e[+-]digits]`, digits on at least one side of
/// the point.
bool is_number(std::string_view word);

}  // namespace intelmq::sieve
