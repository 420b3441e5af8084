// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

#include "format/window.hpp"

namespace intelmq {

/// Where a line ends: the bytes of the line and of its end ("\n", "\r\n", "\r", or none).
struct LineEnd {
  std::size_t size = 0, ending = 0;
};

/// The end of the first line of `text`, looked for from `from` on; nothing when it is not there or
/// when a CR is the last byte, so that an LF might still follow.
std::optional<LineEnd> find_line_end(std::string_view text, std::size_t from = 0);

/// The lines of a byte stream, one at a time, in constant memory. A line ends at LF, CR LF or a
/// lone CR; the last one needs no end. Nothing else ends a line: not U+2028, not a form feed.
class Lines {
 public:
  explicit Lines(std::size_t max_line = usual_max_record) : max_line_{max_line} {}

  /// Reads another stream from now on.
  void start(ByteSource bytes);
  /// Goes to the next line; false at the end of the stream, or when it broke (see `error`; a line
  /// that was not read to its end is not given then).
  bool next();

  /// The line without its end; good until `next`. 64 readable bytes follow it.
  std::string_view text() const { return window_.text().substr(0, std::min(at_.size, max_line_)); }
  std::string_view ending() const { return window_.text().substr(at_.size, at_.ending); }
  /// The line is longer than allowed: `text` is its beginning, the rest is left out.
  bool too_long() const { return at_.size > max_line_ || cut_; }
  std::uint64_t number() const { return number_; }  ///< From 1.
  std::uint64_t offset() const { return offset_; }  ///< Of the line's first byte.
  const std::optional<Error>& error() const { return window_.error(); }

 private:
  bool skip_rest();

  Window window_;
  std::size_t max_line_;
  LineEnd at_;
  std::uint64_t number_ = 0, offset_ = 0;
  bool cut_ = false;  // more of the line follows what was given
};

}  // namespace intelmq
