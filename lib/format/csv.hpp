// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "format/lines.hpp"
#include "format/window.hpp"

namespace intelmq {

/// How a feed writes its table.
struct CsvStyle {
  std::string delimiter = ",";  ///< One character, in UTF-8.
  bool comments = false;        ///< Leave out lines whose first character but blanks is `#`.
};

/// The rows of a CSV stream, one at a time, in constant memory, by the rules of Python's
/// csv.reader: a quote is special only at the start of a cell, a doubled one stands for itself,
/// quoted cells may hold line ends, what follows a closing quote belongs to the cell. Lines of
/// blanks and tabs are left out, NUL bytes too.
///
/// A quote that is never closed would swallow the rest of the feed: a row that exceeds the largest
/// record, or that ends with the stream in a later line, is given as `bad` with its first line
/// alone, and reading goes on behind that line.
class CsvReader {
 public:
  enum class Found : std::uint8_t { row, bad, end };

  explicit CsvReader(CsvStyle style = {}, std::size_t max_record = usual_max_record)
      : style_{std::move(style)}, max_record_{max_record} {}

  /// Reads another stream from now on.
  void start(ByteSource bytes);
  /// Goes to the next row.
  Found next();
  /// Goes to the next line that is no comment and not blank, as `text`, without looking for cells
  /// (headers); false at the end.
  bool next_line();

  /// Cells of the row; good until the next call.
  std::span<const std::string_view> cells() const { return cells_; }
  /// The row as it stands in the feed, without its line end.
  std::string_view text() const { return window_.text().substr(0, at_.size); }
  /// The row with its line end.
  std::string_view whole() const { return window_.text().substr(0, at_.size + at_.ending); }
  /// A bit for every cell that is not known to be plain (see event/clean.hpp) or empty; the last
  /// one is for all cells from there on. All are set if the row may hold bytes beyond ASCII.
  std::uint64_t unplain() const { return unplain_; }
  /// Whether append_csv_row would write the row as it stands, if the delimiter is a comma.
  bool canonical() const { return canonical_; }
  /// The line end that a row written for this feed takes: "\n" when all rows so far had it,
  /// else "\r\n".
  std::string_view usual_ending() const { return lf_ && !other_ ? "\n" : "\r\n"; }
  const char* reason() const { return reason_; }    ///< Why the row is bad.
  std::uint64_t number() const { return number_; }  ///< Of the row's first line, from 1.
  std::uint64_t offset() const { return offset_; }  ///< Of its first byte, NULs not counted.
  const std::optional<Error>& error() const { return window_.error(); }

 private:
  enum class Cell : std::uint8_t { more, last, open };

  bool go_to_row();
  bool find_line();
  void skip_rest();
  bool at_row() const;
  bool quick_row();
  bool take_quick_row(std::size_t size, bool quoted, bool odd);
  void unquote_cells(std::size_t row_size);
  bool split(bool ended);
  bool split_plain(std::string_view line);
  Cell read_cell(std::string_view held, std::size_t& at, bool ended);
  Cell read_plain(std::string_view held, std::size_t& at, bool ended);
  Cell read_quoted(std::string_view held, std::size_t& at, bool ended);
  bool is_delimiter(std::string_view held, std::size_t at) const;
  void keep_scratch(std::size_t from);
  void settle(LineEnd end);
  Found give_first_line(const char* reason);

  CsvStyle style_;
  std::size_t max_record_;
  Window window_;
  LineEnd at_, line_;  // of the row, and of its first line
  std::vector<std::string_view> cells_;
  struct Unquoted {
    std::size_t cell, from, size;
  };
  std::vector<Unquoted> unquoted_;  // cells whose text is in scratch_
  std::string scratch_;
  std::uint64_t number_ = 0, next_number_ = 1, offset_ = 0;
  bool lf_ = false, other_ = false, cut_ = false, canonical_ = true;
  std::uint64_t unplain_ = 0;
  const char* reason_ = "";
};

/// Appends the row as Python's csv.writer does with commas and the least quoting; `ending` is
/// the line end to write.
void append_csv_row(std::string& out, std::span<const std::string_view> cells,
                    std::string_view ending);

}  // namespace intelmq
