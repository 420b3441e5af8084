// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <emmintrin.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

#include "event/arena.hpp"
#include "event/field.hpp"
#include "event/flat_list.hpp"

namespace intelmq {

/// One key that lines have had.
struct EventKey {
  const char* name = nullptr;
  std::uint32_t size = 0;
  std::uint32_t place = 0;  ///< Its lead's place, if it has one.
  std::uint32_t hash = 0;
  std::uint16_t id = 0;  ///< Index of the field, or one of KeyClass.
  bool odd = false;      ///< The name needs escapes.

  std::string_view text() const { return {name, size}; }
};

/// How lines lead up to the values of one key: the key in its quotes, colon and blank, as last
/// seen.
struct alignas(16) Lead {
  static constexpr std::size_t longest = 48;

  char text[longest] = {};
  char tail[16] = {1};     ///< Its last 16 bytes, ...
  char skip[16] = {};      ///< ... and which of 16 do not count, if it is shorter.
  std::uint32_t last = 0;  ///< Where the tail begins.
  std::uint32_t size = 0;  ///< 0: leads to nothing.
  std::uint32_t key = 0;

  /// Whether it stands at `p`; 48 bytes must be readable there.
  bool stands_at(const char* p) const {
    const __m128i same = _mm_and_si128(_mm_cmpeq_epi8(load(p), own(text)),
                                       _mm_cmpeq_epi8(load(p + last), own(tail)));
    if (_mm_movemask_epi8(_mm_or_si128(same, own(skip))) != 0xffff) return false;
    return size <= 32 || _mm_movemask_epi8(_mm_cmpeq_epi8(load(p + 16), own(text + 16))) == 0xffff;
  }
  void learn(const char* from, std::size_t length);

 private:
  static __m128i load(const char* p) {
    return _mm_loadu_si128(reinterpret_cast<const __m128i*>(p));
  }
  static __m128i own(const char* p) { return _mm_load_si128(reinterpret_cast<const __m128i*>(p)); }
};

/// The keys of the lines read so far, and the order to expect them in. Lines of one feed mostly
/// have the same keys in much the same order, and telling that a key is the expected one is much
/// cheaper than finding out what it is.
class EventKeys {
 public:
  static constexpr std::uint32_t none = 0;  ///< No such key.

  EventKeys();
  EventKey& operator[](std::uint32_t index) { return list_[index]; }
  const EventKey& operator[](std::uint32_t index) const { return list_[index]; }

  std::uint32_t find(FieldId id) const { return by_field_[index_of(id)]; }
  /// A number that changes when a key becomes known or all are forgotten; never the same twice.
  std::uint64_t version() const { return version_; }
  std::uint32_t find_type() const { return by_field_[field_count]; }
  std::uint32_t find(std::string_view name) const;

  /// The key, made known if it is new; keys have numbers under 2^24 (none: too many).
  std::uint32_t of(FieldId id);
  std::uint32_t of_type();
  /// The same for a name of any kind, which must stay in place until `next_event`.
  std::uint32_t of(std::string_view name);

  /// A new event begins: no key stands in it yet. False if keys got other numbers than before.
  bool next_event() {
    event_ += std::uint64_t{1} << 32;
    const bool kept = !loose_ && event_ != 0;
    if (!kept) forget();
    return kept;
  }
  /// Whether the key stands in the event, ...
  bool has(std::uint32_t key) const { return stamps_[key] >= event_; }
  /// For who does the same in a tight loop: what `put` would leave for the first member, and where.
  std::uint64_t first_stamp() const { return event_; }
  std::uint64_t* stamps() { return stamps_.data(); }
  /// ... and the index of its member there, if it does.
  std::size_t member(std::uint32_t key) const { return static_cast<std::uint32_t>(stamps_[key]); }
  void put(std::uint32_t key, std::size_t member) { stamps_[key] = event_ + member; }
  void take_away(std::uint32_t key) { stamps_[key] = 0; }

  /// The leads in the order to expect them; behind the last two that lead to nothing.
  const Lead* leads() const { return leads_.data(); }
  /// The lead to a key that was not where it was expected; learns how the line leads up to it. Of
  /// a key that can have none: the last one (or the place before all of them).
  const Lead* lead_of(std::uint32_t key, const char* from, std::size_t size);
  /// Whether so many keys were not where they were expected that `reorder` pays.
  bool out_of_order() const { return surprises_ > most_surprises; }
  /// Expects these keys first, and in this order, from now on.
  void reorder(const std::vector<std::uint32_t>& keys);

 private:
  static constexpr std::size_t most = std::size_t{1} << 24, most_kept = 1024, longest_kept = 256;
  static constexpr std::size_t most_surprises = 100;
  void forget();
  std::uint32_t add(std::string_view name, std::uint16_t id, std::uint32_t hash);
  void enlist(std::uint32_t index);

  FlatList<EventKey> list_;
  FlatList<std::uint64_t> stamps_;  // of each key: the last event that had it, and its member there
  std::array<std::uint32_t, field_count + 1> by_field_;  // and __type
  std::vector<std::uint32_t> table_;                     // other names, by their hash
  FlatList<Lead> leads_;
  Arena names_;
  bool loose_ = false;       // some names are not kept here
  std::uint64_t event_ = 0;  // the number of the event, in the upper half
  std::uint64_t version_ = 0;
  std::size_t surprises_ = 0;
};

}  // namespace intelmq
