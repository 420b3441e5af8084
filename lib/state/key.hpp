// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>

namespace intelmq {

/// What a keyed hash made of an event: 128 bits, evenly spread (see state/hash.hpp).
struct Key {
  std::uint64_t high = 0;
  std::uint64_t low = 0;

  friend bool operator==(const Key& a, const Key& b) { return a.high == b.high && a.low == b.low; }
  friend bool operator!=(const Key& a, const Key& b) { return !(a == b); }
};

/// The secret part of a keyed hash; the same seed makes the same keys.
using Seed = std::array<std::uint8_t, 16>;

/// A remembered key, 16 bytes in memory and on disk: 96 bits of the key, and when it was first
/// seen.
struct KeyRecord {
  std::uint64_t high = 0;
  std::uint32_t low = 0;    ///< the lower half of Key::low
  std::uint32_t since = 0;  ///< Unix seconds, never 0 in a record that counts
};
static_assert(sizeof(KeyRecord) == 16);

}  // namespace intelmq
