// SPDX-License-Identifier: Apache-2.0
#include "state/key_table.hpp"

#include <algorithm>
#include <array>
#include <cstring>
#include <limits>

namespace intelmq {
namespace {

constexpr std::size_t slots_per_page = Pages::page_size / sizeof(KeyRecord);
constexpr std::size_t tail_slots = 64;       // for the run that begins at the last homes
constexpr std::size_t swept_per_insert = 8;  // two cache lines
constexpr std::size_t sampled_slots = 1024;

bool before(const KeyRecord& a, const KeyRecord& b) {
  return a.high < b.high || (a.high == b.high && a.low < b.low);
}

bool same(const KeyRecord& a, const KeyRecord& b) { return a.high == b.high && a.low == b.low; }

constexpr std::size_t gaps_to_grow = 13;   // in 16 keys: 55 % full
constexpr std::size_t gaps_to_shrink = 8;  // 67 %

std::size_t total_for(std::size_t keys, std::size_t gaps) {
  const std::size_t wanted = keys + keys * gaps / 16 + tail_slots + 1;
  return (wanted + slots_per_page - 1) / slots_per_page * slots_per_page;
}

}  // namespace

KeyTable::KeyTable(std::uint32_t ttl_seconds, std::size_t capacity)
    : capacity_{capacity == 0 ? std::numeric_limits<std::size_t>::max() : capacity},
      ttl_{ttl_seconds} {}

bool KeyTable::insert(Key key, std::uint32_t now) {
  const KeyRecord wanted{key.high, static_cast<std::uint32_t>(key.low), std::max(now, 1U)};
  const std::uint32_t old = cutoff(now);
  if (homes_ == 0 && !rebuild(old, gaps_to_grow)) return true;
  if (old != 0) sweep(old);
  KeyRecord* place = find(wanted);
  if (!holds(place, wanted)) {
    add(place, wanted, old);
    return true;
  }
  if (!not_after(*place, old)) return false;
  place->since = wanted.since;
  ++expired_;
  return true;
}

void KeyTable::restore(const KeyRecord& record, std::uint32_t now) {
  KeyRecord wanted = record;
  wanted.since = std::max(std::min(record.since, now), 1U);
  const std::uint32_t old = cutoff(now);
  if (not_after(wanted, old) || (homes_ == 0 && !rebuild(old, gaps_to_grow))) return;
  KeyRecord* place = find(wanted);
  if (holds(place, wanted)) {
    place->since = std::max(place->since, wanted.since);
  } else {
    add(place, wanted, old);
  }
}

// The slot of the key, or the one it would take.
KeyRecord* KeyTable::find(const KeyRecord& wanted) const {
  KeyRecord* slot = slots() + home(wanted.high);
  const KeyRecord* end = slots() + total_;
  while (slot != end && slot->since != 0 && before(*slot, wanted)) ++slot;
  return slot;
}

bool KeyTable::holds(const KeyRecord* place, const KeyRecord& wanted) const {
  return place != slots() + total_ && place->since != 0 && same(*place, wanted);
}

void KeyTable::add(KeyRecord* place, const KeyRecord& wanted, std::uint32_t old) {
  if (held_ >= std::min(full_, capacity_)) {
    make_room(old);
    place = find(wanted);
  }
  KeyRecord* hole = hole_from(place, old);
  if (hole == nullptr) {  // a run of 64 keys at the very end: keys that are not evenly spread
    KeyRecord* end = slots() + total_;
    const auto older = [](const KeyRecord& a, const KeyRecord& b) { return a.since < b.since; };
    forget(std::min_element(end - tail_slots, end, older), old);
    place = find(wanted);
    hole = hole_from(place, old);
  }
  std::memmove(place + 1, place, static_cast<std::size_t>(hole - place) * sizeof(KeyRecord));
  *place = wanted;
  ++held_;
}

// The next slot that is free, or can be freed without moving a key to before its home.
KeyRecord* KeyTable::hole_from(KeyRecord* place, std::uint32_t old) {
  const KeyRecord* end = slots() + total_;
  while (place != end && place->since > old) ++place;
  if (place == end) return nullptr;
  if (place->since != 0) {
    ++expired_;
    --held_;
  }
  return place;
}

void KeyTable::make_room(std::uint32_t old) {
  if (held_ >= capacity_ || !rebuild(old, gaps_to_grow)) evict(old);
}

void KeyTable::erase(KeyRecord* slot) {
  KeyRecord* next = slot + 1;
  const KeyRecord* end = slots() + total_;
  while (next != end && next->since != 0 && slots() + home(next->high) < next) ++next;
  std::memmove(slot, slot + 1, static_cast<std::size_t>(next - slot - 1) * sizeof(KeyRecord));
  *(next - 1) = {};
  --held_;
}

void KeyTable::forget(KeyRecord* slot, std::uint32_t old) {
  ++(not_after(*slot, old) ? expired_ : evicted_);
  erase(slot);
}

void KeyTable::sweep(std::uint32_t old) {
  if (swept_ >= total_) swept_ = 0;
  const std::size_t end = swept_ + swept_per_insert;  // total_ is a multiple of it
  unsigned found = 0;
  for (std::size_t i = swept_; i < end; ++i) found += not_after(slots()[i], old);
  if (found == 0) {
    swept_ = end;
    return;
  }
  sweep_slots(end, old);
  if (held_ * 2 < total_ && total_for(held_, gaps_to_shrink) < total_) rebuild(old, gaps_to_shrink);
}

void KeyTable::sweep_slots(std::size_t end, std::uint32_t old) {
  while (swept_ < end) {
    KeyRecord* slot = slots() + swept_;
    if (not_after(*slot, old)) {
      forget(slot, old);  // the next one may have moved here
    } else {
      ++swept_;
    }
  }
}

void KeyTable::evict(std::uint32_t old) {
  while (true) {
    while (victim_ < total_ && !not_after(slots()[victim_], horizon_)) ++victim_;
    if (victim_ < total_) break;
    horizon_ = oldest_sixteenth();
    victim_ = 0;
  }
  forget(slots() + victim_, old);
}

std::uint32_t KeyTable::oldest_sixteenth() const {
  std::array<std::uint32_t, sampled_slots> sample;
  std::size_t count = 0;
  const std::size_t step = std::max<std::size_t>(total_ / sampled_slots, 1);
  for (std::size_t i = 0; i < total_ && count < sample.size(); i += step) {
    sample[count] = slots()[i].since;
    count += sample[count] != 0;
  }
  if (count == 0) return std::numeric_limits<std::uint32_t>::max();
  const auto rank = sample.begin() + static_cast<std::ptrdiff_t>(count / 16);
  std::nth_element(sample.begin(), rank, sample.begin() + static_cast<std::ptrdiff_t>(count));
  return *rank;
}

// Spreads the keys anew over an array of the right size, in place.
bool KeyTable::rebuild(std::uint32_t old, std::size_t gaps) {
  const std::size_t room = std::max(total_, total_for(held_, gaps));
  if (!pages_.resize(room * sizeof(KeyRecord))) return false;
  const std::size_t from = pack(room, old);
  held_ = room - from;
  total_ = total_for(held_, gaps);
  homes_ = total_ - tail_slots;
  full_ = homes_ / 16 * 13;
  spread(from, room);
  static_cast<void>(pages_.resize(total_ * sizeof(KeyRecord)));  // if it stays larger, that is all
  swept_ = 0;
  victim_ = total_;
  return true;
}

// Moves the keys that are not too old to the end of the array and says where they begin.
std::size_t KeyTable::pack(std::size_t end, std::uint32_t old) {
  KeyRecord* all = slots();
  std::size_t to = end;
  std::size_t gaps = 0;
  for (std::size_t i = total_; i-- > 0;) {
    const KeyRecord slot = all[i];
    all[to - 1] = slot;
    to -= slot.since > old;
    gaps += slot.since == 0;
  }
  expired_ += total_ - gaps - (end - to);
  return to;
}

void KeyTable::spread(std::size_t from, std::size_t end) {
  KeyRecord* all = slots();
  std::fill(all, all + from, KeyRecord{});
  std::size_t next = 0;
  for (std::size_t i = from; i < end; ++i) {
    const KeyRecord moved = all[i];
    const std::size_t place = std::max(next, home(moved.high));
    all[i] = {};
    if (place > i || place >= total_) {  // see add(): the last run is too long
      ++evicted_;
      --held_;
      continue;
    }
    all[place] = moved;
    next = place + 1;
  }
}

}  // namespace intelmq
