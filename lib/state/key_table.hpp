// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>

#include "state/key.hpp"
#include "state/pages.hpp"

namespace intelmq {

/// The set of keys seen lately, bounded by age and by number.
///
/// Exact up to the hash: 96 of the 128 bits of a key are kept, so a new key is taken for a known
/// one with probability live / 2^96: 1.3e-21 at 100 million keys, and 1.3e-9 over a million million
/// look-ups of them.
///
/// Memory: one array of 16-byte slots, ordered by key, with gaps (linear probing in which a key
/// is never behind a greater one), spread anew in place at 81 % (to be 55 % full) and below 50 %
/// (to be 67 % full): bytes() stays within 32 * live + two pages at every moment, also while the
/// array grows. A growth step pauses for some 15 ns per key held; each makes the table half as
/// large again.
///
/// Age: a key is known for `ttl_seconds` after it was first seen; seeing it again does not prolong
/// that. Keys too old are reclaimed a few slots per call of insert, and all of them whenever the
/// array is spread anew; until then they count as live, but insert treats them as new. A clock set
/// back makes keys live longer, never shorter.
///
/// Number: when `capacity` keys are held, or memory cannot be had, a new key takes the place of one
/// of the oldest: a round through the array evicts the keys first seen at or before the second that
/// 1 of 16 keys, by a sample of 1024 slots, had not outlived when the round began. Among keys of
/// that very second the choice is arbitrary. So a key outlives the insertions that follow it up to
/// 85 % of `capacity`, if they take many seconds.
class KeyTable {
 public:
  struct Counters {
    std::size_t live = 0;       ///< keys held
    std::uint64_t evicted = 0;  ///< keys forgotten for want of room
    std::uint64_t expired = 0;  ///< keys forgotten for their age
  };

  /// `ttl_seconds` 0: no key is ever too old. `capacity` 0: as many as memory holds.
  KeyTable(std::uint32_t ttl_seconds, std::size_t capacity);

  /// True when the key is new, or was last new `ttl_seconds` ago or more. `now` is in Unix seconds.
  bool insert(Key key, std::uint32_t now);

  /// Puts back a key kept elsewhere, as first seen at `record.since`, or at `now` should that be
  /// later than now. Of two records of one key the later counts; a record that is too old is left
  /// out.
  void restore(const KeyRecord& record, std::uint32_t now);

  /// Starts to fetch what insert will need; worth it a few keys ahead.
  /// (Inlined by force: g++ 12 takes a function that only prefetches for one without effect.)
  [[gnu::always_inline]] void prefetch(Key key) const {
    if (homes_ == 0) return;
    const KeyRecord* slot = slots() + home(key.high);
    __builtin_prefetch(slot, 1);
    __builtin_prefetch(slot + 4, 1);
  }

  /// Calls visit(const KeyRecord&) for every key that is not too old at `now`, in the order of the
  /// keys.
  template <class Visit>
  void for_each(std::uint32_t now, Visit&& visit) const {
    const std::uint32_t old = cutoff(now);
    for (std::size_t i = 0; i < total_; ++i) {
      if (slots()[i].since > old) visit(slots()[i]);
    }
  }

  Counters counters() const { return {held_, evicted_, expired_}; }

  /// Memory of the array, including every gap.
  std::size_t bytes() const { return pages_.size(); }

 private:
  KeyRecord* slots() const { return static_cast<KeyRecord*>(pages_.begin()); }
  std::size_t home(std::uint64_t high) const {
    __extension__ using Wide = unsigned __int128;
    return static_cast<std::size_t>((static_cast<Wide>(high) * homes_) >> 64);
  }
  /// The last second whose keys are too old at `now`, 0 when there is none.
  std::uint32_t cutoff(std::uint32_t now) const { return ttl_ != 0 && now > ttl_ ? now - ttl_ : 0; }

  /// True for a key first seen at `last` or before; false for a gap, whose `since` 0 wraps around.
  static bool not_after(const KeyRecord& slot, std::uint32_t last) { return slot.since - 1 < last; }

  KeyRecord* find(const KeyRecord& wanted) const;
  bool holds(const KeyRecord* place, const KeyRecord& wanted) const;
  void add(KeyRecord* place, const KeyRecord& wanted, std::uint32_t old);
  KeyRecord* hole_from(KeyRecord* place, std::uint32_t old);
  void make_room(std::uint32_t old);
  void erase(KeyRecord* slot);
  void forget(KeyRecord* slot, std::uint32_t old);
  void sweep(std::uint32_t old);
  void sweep_slots(std::size_t end, std::uint32_t old);
  void evict(std::uint32_t old);
  std::uint32_t oldest_sixteenth() const;
  bool rebuild(std::uint32_t old, std::size_t gaps);
  std::size_t pack(std::size_t end, std::uint32_t old);
  void spread(std::size_t from, std::size_t end);

  Pages pages_;
  std::size_t homes_ = 0;  ///< slots a key can call home; the rest is room for the last run
  std::size_t total_ = 0;  ///< all slots
  std::size_t held_ = 0;
  std::size_t full_ = 0;       ///< held_ at which the array is spread anew
  std::size_t swept_ = 0;      ///< where the search for keys that are too old goes on
  std::size_t victim_ = 0;     ///< where the search for a key to evict goes on
  std::uint32_t horizon_ = 0;  ///< keys first seen at or before it may be evicted
  std::size_t capacity_;
  std::uint32_t ttl_;
  std::uint64_t evicted_ = 0;
  std::uint64_t expired_ = 0;
};

}  // namespace intelmq
