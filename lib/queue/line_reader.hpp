// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

#include "queue/byte_input.hpp"
#include "queue/page_buffer.hpp"
#include "queue/source.hpp"

namespace intelmq {

/// Cuts an input into records: lines without their LF or CR LF. The last line needs no line end.
/// Lines of blanks only are skipped, but counted as lines. Memory: two blocks, more only while a
/// longer record passes; a record beyond `max_record` is hashed as it flows by.
class LineReader {
 public:
  /// What is kept of a record that is too long.
  static constexpr std::size_t kept = 4096;

  explicit LineReader(const SourceOptions& options);
  LineReader(LineReader&&) noexcept;
  ~LineReader();

  /// Reads this input from now on, with lines counted from 1; the buffer is used again.
  void start(ByteInput input);
  /// Forgets the input and closes it.
  void stop();
  bool started() const { return input_.has_value(); }
  const ByteInput& input() const { return *input_; }

  /// As Source::next. After `broken` see `error()`. An unfinished line before damage is not given.
  Fetch next(Record& out);
  /// As `next`, but of the input no more is read than the end of a line that has begun; `later`:
  /// all that was read is given, or more of that line has to come or to be read.
  Fetch rest(Record& out);
  /// Whether something was read that is not given.
  bool in_a_line() const { return begin_ != end_ || (skipped_ && !skipped_given()); }
  /// `broken`, for a line whose end does not come.
  Fetch torn();
  /// The rest as bytes, as ByteInput::read.
  Result<std::size_t> read(char* out, std::size_t size, const Wakeup& wakeup);

  std::uint64_t empty_lines() const { return empty_lines_; }
  const Error& error() const { return error_; }

 private:
  struct Skipped;

  bool take(char* line, char* stop, Record& out);
  void number(Record& out, std::uint64_t offset);
  Fetch fill();
  bool make_room();
  void shrink();
  Fetch at_end(Fetch state, Record& out);
  void begin_skip();
  Fetch skip(Record& out);
  bool skipped_given() const;
  Fetch give_skipped(bool line_feed, Record& out);
  Fetch broken(const Error& error);
  std::size_t usual_size() const;
  std::uint64_t offset_of(const char* place) const;

  std::size_t max_record_;
  std::size_t block_;
  std::size_t step_;       // read at once
  std::size_t steps_ = 0;  // of one byte, until the clock is looked at
  std::optional<ByteInput> input_;
  PageBuffer buffer_;
  char* begin_ = nullptr;   // of the record being looked for
  char* scan_ = nullptr;    // no line feed between begin_ and here
  char* end_ = nullptr;     // of what was read
  std::uint64_t base_ = 0;  // place of the buffer's first byte in the source
  std::uint64_t line_ = 0;
  std::uint64_t empty_lines_ = 0;
  unsigned calm_fills_ = 0;  // since the buffer was last needed in its present size
  bool ended_ = false;
  std::unique_ptr<Skipped> skipped_;
  Error error_;
};

}  // namespace intelmq
