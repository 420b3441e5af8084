// SPDX-License-Identifier: Apache-2.0
#include "event/event_keys.hpp"

#include <sys/auxv.h>

#include <algorithm>
#include <atomic>
#include <cstring>

#include "event/key_index.hpp"

namespace intelmq {
namespace {

/// Of the whole name, with a secret: whoever writes the feed must not choose where it falls.
std::uint32_t hash_of(std::string_view name) {
  static const std::uint64_t secret = [] {
    std::uint64_t word = 0;
    // NOLINTNEXTLINE(performance-no-int-to-ptr): the kernel hands pointers on as numbers
    if (const auto* random = reinterpret_cast<const char*>(getauxval(AT_RANDOM)))
      std::memcpy(&word, random, sizeof word);
    return word | 1;
  }();
  __extension__ using Wide = unsigned __int128;
  std::uint64_t hash = name.size() ^ secret;
  for (std::size_t at = 0; at < name.size(); at += 8) {
    std::uint64_t word = 0;
    std::memcpy(&word, name.data() + at, std::min<std::size_t>(8, name.size() - at));
    const Wide product = Wide{hash ^ word} * (secret ^ 0x9e3779b97f4a7c15u);
    hash = static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64);
  }
  return static_cast<std::uint32_t>(hash ^ hash >> 32);
}

/// Versions of all lists of keys differ, so that what was found in one is never taken for another.
std::uint64_t next_version() {
  static std::atomic<std::uint64_t> last{0};
  return last.fetch_add(1, std::memory_order_relaxed) + 1;
}

bool needs_escape(std::string_view name) {
  return std::any_of(name.begin(), name.end(), [](char c) {
    return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20 ||
           static_cast<unsigned char>(c) >= 0x80;
  });
}

}  // namespace

EventKeys::EventKeys() { forget(); }

void EventKeys::forget() {
  list_.clear();
  list_.push_back({});
  stamps_.clear();
  stamps_.push_back(0);
  leads_.clear();
  leads_.push_back({});
  leads_.push_back({});
  surprises_ = 0;
  by_field_.fill(none);
  table_.assign(256, none);
  names_.reset();
  loose_ = false;
  event_ = first_event;
  in_order_ = 0;
  changes_.clear();
  version_ = next_version();
}

std::uint32_t EventKeys::find(std::string_view name) const {
  const std::uint32_t hash = hash_of(name);
  for (std::size_t slot = hash;; ++slot) {
    const std::uint32_t index = table_[slot & (table_.size() - 1)];
    if (index == none || (list_[index].hash == hash && list_[index].text() == name)) return index;
  }
}

std::uint32_t EventKeys::of(FieldId id) {
  std::uint32_t& index = by_field_[index_of(id)];
  if (index == none) index = add(name_of(id), static_cast<std::uint16_t>(id), 0);
  return index;
}

std::uint32_t EventKeys::of_type() {
  std::uint32_t& index = by_field_[field_count];
  if (index == none) index = add("__type", KeyClass::type, 0);
  return index;
}

std::uint32_t EventKeys::of(std::string_view name) {
  const std::uint16_t id = classify_key(name);
  if (id < field_count) return of(FieldId{id});
  if (id == KeyClass::type) return of_type();
  if (const std::uint32_t known = find(name)) return known;
  if (list_.size() == most) return none;
  if (loose_ || name.size() > longest_kept || list_.size() > most_kept)
    loose_ = true;
  else
    name = names_.keep(name);
  const std::uint32_t index = add(name, id, hash_of(name));
  if (2 * list_.size() > table_.size()) {
    table_.assign(2 * table_.size(), none);
    for (std::uint32_t i = 1; i < list_.size(); ++i)
      if (list_[i].id >= KeyClass::extra) enlist(i);
  } else {
    enlist(index);
  }
  return index;
}

std::uint32_t EventKeys::add(std::string_view name, std::uint16_t id, std::uint32_t hash) {
  const auto index = static_cast<std::uint32_t>(list_.size());
  EventKey key;
  key.name = name.data();
  key.size = static_cast<std::uint32_t>(name.size());
  key.hash = hash;
  key.id = id;
  key.odd = id >= KeyClass::extra && needs_escape(name);
  list_.push_back(key);
  stamps_.push_back(0);
  version_ = next_version();
  return index;
}

void Lead::learn(const char* from, std::size_t length) {
  size = static_cast<std::uint32_t>(length);
  bytes = ~std::uint64_t{0} >> (longest - std::max<std::size_t>(length, 1));
  std::memcpy(text, from, length);
}

void EventKeys::next_event_in_order(std::size_t count) {
  if (count == in_order_ && count) {
    while (!changes_.empty()) {
      stamps_[changes_.back().key] = changes_.back().stamp;
      changes_.pop_back();
    }
    return;
  }
  next_event();
  for (std::size_t i = 0; i < count; ++i) stamps_[leads_[i].key] = event_ + i;
  in_order_ = count;
}

const Lead* EventKeys::lead_of(std::uint32_t key, const char* from, std::size_t size) {
  ++surprises_;
  const auto end = static_cast<std::uint32_t>(leads_.size() - 2);
  EventKey& known = list_[key];
  const bool placed = known.place < end && leads_[known.place].key == key;
  if (size > Lead::longest || loose_) return placed ? &leads_[known.place] : leads_.end() - 3;
  if (!placed) {
    known.place = end;
    leads_.push_back({});
  }
  Lead& lead = leads_[known.place];
  lead.key = key;
  if (lead.size != size || !lead.stands_at(from)) lead.learn(from, size);
  return &lead;
}

void EventKeys::reorder(const std::vector<std::uint32_t>& keys) {
  std::vector<Lead> old(leads_.begin(), leads_.end() - 2);
  leads_.clear();
  surprises_ = 0;
  in_order_ = 0;
  const auto move = [&](std::uint32_t place) {
    if (place >= old.size() || old[place].key == none) return;
    list_[old[place].key].place = static_cast<std::uint32_t>(leads_.size());
    leads_.push_back(old[place]);
    old[place].key = none;
  };
  std::vector<std::uint32_t> places;
  for (const std::uint32_t key : keys)
    if (const std::uint32_t place = list_[key].place; place < old.size() && old[place].key == key)
      places.push_back(place);
  for (const std::uint32_t place : places) move(place);
  for (std::uint32_t place = 0; place < old.size(); ++place) move(place);
  leads_.push_back({});
  leads_.push_back({});
}

void EventKeys::enlist(std::uint32_t index) {
  std::size_t slot = list_[index].hash;
  while (table_[slot & (table_.size() - 1)] != none) ++slot;
  table_[slot & (table_.size() - 1)] = index;
}

}  // namespace intelmq
