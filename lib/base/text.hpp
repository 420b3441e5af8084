// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace intelmq {

/// Insertions, deletions, replacements and swaps of neighbours that turn one text into the other.
std::size_t edit_distance(std::string_view a, std::string_view b);

/// The candidate a misspelt name was probably meant to be (letter case and `-`/`_` do not count);
/// empty when none is close enough. The result refers to the candidate.
std::string_view nearest(std::string_view name, std::span<const std::string_view> candidates);
std::string_view nearest(std::string_view name, std::span<const std::string> candidates);

/// `; did you mean 'drop'?`, or nothing when `suggestion` is empty: for the end of an error.
std::string did_you_mean(std::string_view suggestion);

/// Words as a POSIX shell splits them: '...', "..." and backslashes; nothing is expanded.
/// Error: an open quote, a backslash at the end.
Result<std::vector<std::string>> split_shell(std::string_view text);

/// The word in a form that a POSIX shell reads as itself; unquoted when that is safe.
std::string quote_shell(std::string_view word);

/// Without blanks, tabs and line ends around it.
std::string_view trim(std::string_view text);

/// The parts between separators: n separators give n + 1 parts.
std::vector<std::string_view> split(std::string_view text, char separator);

/// The parts of a text with commas, trimmed, without empty ones; `kafka://a:1,b:2/topic` is one.
std::vector<std::string> split_names(std::string_view text);

std::string join(std::span<const std::string> parts, std::string_view between);

std::string ascii_lower(std::string_view text);
std::string ascii_upper(std::string_view text);

/// The value in single quotes, safe for a terminal and short: control and direction characters and
/// bytes that are not UTF-8 as \x1b, at most 120 characters followed by "...".
std::string quote_for_message(std::string_view value);

/// Bytes of the UTF-8 sequence at `at`, which must be inside the text; 0 if it is ill-formed.
std::size_t utf8_size(std::string_view text, std::size_t at);

/// Characters of a UTF-8 text; a stray byte counts as one.
std::size_t count_characters(std::string_view text);

/// Lines of at most `width` characters, broken at blanks; a longer word has its own line. Line
/// ends in the text stay line ends. An empty text has no lines.
std::vector<std::string> wrap(std::string_view text, std::size_t width);

/// Puts an asterisk over every byte of the passwords of the URLs in a text: what stands between
/// `://[USER:]` and `@`, and options called `password`.
void hide_passwords(char* text, std::size_t size);

}  // namespace intelmq
