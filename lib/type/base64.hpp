// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace intelmq {

/// How long the base64 form of so many bytes is.
constexpr std::size_t base64_size(std::size_t bytes) noexcept { return (bytes + 2) / 3 * 4; }

/// Writes the base64 form of `bytes`, base64_size() characters: standard alphabet, padded, on one
/// line.
void write_base64(char* to, std::string_view bytes);

/// Appends the base64 form of `bytes`.
void append_base64(std::string& out, std::string_view bytes);

/// Decodes base64 piece by piece as Python's b64decode does: ASCII characters outside the alphabet
/// are skipped, what follows the padding is ignored, missing padding and characters outside ASCII
/// are errors. It allocates nothing.
class Base64Decoder {
 public:
  /// Bytes that `out` of feed() must hold for an input of this size.
  static constexpr std::size_t room(std::size_t input) noexcept { return input / 4 * 3 + 3; }

  /// Decodes the next piece to `out`, which may be the place of the input itself, and returns the
  /// number of bytes written; nothing if the input is not ASCII.
  std::optional<std::size_t> feed(std::string_view in, char* out) noexcept;

  /// Whether the text is complete: call it after the last piece.
  bool finish() const noexcept { return done_ || held_ == 0; }

 private:
  bool step(unsigned char c, char*& out) noexcept;

  std::uint32_t bits_ = 0;
  unsigned held_ = 0;
  unsigned pads_ = 0;
  bool done_ = false;
};

/// The bytes of a whole text, by the rules of Base64Decoder.
std::optional<std::string> decode_base64(std::string_view text);

}  // namespace intelmq
