// SPDX-License-Identifier: Apache-2.0
// What changes an event: adding, replacing and removing fields.
#include "event/event.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "base/short_text.hpp"
#include "event/clean.hpp"
#include "event/export.hpp"
#include "event/harmonise.hpp"
#include "event/key_index.hpp"
#include "type/json_text.hpp"

namespace intelmq {
namespace {

bool is_ignored_text(std::string_view text) {
  return text.size() <= 3 && (text.empty() || text == "-" || text == "N/A");
}

}  // namespace

void Event::replace_value(Slot& slot, std::string_view json) { put_value(slot, arena_.keep(json)); }

void Event::put_value(Slot& slot, std::string_view kept) {
  slot.value = kept.data();
  slot.value_size = static_cast<std::uint32_t>(kept.size());
  if (slot.is(Slot::in_line) || &slot < members_.data() + from_line_) line_changed_ = true;
  slot.put(Slot::in_line, false);
  slot.put(Slot::ignored, false);
}

std::uint32_t Event::key_of(const FieldName& name) {
  const auto id = name.id();
  return id ? keys_.of(*id) : key_of(name.text());
}

/// A key by a name that may not stay where it is.
std::uint32_t Event::key_of(std::string_view name) {
  if (const std::uint32_t known = keys_.find(name)) return known;
  return keys_.of(arena_.keep(name));
}

/// Appends a member whose value lives in the arena.
Slot& Event::append_kept(std::uint32_t key, std::string_view value) {
  keys_.put(key, members_.size());
  return members_.push_back({value.data(), static_cast<std::uint32_t>(value.size()), key});
}

void Event::erase(Slot& slot) {
  slot.put(Slot::removed);
  if (&slot < members_.data() + from_line_ || from_line_ == 0) line_changed_ = true;
  keys_.take_away(slot.key());
}

/// One of extra.*, or `extra` as a whole.
bool Event::is_extra(const Slot& slot) const {
  const std::uint16_t id = id_of(slot);
  return id == KeyClass::extra || id == index_of(field::extra);
}

bool Event::has_extra() const {
  return std::any_of(members_.begin(), members_.end(),
                     [this](const Slot& slot) { return slot.has_value() && is_extra(slot); });
}

bool Event::remove(const FieldName& name) {
  if (name == FieldName(field::extra)) {
    declared(name.text());
    const bool had = has(field::extra);
    for (Slot& slot : members_)
      if (!slot.is(Slot::removed) && is_extra(slot)) erase(slot);
    return had;
  }
  return remove_key(name, key_number(name));
}

bool Event::remove_key(const FieldName& name, std::uint32_t key) {
  if (permitted_) declared(name.text());
  Slot* slot = const_cast<Slot*>(slot_of(key));
  if (!slot) return false;
  const bool had = !slot->is(Slot::ignored);
  erase(*slot);
  return had;
}

void Event::set_kind(MessageKind kind) {
  kind_ = kind;
  has_type_ = true;
  const std::string_view json = kind == MessageKind::report ? "\"Report\"" : "\"Event\"";
  if (const Slot* slot = slot_of(keys_.find_type())) {
    if (slot->text() != json) replace_value(const_cast<Slot&>(*slot), json);
  } else {
    append(keys_.of_type(), json);
  }
}

Added Event::add_json(const FieldName& name, std::string_view json, Existing existing,
                      Cleaning cleaning) {
  if (name == FieldName(field::extra)) return add_extra(json, existing, cleaning);
  Slot* there = find(name);
  const bool has_value = there && !there->is(Slot::ignored);
  if (has_value && existing == Existing::refuse) {
    complaint_ = fmt::format("{}: there already", name.text());
    return Added::exists;
  }
  if (has_value && existing == Existing::keep) return Added::kept;
  if (is_ignored(json)) {
    if (has_value) remove(name);
    return Added::ignored;
  }
  declared(name.text());
  const FieldRule* rule = name.id() ? rules_->harmonization.rule(*name.id(), kind_)
                                    : rules_->harmonization.rule(name.text(), kind_);
  if (!rule && !name.is_extra()) {
    complain(name.text(), json, "no such field");
    return Added::bad_key;
  }
  return store(name, rule, json, there, cleaning);
}

Added Event::store(const FieldName& name, const FieldRule* rule, std::string_view json, Slot* there,
                   Cleaning cleaning) {
  std::optional<std::string> better;
  std::string_view value = json;
  std::string why = "not a valid value of its type";
  if (rule) {
    if (cleaning == Cleaning::sanitise) {
      better = sanitise(rule->type, json, now_for(rule->type));
      if (better) value = *better;
    }
    if ((cleaning == Cleaning::sanitise && !better) || !satisfies(*rule, value, &why)) {
      complain(name.text(), json, why);
      return Added::invalid;
    }
  }
  if (there) {
    replace_value(*there, value);
    there->put(Slot::checked);
  } else {
    append(key_of(name), value).put(Slot::checked);
  }
  return Added::stored;
}

/// The short way that most values go: a new field, and a text that stays as it is.
bool Event::add_clean(const FieldName& name, std::string_view text) {
  const auto id = name.id();
  return id ? add_clean(*id, text) : add_clean_extra(name, text);
}

bool Event::add_clean(FieldId id, std::string_view text) {
  if (is_ignored_text(text)) return false;
  const FieldRule* rule = rules_->harmonization.rule(id, kind_);
  const std::uint32_t key = keys_.of(id);
  if (!rule || keys_.has(key) || rule->regex || rule->iregex ||
      (rule->max_length && text.size() > rule->max_length) || !is_clean(rule->type, text) ||
      !plain_fits(rule->pattern, text))
    return false;
  if (permitted_) declared(id);
  const std::size_t quote = is_bare(rule->type) ? 0 : 1;
  const std::size_t size = text.size() + 2 * quote;
  char* value = arena_.take(size);
  value[0] = value[size - 1] = '"';
  copy_short(value + quote, text.data(), text.size());
  append_kept(key, {value, size}).put(Slot::checked);
  return true;
}

bool Event::add_clean_extra(const FieldName& name, std::string_view text) {
  if (is_ignored_text(text) || !name.is_extra() || rules_->harmonization.has_own() || find(name))
    return false;
  declared(name.text());
  char* value = arena_.take(text.size() + 2);
  value[0] = value[text.size() + 1] = '"';
  std::memcpy(value + 1, text.data(), text.size());
  append_kept(key_of(name), {value, text.size() + 2}).put(Slot::checked);
  return true;
}

Added Event::add_text(const FieldName& name, std::string_view text, Existing existing) {
  if (is_plain(text) && add_clean(name, text)) return Added::stored;
  return add_unclean(name, text, existing);
}

Added Event::add_unclean(const FieldName& name, std::string_view text, Existing existing) {
  std::string json;
  append_string(json, text);
  return add_json(name, json, existing);
}

Added Event::add_extra(std::string_view json, Existing existing, Cleaning cleaning) {
  const FieldName name{field::extra};
  const bool there = has(field::extra);
  if (there && existing == Existing::refuse) {
    complaint_ = "extra: there already";
    return Added::exists;
  }
  if (there && existing == Existing::keep) return Added::kept;
  if (is_ignored(json)) {
    if (there) remove(name);
    return Added::ignored;
  }
  declared(field::extra.id);
  std::string object(json);
  if (cleaning == Cleaning::sanitise) {
    const auto text = sanitise(FieldType::JSONDict, json, Timestamp{});
    if (!text) {
      complain("extra", json, "not a JSON object");
      return Added::invalid;
    }
    object = *text;
  }
  if (!is_valid(FieldType::JSONDict, object)) {
    complain("extra", json, "not a JSON object with members");
    return Added::invalid;
  }
  if (there) remove(name);
  each_extra_member(object, [this](std::string_view key, std::string_view value) {
    const std::string full = "extra." + std::string(key);
    const std::uint32_t member = key_of(full);
    if (const Slot* slot = slot_of(member)) return replace_value(const_cast<Slot&>(*slot), value);
    append(member, value).put(Slot::checked);
  });
  return Added::stored;
}

std::optional<std::string_view> Event::extra_text() {
  std::string json = nested_extra(*this);
  scratch_.clear();
  append_string(scratch_, json);
  return arena_.keep(scratch_);
}

void Event::set_verbatim(FieldId id, std::string_view json) {
  declared(id);
  if (Slot* there = find(id)) {
    replace_value(*there, json);
    there->put(Slot::checked);
  } else {
    append(keys_.of(id), json).put(Slot::checked);
  }
}

void Event::set_constant(const FieldName& name, std::uint32_t key, std::string_view json) {
  if (permitted_) declared(name.text());
  if (Slot* there = const_cast<Slot*>(slot_of(key))) {
    put_value(*there, json);
    there->put(Slot::checked);
  } else {
    append_kept(key ? key : key_of(name), json).put(Slot::checked);
  }
}

char* Event::set_verbatim(FieldId id, std::size_t size) {
  declared(id);
  char* const value = arena_.take(size);
  Slot* slot = find(id);
  if (slot)
    replace_value(*slot, std::string_view{});
  else
    slot = &append_kept(keys_.of(id), {});
  slot->value = value;
  slot->value_size = static_cast<std::uint32_t>(size);
  slot->put(Slot::checked);
  return value;
}

bool Event::settle(FieldId, Added added) {
  if (added == Added::invalid || added == Added::bad_key) reject(complaint_);
  return added == Added::stored;
}

bool Event::put(FieldId id, std::string_view text, Existing existing) {
  if (existing == Existing::keep && has(id)) return false;
  return settle(id, add_text(id, text, existing));
}

bool Event::put(FieldId id, bool value, Existing existing) {
  return settle(id, add_json(id, value ? "true" : "false", existing));
}

bool Event::put(FieldId id, std::int64_t value, Existing existing) {
  char text[24];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  return settle(id, add_json(id, {text, static_cast<std::size_t>(end - text)}, existing));
}

bool Event::put(FieldId id, double value, Existing existing) {
  const std::string text = std::isnan(value)   ? "NaN"
                           : std::isinf(value) ? (value < 0 ? "-Infinity" : "Infinity")
                                               : float_repr(value);
  return settle(id, add_json(id, text, existing));
}

}  // namespace intelmq
