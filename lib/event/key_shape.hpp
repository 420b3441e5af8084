// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

#include "event/key_index.hpp"

namespace intelmq {

/// The keys of the line read before, in their order. Lines of one feed mostly have the same keys
/// in the same order; telling that a key is the expected one is much cheaper than finding out what
/// it is, and a line whose keys are all as expected has no key twice.
class KeyShape {
 public:
  static constexpr std::size_t most_keys = 96;
  static constexpr std::size_t longest_key = 32;

  std::size_t size() const { return size_; }
  const KeyClass& at(std::size_t i) const { return entries_[i].known; }

  /// Whether the key is the i-th one; 8 bytes from its start must be readable.
  bool matches(std::size_t i, const char* key, std::size_t size) const {
    const Entry& entry = entries_[i];
    if (entry.size != size) return false;
    if (size < 8) return ((detail::word_at(key) ^ entry.first) & entry.mask) == 0;
    if (((detail::word_at(key) ^ entry.first) | (detail::word_at(key + size - 8) ^ entry.last)) !=
        0)
      return false;
    return size <= 16 || ((detail::word_at(key + 8) ^ entry.second) |
                          (detail::word_at(key + size - 16) ^ entry.third)) == 0;
  }

  void forget() { size_ = 0; }
  /// Appends a key; false if it cannot be part of a shape.
  bool add(const char* key, std::size_t size, const KeyClass& known) {
    if (size_ == most_keys || size > longest_key || size == 0) return false;
    Entry& entry = entries_[size_++];
    entry.size = static_cast<std::uint32_t>(size);
    entry.known = known;
    entry.first = detail::word_at(key);
    entry.mask = size < 8 ? ~std::uint64_t{0} >> (64 - 8 * size) : 0;
    if (size >= 8) entry.last = detail::word_at(key + size - 8);
    if (size > 16) {
      entry.second = detail::word_at(key + 8);
      entry.third = detail::word_at(key + size - 16);
    }
    return true;
  }

 private:
  struct Entry {
    std::uint64_t first, last, second, third, mask;
    KeyClass known;
    std::uint32_t size;
  };
  std::size_t size_ = 0;
  std::array<Entry, most_keys> entries_;
};

}  // namespace intelmq
