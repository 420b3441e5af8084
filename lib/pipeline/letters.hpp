// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"

namespace intelmq {

/// A line of a dead-letter file.
struct Letter {
  std::string time, bot, code, reason, source;
  std::int64_t line = 0;
  std::string original;  ///< The bytes of the record, decoded.
  bool cut = false;      ///< `original` is only the beginning: the record was too long.
};

/// Error: the line is no dead letter, and why.
Result<Letter> read_letter(std::string_view line);

/// Whether the reason or the code contains the text; an empty text fits all.
bool fits(const Letter& letter, std::string_view text);

/// Line breaks, other control and direction characters and bytes that are not UTF-8 as `\n`,
/// `\x1b`; at most `most` characters.
std::string harmless(std::string_view text, std::size_t most);

/// One row for a terminal, without its line end.
std::string letter_row(const Letter& letter);
std::string letter_head();

/// How many letters there are of each reason.
class LetterCounts {
 public:
  static constexpr std::size_t most_reasons = 1000;

  void add(const Letter& letter);
  std::int64_t total() const { return total_; }
  /// A line for each reason, the most frequent first, and one for the total.
  std::string text() const;

 private:
  std::map<std::string, std::int64_t> counts_;
  std::int64_t others_ = 0;
  std::int64_t total_ = 0;
};

/// The lines of a file, one after the other, with the offset of each; the visitor returns whether
/// to go on. An unfinished last line counts. Error: names the path.
Result<void> each_line(
    const std::string& path,
    const std::function<bool(std::string_view line, std::int64_t offset)>& visit);

}  // namespace intelmq
