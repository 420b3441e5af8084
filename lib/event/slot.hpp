// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

namespace intelmq {

/// A member of an event: its value as raw JSON text, and the number of its key.
struct Slot {
  const char* value;
  std::uint32_t value_size;
  std::uint32_t key_and_flags;

  static constexpr std::uint32_t in_line = 1u << 24;  ///< Stands in the line as it is.
  static constexpr std::uint32_t removed = 1u << 25;  ///< Taken away.
  static constexpr std::uint32_t ignored = 1u << 26;  ///< Absent to everybody but `write`.
  static constexpr std::uint32_t checked = 1u << 27;  ///< Known to be valid.

  std::uint32_t key() const { return key_and_flags & 0xffffff; }
  bool is(std::uint32_t flag) const { return key_and_flags & flag; }
  void put(std::uint32_t flag, bool on = true) {
    key_and_flags = on ? key_and_flags | flag : key_and_flags & ~flag;
  }
  bool has_value() const { return !is(removed | ignored); }
  std::string_view text() const { return {value, value_size}; }
};

}  // namespace intelmq
