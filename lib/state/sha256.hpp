// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace intelmq {

/// SHA-256 (FIPS 180-4); uses the processor's SHA instructions where it has them.
std::array<std::uint8_t, 32> sha256(std::string_view bytes);

/// The same as 64 lower-case hexadecimal digits.
std::string sha256_hex(std::string_view bytes);

/// The same without SHA instructions, whatever the processor has.
std::array<std::uint8_t, 32> sha256_portable(std::string_view bytes);

}  // namespace intelmq
