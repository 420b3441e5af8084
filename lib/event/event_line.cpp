// SPDX-License-Identifier: Apache-2.0
#include <cstring>

#include "base/short_text.hpp"
#include "event/event.hpp"
#include "event/harmonise.hpp"
#include "event/line_survey.hpp"
#include "event/scanner.hpp"
#include "type/json_text.hpp"

namespace intelmq {
Event::Event(const EventRules& rules) : rules_{&rules} { clear(); }

void Event::clear(MessageKind kind) {
  kind_ = kind;
  members_.clear();
  marked_.clear();
  keys_.next_event();
  arena_.reset();
  forget_line();
}

/// What a new event does not have yet, whatever its fields.
void Event::forget_line() {
  line_ = line_end_ = tail_ = nullptr;
  from_line_ = 0;
  duplicates_ = 0;
  spaced_ = true;
  has_type_ = line_changed_ = false;
  verdict_ = Verdict::keep;
  reason_.clear();
  paths_.clear();
}

void Event::mark() {
  const auto used = arena_.used();
  if (!used) return;
  marked_bytes_ = *used;
  marked_.clear();
  for (const Slot& slot : members_) marked_.push_back(slot);
}

bool Event::restart() {
  if (marked_.empty() || !keys_.next_event()) return false;
  kind_ = MessageKind::event;
  members_.clear();
  for (const Slot& slot : marked_) {
    keys_.put(slot.key(), members_.size());
    members_.push_back(slot);
  }
  arena_.reset(marked_bytes_);
  forget_line();
  return true;
}

bool Event::read(const char* line, std::size_t size, LineError& error) {
  if (size > 0xfffffff0u) {
    clear();
    error = {"line longer than 4 GiB", 0, false};
    return false;
  }
  begin_line(line, size);
  if (!read_surveyed()) {
    begin_line(line, size);
    keys_.next_event();
    if (!read_exactly(error)) {
      clear();
      return false;
    }
  }
  for (const std::size_t member : respelt_) members_[member].put(Slot::in_line, false);
  if (keys_.out_of_order()) expect_this_order();
  spaced_ = members_.empty() || members_[0].value[-1] == ' ';
  from_line_ = members_.size();
  if (const Slot* whole = find(field::extra.id); whole && !whole->is(Slot::ignored)) spread_extra();
  return take_type(error);
}

void Event::begin_line(const char* line, std::size_t size) {
  kind_ = MessageKind::event;
  members_.clear();
  marked_.clear();
  arena_.reset();
  respelt_.clear();
  forget_line();
  line_ = line;
  line_end_ = line + size;
}

/// Reads a line by a survey of it; false: it has to be read exactly.
bool Event::read_surveyed() {
  keys_.prepare();
  LineSurvey survey;
  const auto size = static_cast<std::size_t>(line_end_ - line_);
  if (!survey.look(line_, size, gap_)) return false;
  Slot* const first = members_.room_for(survey.most());
  members_.resize(static_cast<std::size_t>(survey.read_foreseen(keys_.leads(), first) - first));
  if (!survey.more())
    keys_.next_event_in_order(members_.size());
  else
    read_on(survey);
  tail_ = line_end_ - 1;
  return survey.holds(members_.size()) && !keys_.has(EventKeys::none);
}

/// Reads what is left of a line whose next member's key is not the expected one.
void Event::read_on(LineSurvey& survey) {
  const Lead* lead = keys_.leads() + members_.size();
  keys_.next_event();
  for (std::size_t i = 0; i < members_.size(); ++i) keys_.put(members_[i].key(), i);
  while (survey.more()) {
    const char* const p = survey.key();
    const char* value;
    std::uint32_t key;
    if (lead->stands_at(p) || (++lead)->stands_at(p)) {
      key = lead->key;
      value = p + lead->size;
    } else {
      const char* const name_end = survey.key_end();
      if (name_end[1] != ':') return survey.give_up();
      value = name_end + (name_end[2] == ' ' ? 3 : 2);
      lead = unexpected_key(p, static_cast<std::size_t>(name_end - p - 1), value, members_.size(),
                            key);
    }
    ++lead;
    if (keys_.has(key)) drop_earlier(key);
    keys_.put(key, members_.size());
    survey.read_value(value, members_.push_back({nullptr, 0, key | Slot::in_line}));
  }
}

/// Reads any line.
bool Event::read_exactly(LineError& error) {
  Scanner scanner(line_, static_cast<std::size_t>(line_end_ - line_));
  const ScanError failed = scanner.members([&](const char* name, std::size_t name_size,
                                               const char* value, std::size_t value_size) {
    const std::size_t member = members_.size();
    const std::uint32_t key = key_in_line(name, name_size, member);
    Slot& slot =
        members_.push_back({value, static_cast<std::uint32_t>(value_size), key | Slot::in_line});
    if (is_ignored({value, value_size})) slot.put(Slot::ignored);
    if (keys_.has(key)) drop_earlier(key);
    keys_.put(key, member);
  });
  tail_ = scanner.tail();
  if (!failed.reason && !keys_.has(EventKeys::none)) {
    if (members_.size() > 1) gap_ = learn_gap();
    return true;
  }
  error = {failed.reason ? failed.reason : "too many different names", failed.offset, false};
  return false;
}

void Event::expect_this_order() {
  std::vector<std::uint32_t> order;
  for (const Slot& slot : members_) order.push_back(slot.key());
  keys_.reorder(order);
}

/// How far apart the first two members of the line stand, if it is one of the usual ways.
unsigned Event::learn_gap() const {
  const char* const end = members_[0].value + members_[0].value_size;
  if (end[0] != ',') return gap_;
  return end[1] == '"' ? 1 : end[1] == ' ' && end[2] == '"' ? 2 : gap_;
}

/// A key that is not the expected one; returns its lead.
const Lead* Event::unexpected_key(const char* p, std::size_t size, const char* value,
                                  std::size_t member, std::uint32_t& key) {
  key = key_in_line(p + 1, size, member);
  const bool respelt = !respelt_.empty() && respelt_.back() == member;
  return keys_.lead_of(key, p, respelt ? Lead::longest + 1 : static_cast<std::size_t>(value - p));
}

std::uint32_t Event::key_in_line(const char* name, std::size_t size, std::size_t member) {
  if (!std::memchr(name, '\\', size)) return keys_.of({name, size});
  decode_string({name - 1, size + 2}, scratch_);
  line_changed_ = true;
  respelt_.push_back(member);
  return key_of(scratch_);
}

/// The key stands twice in the line: the last one counts.
void Event::drop_earlier(std::uint32_t key) {
  members_[keys_.member(key)].put(Slot::removed);
  line_changed_ = true;
  ++duplicates_;
}

/// A line with `extra` as an object means its members: `extra.<name>` each.
void Event::spread_extra() {
  Slot* whole = find(field::extra.id);
  const std::string json(whole->value, whole->value_size);
  const std::size_t at = static_cast<std::size_t>(whole - members_.data());
  erase(*whole);
  if (add_extra(json, Existing::replace, Cleaning::sanitise) == Added::stored) {
    line_changed_ = true;
    return;
  }
  members_[at].put(Slot::removed, false);
  keys_.put(members_[at].key(), at);
}

bool Event::take_type(LineError& error) {
  const Slot* slot = slot_of(keys_.find_type());
  if (!slot) return true;
  const std::string_view value = slot->text();
  has_type_ = true;
  kind_ = value == "\"Report\"" ? MessageKind::report : MessageKind::event;
  if (value == "\"Event\"" || value == "\"Report\"") return true;
  error = {"__type is neither \"Event\" nor \"Report\"", 0, false};
  return false;
}

/// Where a member's key begins in the line.
const char* Event::start_in_line(const Slot& slot) const {
  const char* p = slot.value - 1;
  while (*p != ':') --p;
  do --p;
  while (*p != '"');
  return p - keys_[slot.key()].size - 1;
}

void Event::write(OutBuffer& out) const {
  if (line_changed_ || !line_) return write_changed(out);
  if (members_.size() == from_line_)
    return out.append(line_, static_cast<std::size_t>(line_end_ - line_));
  out.append(line_, static_cast<std::size_t>(tail_ - line_));
  bool first = from_line_ == 0;
  for (std::size_t i = from_line_; i < members_.size(); ++i) {
    const Slot& slot = members_[i];
    if (slot.is(Slot::removed)) continue;
    write_member(out, slot, !first);
    first = false;
  }
  out.append(tail_, static_cast<std::size_t>(line_end_ - tail_));
}

/// Appends a member that does not stand in the line; in one piece if its key needs no escapes.
void Event::write_member(OutBuffer& out, const Slot& slot, bool comma) const {
  const std::size_t blank = spaced_ ? 1 : 0;
  const EventKey& key = keys_[slot.key()];
  if (key.odd) {
    std::string text;
    append_string(text, key.text());
    if (comma) out.append(std::string_view{", "}.substr(0, 1 + blank));
    out.append(text);
    out.append(std::string_view{": "}.substr(0, 1 + blank));
    return out.append(slot.value, slot.value_size);
  }
  char* const start = out.room(key.size + std::size_t{slot.value_size} + 6);
  char* to = start;
  to[0] = ',';
  to[1] = ' ';
  to += comma ? 1 + blank : 0;
  *to = '"';
  to = copy_short(to + 1, key.name, key.size);
  to[0] = '"';
  to[1] = ':';
  to[2] = ' ';
  to += 2 + blank;
  to = copy_short(to, slot.value, slot.value_size);
  out.advance(static_cast<std::size_t>(to - start));
}

void Event::write_changed(OutBuffer& out) const {
  out.append('{');
  const std::string_view comma = spaced_ ? std::string_view{", "} : std::string_view{","};
  const auto stands_in_line = [](const Slot& slot) {
    return (slot.key_and_flags & (Slot::in_line | Slot::removed)) == Slot::in_line;
  };
  bool first = true;
  for (const Slot *slot = members_.begin(), *end = members_.end(); slot != end; ++slot) {
    if (slot->is(Slot::removed)) continue;
    if (stands_in_line(*slot)) {  // members side by side are copied in one piece
      const char* const start = start_in_line(*slot);
      while (slot + 1 != end && stands_in_line(slot[1])) ++slot;
      if (!first) out.append(comma);
      out.append(start, static_cast<std::size_t>(slot->value + slot->value_size - start));
    } else {
      write_member(out, *slot, !first);
    }
    first = false;
  }
  out.append('}');
}

void Event::copy_fields(const Event& from, const std::vector<FieldName>& names) {
  for (const FieldName& name : names)
    if (const Slot* slot = from.find(name); slot && !slot->is(Slot::ignored) && !find(name))
      append(key_of(name), slot->text()).put(Slot::checked, slot->is(Slot::checked));
}

}  // namespace intelmq
