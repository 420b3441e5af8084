// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <cstring>

#include "event/event.hpp"
#include "event/harmonise.hpp"
#include "event/key_shape.hpp"
#include "event/scanner.hpp"
#include "type/json_text.hpp"

namespace intelmq {
namespace {

/// Whether the value is one that DHO 1 ignores, by its size and first bytes, without a branch:
/// the sizes of values cannot be foreseen. Eight bytes must be readable.
bool is_ignored_value(const char* value, std::size_t size) {
  struct Word {
    std::uint64_t text, mask;
  };
  constexpr std::uint64_t never = ~std::uint64_t{0};
  static constexpr Word words[8] = {{never, never},
                                    {never, never},
                                    {0x2222, 0xffff},              // ""
                                    {0x222d22, 0xffffff},          // "-"
                                    {0x6c6c756e, 0xffffffff},      // null
                                    {0x22412f4e22, 0xffffffffff},  // "N/A"
                                    {never, never},
                                    {never, never}};
  const Word& word = words[size < 7 ? size : 7];
  return ((detail::word_at(value) ^ word.text) & word.mask) == 0;
}

/// From this many keys on, repeats are found by sorting instead of by looking back.
constexpr std::size_t many_keys = 512;

}  // namespace

Event::~Event() = default;

Event::Event(const EventRules& rules) : rules_{&rules}, shape_{std::make_unique<KeyShape>()} {
  clear();
}

void Event::clear(MessageKind kind) {
  kind_ = kind;
  line_ = line_end_ = tail_ = nullptr;
  members_.clear();
  from_line_ = 0;
  present_.reset();
  arena_.reset();
  duplicates_ = many_ = 0;
  spaced_ = true;
  has_type_ = line_changed_ = has_ignored_ = has_whole_extra_ = false;
  type_known_ = true;
  verdict_ = Verdict::keep;
  reason_.clear();
  paths_.clear();
}

bool Event::read(const char* line, std::size_t size, LineError& error) {
  clear();
  if (size > 0xfffffff0u) {
    error = {"line longer than 4 GiB", 0, false};
    return false;
  }
  line_ = line;
  line_end_ = line + size;
  as_before_ = true;
  Scanner scanner(line, size);
  const ScanError failed =
      scanner.members([this, &scanner](const char* key, std::size_t key_size, const char* value,
                                       std::size_t value_size) {
        take_member(key, key_size, value, value_size, scanner.escaped());
      });
  if (failed.reason) {
    error = {failed.reason, failed.offset, false};
    members_.clear();
    present_.reset();
    return false;
  }
  settle_members();
  tail_ = scanner.tail();
  spaced_ = scanner.spaced() || members_.empty();
  from_line_ = members_.size();
  if (has_whole_extra_) spread_extra();
  return !bad_type(error);
}

inline void Event::take_member(const char* key, std::size_t key_size, const char* value,
                               std::size_t size, bool escaped) {
  const std::size_t index = members_.size();
  if (as_before_) {
    if (index < shape_->size() && shape_->matches(index, key, key_size)) {
      const bool ignored = is_ignored_value(value, size);
      has_ignored_ |= ignored;
      members_.push_back({key, value, static_cast<std::uint32_t>(key_size),
                          static_cast<std::uint32_t>(size), shape_->at(index).id, true, false,
                          ignored, false, false});
      return;
    }
    leave_shape();
  }
  take_other_member(key, key_size, value, size, escaped);
}

/// A member that does not stand where the line before had it.
void Event::take_other_member(const char* key, std::size_t key_size, const char* value,
                              std::size_t size, bool escaped) {
  KeyClass known = classify_key(key, key_size);
  const auto index = static_cast<std::uint32_t>(members_.size());
  Slot& slot = members_.push_back({key, value, static_cast<std::uint32_t>(key_size),
                                   static_cast<std::uint32_t>(size), known.id, true, false, false,
                                   false, false});
  if (escaped && known.id >= extra_id && std::memchr(key, '\\', key_size)) {
    slot = decoded_key(slot);
    known = classify_key(slot.key, slot.key_size);
    slot.id = known.id;
  }
  slot.ignored = is_ignored_value(value, size);
  has_ignored_ |= slot.ignored;
  note_key(known, index);
}

/// Remembers that a key was there, and finds out whether it was there before.
void Event::note_key(const KeyClass& known, std::uint32_t index) {
  if (known.id < field_count) {
    const std::size_t word = known.id / 64;
    const std::uint64_t bit = std::uint64_t{1} << (known.id % 64);
    if (in_line_[word] & bit) drop_earlier(FieldId{known.id});
    in_line_[word] |= bit;
    where_[known.id] = index;
  } else {
    std::uint64_t& word = seen_names_[(known.hash >> 40) % seen_names_.size()];
    const std::uint64_t bit = std::uint64_t{1} << (known.hash >> 58);
    if (word & bit) find_repeat(index);
    word |= bit;
  }
}

/// From here on the line is not like the one before: what was taken for granted is noted.
void Event::leave_shape() {
  as_before_ = false;
  in_line_.fill(0);
  seen_names_.fill(0);
  for (std::uint32_t i = 0; i < members_.size(); ++i) note_key(shape_->at(i), i);
}

/// Makes this line the one to compare the next with.
void Event::learn_shape() {
  shape_->forget();
  const std::size_t whole_extra = index_of(field::extra);
  if (line_changed_ || duplicates_ || many_ || (in_line_[whole_extra / 64] >> whole_extra % 64 & 1))
    return;
  for (const Slot& slot : members_)
    if (!shape_->add(slot.key, slot.key_size, classify_key(slot.key, slot.key_size)))
      return shape_->forget();
}

/// A key with escapes means the same as without.
Event::Slot Event::decoded_key(const Slot& slot) {
  decode_string({slot.key - 1, slot.key_size + std::size_t{2}}, scratch_);
  char* copy = arena_.take(scratch_.size() + 8);
  std::memcpy(copy, scratch_.data(), scratch_.size());
  Slot out = slot;
  out.key = copy;
  out.key_size = static_cast<std::uint32_t>(scratch_.size());
  out.in_line = false;
  out.odd_key = true;
  line_changed_ = true;
  return out;
}

/// The field stands twice in the line: the last one counts.
void Event::drop_earlier(FieldId id) {
  members_[where_[index_of(id)]].removed = true;
  line_changed_ = true;
  ++duplicates_;
}

/// What follows from the members as a whole.
void Event::settle_members() {
  if (as_before_ && members_.size() != shape_->size()) leave_shape();
  if (many_) drop_repeats();
  if (!as_before_)
    survey_members();
  else if (where_stale_)
    find_members();
  if (type_at_ < members_.size()) note_type(members_[type_at_]);
  present_ = all_present_;
  if (!has_ignored_) return;
  for (const Slot& slot : members_)
    if (slot.ignored && !slot.removed && slot.id < field_count) present_[slot.id] = false;
  if (present_[index_of(field::extra)]) refresh_extra();
}

void Event::survey_members() {
  learn_shape();
  where_stale_ = false;
  all_present_ =
      std::bitset<field_count>(in_line_[1]) << 64 | std::bitset<field_count>(in_line_[0]);
  has_whole_extra_ = all_present_[index_of(field::extra)];
  type_at_ = none;
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (members_[i].id == extra_id) all_present_[index_of(field::extra)] = true;
    if (members_[i].id == type_id && !members_[i].removed) type_at_ = i;
  }
}

void Event::find_members() {
  where_stale_ = false;
  for (std::uint32_t i = 0; i < members_.size(); ++i)
    if (members_[i].id < field_count) where_[members_[i].id] = i;
}

/// A line with `extra` as an object means its members: `extra.<name>` each.
void Event::spread_extra() {
  Slot* whole = find(field::extra.id);
  if (!whole || whole->ignored) return;
  const std::string json(whole->value, whole->value_size);
  whole->removed = true;
  if (add_extra(json, Existing::replace, Cleaning::sanitise) == Added::stored) {
    line_changed_ = true;
    return;
  }
  whole->removed = false;
  present_[index_of(field::extra)] = true;
}

void Event::note_type(const Slot& slot) {
  const std::string_view value{slot.value, slot.value_size};
  has_type_ = true;
  type_known_ = value == "\"Event\"" || value == "\"Report\"";
  kind_ = value == "\"Report\"" ? MessageKind::report : MessageKind::event;
}

bool Event::bad_type(LineError& error) const {
  if (type_known_) return false;
  error = {"__type is neither \"Event\" nor \"Report\"", 0, false};
  return true;
}

/// Looks for an earlier member with the name of the one at `index`.
void Event::find_repeat(std::size_t index) {
  if (index >= many_keys) {
    many_ = 1;
    return;
  }
  const Slot& slot = members_[index];
  for (std::size_t i = 0; i < index; ++i) {
    Slot& before = members_[i];
    if (before.removed || before.id != slot.id || name_of_slot(before) != name_of_slot(slot))
      continue;
    before.removed = true;
    line_changed_ = true;
    ++duplicates_;
    return;
  }
}

/// Marks all but the last of equally named members as removed, for lines with very many keys.
void Event::drop_repeats() {
  std::vector<std::uint32_t> order;
  for (std::uint32_t i = 0; i < members_.size(); ++i)
    if (!members_[i].removed) order.push_back(i);
  std::sort(order.begin(), order.end(), [this](std::uint32_t a, std::uint32_t b) {
    const int names = name_of_slot(members_[a]).compare(name_of_slot(members_[b]));
    return names != 0 ? names < 0 : a < b;
  });
  for (std::size_t i = 0; i + 1 < order.size(); ++i) {
    if (name_of_slot(members_[order[i]]) != name_of_slot(members_[order[i + 1]])) continue;
    members_[order[i]].removed = true;
    line_changed_ = true;
    ++duplicates_;
  }
}

void Event::write_key(OutBuffer& out, const Slot& slot) const {
  if (slot.odd_key) {
    std::string text;
    append_string(text, name_of_slot(slot));
    out.append(text);
  } else {
    out.reserve(slot.key_size + 2u);
    out.append('"');
    out.append(slot.key, slot.key_size);
    out.append('"');
  }
  out.append(spaced_ ? std::string_view{": "} : std::string_view{":"});
}

void Event::write(OutBuffer& out) const {
  if (line_changed_ || !line_) return write_changed(out);
  if (members_.size() == from_line_)
    return out.append(line_, static_cast<std::size_t>(line_end_ - line_));
  out.append(line_, static_cast<std::size_t>(tail_ - line_));
  bool first = from_line_ == 0;
  for (std::size_t i = from_line_; i < members_.size(); ++i) {
    const Slot& slot = members_[i];
    if (slot.removed) continue;
    if (!first) out.append(spaced_ ? std::string_view{", "} : std::string_view{","});
    first = false;
    write_key(out, slot);
    out.append(slot.value, slot.value_size);
  }
  out.append(tail_, static_cast<std::size_t>(line_end_ - tail_));
}

/// Appends a member whose key needs no escapes, in one piece.
void Event::write_plain(OutBuffer& out, const Slot& slot, bool comma) const {
  const std::size_t blank = spaced_ ? 1 : 0;
  char* const start = out.room(slot.key_size + std::size_t{slot.value_size} + 6);
  char* to = start;
  to[0] = ',';
  to[1] = ' ';
  to += comma ? 1 + blank : 0;
  *to = '"';
  std::memcpy(to + 1, slot.key, slot.key_size);
  to += slot.key_size + 1;
  to[0] = '"';
  to[1] = ':';
  to[2] = ' ';
  to += 2 + blank;
  std::memcpy(to, slot.value, slot.value_size);
  out.advance(static_cast<std::size_t>(to + slot.value_size - start));
}

void Event::write_changed(OutBuffer& out) const {
  out.append('{');
  const char* run = nullptr;  // start of members copied in one piece
  const char* run_end = nullptr;
  bool first = true;
  const auto end_run = [&] {
    if (run) out.append(run, static_cast<std::size_t>(run_end - run));
    run = nullptr;
  };
  const std::string_view comma = spaced_ ? std::string_view{", "} : std::string_view{","};
  bool adjacent = false;
  for (const Slot& slot : members_) {
    if (slot.removed) {
      adjacent = false;
      continue;
    }
    if (slot.in_line && adjacent && run) {
      run_end = slot.value + slot.value_size;
      continue;
    }
    end_run();
    if (!slot.in_line && !slot.odd_key) {
      write_plain(out, slot, !first);
      first = adjacent = false;
      continue;
    }
    if (!first) out.append(comma);
    first = false;
    if (slot.in_line) {
      run = slot.key - 1;
      run_end = slot.value + slot.value_size;
    } else {
      write_key(out, slot);
      out.append(slot.value, slot.value_size);
    }
    adjacent = slot.in_line;
  }
  end_run();
  out.append('}');
}

void Event::copy_fields(const Event& from, const std::vector<FieldName>& names) {
  for (const FieldName& name : names)
    if (const Slot* slot = from.find(name); slot && !slot->ignored) {
      const auto id = name.id();
      append(name_of_slot(*slot), id ? static_cast<std::uint16_t>(*id) : slot->id,
             {slot->value, slot->value_size}, true);
      members_.back().checked = slot->checked;
    }
}

}  // namespace intelmq
