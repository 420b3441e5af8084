// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace intelmq {

/// SHA-256 (FIPS 180-4); uses the processor's SHA instructions where it has them.
std::array<std::uint8_t, 32> sha256(std::string_view bytes);

/// The same as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

/// SHA-256 of bytes that come piece by piece.
class Sha256 {
 public:
  Sha256();
  void update(std::string_view bytes);
  std::string hex();  ///< Of everything so far; nothing may follow.

 private:
  std::array<std::uint32_t, 8> state_;
  std::array<std::uint8_t, 64> block_;
  std::size_t held_ = 0;
  std::uint64_t total_ = 0;
};

/// The same without SHA instructions, whatever the processor has.
std::array<std::uint8_t, 32> sha256_portable(std::string_view bytes);

}  // namespace intelmq
