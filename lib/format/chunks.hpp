// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <string>

#include "base/byte_source.hpp"

namespace intelmq {

/// A stream cut into pieces at line ends, as IntelMQ splits large reports: a piece ends with the
/// last line that ends within `size` bytes, or with the first line if that alone is longer; with
/// `repeat_header` the first line of the stream stands in front of every later piece.
class Chunks {
 public:
  /// `size` 0: one piece with everything, which is not held in memory.
  Chunks(ByteSource input, std::size_t size, bool repeat_header);

  /// Goes to the next piece; false when there is none, or when reading failed (then the next piece
  /// was one whose `bytes()` gave the error).
  bool next();
  /// The piece as a stream; read it before the next call of next().
  ByteSource bytes();

 private:
  bool fill(std::size_t wanted);
  ByteSource input_;
  std::size_t size_;
  bool repeat_header_;
  std::string header_, held_, piece_;
  bool started_ = false, ended_ = false, failed_ = false;
  Error error_;
};

}  // namespace intelmq
