// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <cstring>
#include <string_view>

#include "event/field.hpp"

namespace intelmq {

/// What a key in a line is.
struct KeyClass {
  static constexpr std::uint16_t extra = 0xfffe;  ///< `extra.<name>`
  static constexpr std::uint16_t other = 0xffff;  ///< No field of DHO 1.
  static constexpr std::uint16_t type = 0xfffd;   ///< `__type`
  std::uint16_t id;                               ///< Index of the field, or one of the above.
  std::uint64_t hash;                             ///< Of the key's length, first and last bytes.
};

namespace detail {

/// A name as the words that tell it from any other of its length: its first and last eight bytes
/// and, for names over 16 bytes, the two words next to them.
struct KeyWords {
  std::uint64_t first = 0, last = 0, second = 0, third = 0;
  std::uint32_t size = 0;
};

constexpr std::uint64_t load_word(std::string_view text, std::size_t at) {
  std::uint64_t word = 0;
  for (std::size_t i = 0; i < 8 && at + i < text.size(); ++i)
    word |= static_cast<std::uint64_t>(static_cast<unsigned char>(text[at + i])) << (8 * i);
  return word;
}

constexpr KeyWords words_of(std::string_view name) {
  KeyWords out;
  out.size = static_cast<std::uint32_t>(name.size());
  out.first = load_word(name, 0);
  out.last = name.size() >= 8 ? load_word(name, name.size() - 8) : out.first;
  if (name.size() > 16) {
    out.second = load_word(name, 8);
    out.third = load_word(name, name.size() - 16);
  }
  return out;
}

constexpr std::uint64_t mix(std::uint64_t first, std::uint64_t last, std::uint64_t size,
                            std::uint64_t factor) {
  std::uint64_t h = (first ^ std::rotl(last, 29) ^ (size << 56)) * factor;
  return h ^ (h >> 32);
}

inline constexpr std::size_t index_slots = 1024;
inline constexpr std::size_t key_total = field_count + 1;  // and __type

constexpr std::string_view key_at(std::size_t i) {
  return i < field_count ? field_table[i].name : std::string_view{"__type"};
}

struct KeyTable {
  std::uint64_t factor = 0;
  std::array<std::uint8_t, index_slots> slot{};
  std::array<KeyWords, key_total> words{};
};

/// Searches a factor that gives every known key a slot of its own.
consteval KeyTable make_key_table() {
  KeyTable table;
  for (std::size_t i = 0; i < key_total; ++i) table.words[i] = words_of(key_at(i));
  for (std::uint64_t factor = 0x9e3779b97f4a7c15u;; factor += 0x632be59bd9b4e019u * 2) {
    table.slot.fill(0xff);
    bool free = true;
    for (std::size_t i = 0; free && i < key_total; ++i) {
      const KeyWords& w = table.words[i];
      std::uint8_t& slot = table.slot[mix(w.first, w.last, w.size, factor) % index_slots];
      free = slot == 0xff;
      slot = static_cast<std::uint8_t>(i);
    }
    if (free) {
      table.factor = factor;
      return table;
    }
  }
}

inline constexpr KeyTable key_table = make_key_table();

inline std::uint64_t word_at(const char* p) {
  std::uint64_t word;
  std::memcpy(&word, p, 8);
  return word;
}

}  // namespace detail

/// Classifies a key; eight bytes from its start must be readable whatever its size.
inline KeyClass classify_key(const char* key, std::size_t size) {
  using namespace detail;
  std::uint64_t first = word_at(key), last;
  if (size >= 8) {
    last = word_at(key + size - 8);
  } else {
    first &= size ? ~std::uint64_t{0} >> (64 - 8 * size) : 0;
    last = first;
  }
  const std::uint64_t hash = mix(first, last, size, key_table.factor);
  const std::uint8_t candidate = key_table.slot[hash % index_slots];
  if (candidate != 0xff) {
    const KeyWords& words = key_table.words[candidate];
    if (words.size == size && words.first == first && words.last == last &&
        (size <= 16 ||
         (words.second == word_at(key + 8) && words.third == word_at(key + size - 16))))
      return {candidate < field_count ? std::uint16_t{candidate} : KeyClass::type, hash};
  }
  constexpr std::uint64_t extra_prefix = load_word("extra.", 0);
  if (size > 6 && (first & 0xffffffffffffu) == extra_prefix) return {KeyClass::extra, hash};
  return {KeyClass::other, hash};
}

}  // namespace intelmq
