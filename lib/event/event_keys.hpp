// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
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
struct Lead {
  static constexpr std::size_t longest = 64;

  char text[longest] = {1};
  std::uint64_t bytes = 1;  ///< A bit for each byte of the text that counts.
  std::uint32_t size = 0;   ///< 0: leads to nothing, and stands nowhere.
  std::uint32_t key = 0;

  /// Whether it stands at `p`; 64 bytes must be readable there.
  bool stands_at(const char* p) const { return std::memcmp(p, text, size) == 0 && size; }
  void learn(const char* from, std::size_t length);
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

  /// To be called before a line is read: afterwards keys keep their numbers until it is read.
  void prepare() {
    if (loose_ || event_ == last_event) forget();
  }
  /// A new event begins: no key stands in it yet. False if keys got other numbers than before.
  bool next_event() {
    const bool kept = !loose_ && event_ != last_event;
    if (!kept) forget();
    event_ += first_event;
    in_order_ = 0;
    changes_.clear();
    return kept;
  }
  /// A new event begins, and its members are the first `count` leads' keys, in that order. Costs
  /// nothing if that was so of the event before.
  void next_event_in_order(std::size_t count);

  /// Whether the key stands in the event, ...
  bool has(std::uint32_t key) const { return stamps_[key] >= event_; }
  /// ... and the index of its member there, if it does.
  std::size_t member(std::uint32_t key) const { return static_cast<std::uint32_t>(stamps_[key]); }
  void put(std::uint32_t key, std::size_t member) {
    changes_.push_back({stamps_[key], key});
    stamps_[key] = event_ + member;
  }
  void take_away(std::uint32_t key) {
    changes_.push_back({stamps_[key], key});
    stamps_[key] = 0;
  }

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
  static constexpr std::uint64_t first_event = std::uint64_t{1} << 32,
                                 last_event = std::uint64_t{0xffffffff} << 32;
  struct Change {
    std::uint64_t stamp;  // before it
    std::uint32_t key;
  };
  void forget();
  std::uint32_t add(std::string_view name, std::uint16_t id, std::uint32_t hash);
  void enlist(std::uint32_t index);

  FlatList<EventKey> list_;
  FlatList<std::uint64_t> stamps_;  // of each key: the last event that had it, and its member there
  std::array<std::uint32_t, field_count + 1> by_field_;  // and __type
  std::vector<std::uint32_t> table_;                     // other names, by their hash
  FlatList<Lead> leads_;
  Arena names_;
  bool loose_ = false;                 // some names are not kept here
  std::uint64_t event_ = first_event;  // the number of the event, in the upper half
  // How many leads' keys the event began with, if it had them in their order and no others, and
  // what was put or taken away since.
  std::size_t in_order_ = 0;
  FlatList<Change> changes_;
  std::uint64_t version_ = 0;
  std::size_t surprises_ = 0;
};

}  // namespace intelmq
