// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/short_text.hpp"

namespace intelmq {

namespace detail {

constexpr std::uint64_t load_word(std::string_view text, std::size_t at) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < 8 && at + i < text.size(); ++i)
    word |= std::uint64_t{static_cast<unsigned char>(text[at + i])} << (8 * i);
  return word;
}

}  // namespace detail

/// A set of names fixed at compile time, found by their length, first and last bytes without a
/// collision.
template <std::size_t N>
class NameIndex {
  static_assert(N < 0xff);

 public:
  static constexpr std::size_t none = N;

  /// Searches a factor that gives every name a slot of its own.
  consteval explicit NameIndex(const std::array<std::string_view, N>& names) : names_{names} {
    for (factor_ = 0x9e3779b97f4a7c15u;; factor_ += 2 * 0x632be59bd9b4e019u)
      if (fill()) return;
  }

  /// The name's number, or `none`.
  std::size_t find(std::string_view name) const {
    const std::uint64_t first = load_8(name.data(), name.size());
    const std::uint64_t last = name.size() < 8 ? first : load_8(name.data() + name.size() - 8, 8);
    const std::uint8_t found = slots_[slot_of(first, last, name.size())];
    return found != free && names_[found] == name ? found : none;
  }

 private:
  static constexpr std::uint8_t free = 0xff;
  static constexpr std::size_t size = std::bit_ceil(N * 8);

  constexpr std::size_t slot_of(std::uint64_t first, std::uint64_t last, std::size_t length) const {
    const std::uint64_t hash = (first ^ std::rotl(last, 29) ^ (length << 56)) * factor_;
    return (hash ^ hash >> 32) % size;
  }
  constexpr bool fill() {
    slots_.fill(free);
    for (std::size_t i = 0; i < N; ++i) {
      const std::string_view name = names_[i];
      const std::uint64_t first = detail::load_word(name, 0);
      const std::uint64_t last = name.size() < 8 ? first : detail::load_word(name, name.size() - 8);
      std::uint8_t& slot = slots_[slot_of(first, last, name.size())];
      if (slot != free) return false;
      slot = static_cast<std::uint8_t>(i);
    }
    return true;
  }

  std::array<std::string_view, N> names_;
  std::array<std::uint8_t, size> slots_{};
  std::uint64_t factor_ = 0;
};

}  // namespace intelmq
