// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>

namespace intelmq::bench {

/// Reproducible draws: one seed, one sequence, on every machine (splitmix64).
class Draw {
 public:
  explicit Draw(std::uint64_t seed) : state_{seed} {}

  std::uint64_t bits() {
    std::uint64_t z = (state_ += 0x9e3779b97f4a7c15U);
    z = (z ^ (z >> 30U)) * 0xbf58476d1ce4e5b9U;
    z = (z ^ (z >> 27U)) * 0x94d049bb133111ebU;
    return z ^ (z >> 31U);
  }

  /// 0 <= result < limit.
  std::uint32_t below(std::uint32_t limit) {
    return static_cast<std::uint32_t>(((bits() >> 32U) * limit) >> 32U);
  }

  bool chance(std::uint32_t percent) { return below(100) < percent; }

  std::string_view one_of(std::span<const std::string_view> things) {
    return things[below(static_cast<std::uint32_t>(things.size()))];
  }

  /// An IPv4 address outside the private, reserved and documentation networks, in host order.
  std::uint32_t public_address() {
    for (;;) {
      const auto address = static_cast<std::uint32_t>(bits() >> 32U);
      if (is_public(address)) return address;
    }
  }

 private:
  static bool is_public(std::uint32_t address) {
    struct Range {
      std::uint32_t network;
      unsigned length;
    };
    static constexpr Range kept_out[] = {
        {0x00000000, 8},  {0x0a000000, 8},  {0x64400000, 10}, {0x7f000000, 8},  {0xa9fe0000, 16},
        {0xac100000, 12}, {0xc0000000, 24}, {0xc0000200, 24}, {0xc0a80000, 16}, {0xc6120000, 15},
        {0xc6336400, 24}, {0xcb007100, 24}, {0xe0000000, 3}};
    for (const Range& range : kept_out) {
      if (((address ^ range.network) >> (32U - range.length)) == 0) return false;
    }
    return true;
  }

  std::uint64_t state_;
};

}  // namespace intelmq::bench
