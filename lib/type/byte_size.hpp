// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <compare>
#include <cstdint>
#include <string>
#include <string_view>

#include "base/result.hpp"

namespace intelmq {

/// A number of bytes.
struct ByteSize {
  std::uint64_t bytes = 0;

  /// The whole number of the largest unit that loses nothing, such as `16MiB`, `512KiB`, `100`;
  /// parse it to get the same value.
  std::string text() const;

  constexpr bool operator==(const ByteSize&) const = default;
  constexpr auto operator<=>(const ByteSize&) const = default;
};

/// Reads `16MiB`, `512k`, `1.5G`, `100`. In any case of letters: k, m, g, t and KiB, MiB, GiB, TiB
/// are powers of 1024; kB, MB, GB, TB powers of 1000; B and no unit count bytes.
Result<ByteSize> parse_byte_size(std::string_view text);

}  // namespace intelmq
