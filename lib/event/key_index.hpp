// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string_view>

#include "event/field.hpp"
#include "event/name_index.hpp"

namespace intelmq {

/// What a key in a line is: the index of a field, or one of these.
struct KeyClass {
  static constexpr std::uint16_t type = 0xfffd;   ///< `__type`
  static constexpr std::uint16_t extra = 0xfffe;  ///< `extra.<name>`
  static constexpr std::uint16_t other = 0xffff;  ///< No field of DHO 1.
};

namespace detail {

inline constexpr NameIndex<field_count + 1> key_names{[] {
  std::array<std::string_view, field_count + 1> names;
  for (std::size_t i = 0; i < field_count; ++i) names[i] = field_table[i].name;
  names[field_count] = "__type";
  return names;
}()};

}  // namespace detail

inline std::uint16_t classify_key(std::string_view key) {
  const std::size_t found = detail::key_names.find(key);
  if (found < field_count) return static_cast<std::uint16_t>(found);
  if (found == field_count) return KeyClass::type;
  return key.size() > 6 && key.starts_with("extra.") ? KeyClass::extra : KeyClass::other;
}

}  // namespace intelmq
