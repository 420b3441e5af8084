// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

// Inner part of type/regex.hpp: the quick way for simple patterns.

namespace intelmq {

/// A pattern as a table: each byte of a text leads from one state to the next. Only for patterns of
/// ASCII characters and sets, `.`, `|`, groups that are not repeated, `^` and `$` at the ends, and
/// repetitions of single characters.
class RegexTable {
 public:
  /// Of a pattern that Python accepts; nothing if it is none of the simple ones.
  static std::optional<RegexTable> make(std::string_view pattern, bool ignore_case);

  /// Whether the pattern is found in the text; nothing if a byte beyond ASCII decides.
  std::optional<bool> search(std::string_view text) const {
    std::size_t row = start_;
    for (auto at = text.begin(); at != text.end() && row > found_; ++at)
      row = rows_[row + kinds_[static_cast<unsigned char>(*at)]];
    if (row > found_) return rows_[row + size_ - 1] != 0;
    if (row == unknown_) return std::nullopt;
    return row == found_;
  }

 private:
  friend class TableMaker;
  RegexTable() = default;

  // A row has the places of the rows to go to, by kind of byte, and whether a text may end there.
  // The first three end the search: not found, not known, found.
  std::vector<std::uint16_t> rows_;
  std::array<std::uint8_t, 256> kinds_{};
  std::size_t size_ = 0, unknown_ = 0, found_ = 0, start_ = 0;
};

}  // namespace intelmq
