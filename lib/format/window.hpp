// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

#include "base/byte_source.hpp"

namespace intelmq {

/// The largest record that the readers of this module hold by default, in bytes.
inline constexpr std::size_t usual_max_record = std::size_t{16} << 20;

/// The part of a byte stream that a reader looks at. It grows only while a record needs it and
/// shrinks again afterwards. 64 readable bytes follow what it holds. A UTF-8 byte order mark at
/// the beginning is left out. Views into it are good until `more` or `drop` is called.
class Window {
 public:
  static constexpr std::size_t padding = 64;

  /// Reads another stream from now on; the memory is used again.
  void start(ByteSource bytes);

  std::string_view text() const { return {buffer_.get() + begin_, end_ - begin_}; }
  std::size_t size() const { return end_ - begin_; }
  /// Reads more behind what is there; false at the end of the stream and after an error.
  bool more();
  /// Reads on until at least half as much again is there, so that a record that is looked at anew
  /// after each `more` costs linear time. Small windows grow by one read, which does not wait for
  /// what a slow stream has not sent.
  bool much_more();
  /// Forgets the first `size` bytes.
  void drop(std::size_t size);
  /// Place of the first byte in the stream.
  std::uint64_t offset() const { return offset_; }
  /// Why the stream ended early.
  const std::optional<Error>& error() const { return error_; }

 private:
  static constexpr std::size_t block = 128 * 1024;

  void make_room();
  void drop_mark();

  ByteSource bytes_;
  std::unique_ptr<char[]> buffer_;
  std::size_t capacity_ = 0;
  std::size_t begin_ = 0, end_ = 0;
  std::uint64_t offset_ = 0;
  bool ended_ = true, mark_looked_for_ = true;
  std::optional<Error> error_;
};

}  // namespace intelmq
