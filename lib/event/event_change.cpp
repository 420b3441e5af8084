// SPDX-License-Identifier: Apache-2.0
// What changes an event: adding, replacing and removing fields.
#include "event/event.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "event/clean.hpp"
#include "event/export.hpp"
#include "event/harmonise.hpp"
#include "type/json_text.hpp"

namespace intelmq {
namespace {

bool needs_escape(std::string_view name) {
  return std::any_of(name.begin(), name.end(), [](char c) {
    return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20 ||
           static_cast<unsigned char>(c) >= 0x80;
  });
}

bool is_ignored_text(std::string_view text) {
  return text.size() <= 3 && (text.empty() || text == "-" || text == "N/A");
}

}  // namespace

void Event::replace_value(Slot& slot, std::string_view json) {
  const std::string_view kept = arena_.keep(json);
  slot.value = kept.data();
  slot.value_size = static_cast<std::uint32_t>(kept.size());
  if (slot.in_line || &slot < members_.data() + from_line_) line_changed_ = true;
  slot.in_line = false;
  slot.ignored = false;
  if (slot.id < field_count) {
    present_[slot.id] = true;
    where_[slot.id] = static_cast<std::uint32_t>(&slot - members_.data());
  }
}

void Event::append(std::string_view name, std::uint16_t id, std::string_view json, bool keep_name) {
  append_kept(name, id, arena_.keep(json), keep_name);
}

/// Appends a member whose value lives in the arena.
void Event::append_kept(std::string_view name, std::uint16_t id, std::string_view value,
                        bool keep_name) {
  if (keep_name) {
    char* copy = arena_.take(name.size() + 8);
    std::memcpy(copy, name.data(), name.size());
    name = {copy, name.size()};
  }
  if (id < field_count) {
    where_stale_ |= all_present_[id];
    where_[id] = static_cast<std::uint32_t>(members_.size());
    present_[id] = true;
  } else if (id == extra_id) {
    present_[index_of(field::extra)] = true;
  }
  members_.push_back({name.data(), value.data(), static_cast<std::uint32_t>(name.size()),
                      static_cast<std::uint32_t>(value.size()), id, false, false, false, false,
                      id >= field_count && needs_escape(name)});
}

void Event::erase(Slot& slot) {
  slot.removed = true;
  if (&slot < members_.data() + from_line_ || from_line_ == 0) line_changed_ = true;
  if (slot.id < field_count) present_[slot.id] = false;
}

bool Event::has_extra() const {
  return std::any_of(members_.begin(), members_.end(), [](const Slot& slot) {
    return !slot.removed && !slot.ignored &&
           (slot.id == extra_id || slot.id == index_of(field::extra));
  });
}

void Event::refresh_extra() { present_[index_of(field::extra)] = has_extra(); }

bool Event::remove(const FieldName& name) {
  declared(name.text());
  if (name == FieldName(field::extra)) {
    const bool had = has(field::extra);
    for (Slot& slot : members_)
      if (!slot.removed && (slot.id == extra_id || slot.id == index_of(field::extra))) erase(slot);
    present_[index_of(field::extra)] = false;
    return had;
  }
  Slot* slot = find(name);
  if (!slot) return false;
  const bool had = !slot->ignored;
  erase(*slot);
  if (name.is_extra()) refresh_extra();
  return had;
}

void Event::set_kind(MessageKind kind) {
  kind_ = kind;
  has_type_ = true;
  const std::string_view json = kind == MessageKind::report ? "\"Report\"" : "\"Event\"";
  if (Slot* slot = find("__type", type_id)) {
    if (std::string_view{slot->value, slot->value_size} != json) replace_value(*slot, json);
  } else {
    append("__type", type_id, json, false);
  }
}

Added Event::add_json(const FieldName& name, std::string_view json, Existing existing,
                      Cleaning cleaning) {
  if (name == FieldName(field::extra)) return add_extra(json, existing, cleaning);
  Slot* there = find(name);
  const bool has_value = there && !there->ignored;
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
      better = sanitise(rule->type, json, rules_->now());
      if (better) value = *better;
    }
    if ((cleaning == Cleaning::sanitise && !better) || !satisfies(*rule, value, &why)) {
      complain(name.text(), json, why);
      return Added::invalid;
    }
  }
  if (there) {
    replace_value(*there, value);
    there->checked = true;
    if (name.is_extra()) present_[index_of(field::extra)] = true;
  } else {
    const auto id = name.id();
    append(name.text(),
           id                ? static_cast<std::uint16_t>(*id)
           : name.is_extra() ? extra_id
                             : other_id,
           value, !id);
    members_.back().checked = true;
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
  const std::size_t index = index_of(id);
  const FieldRule* rule = rules_->harmonization.rule(id, kind_);
  if (!rule || present_[index] || has_ignored_ || rule->regex || rule->iregex ||
      (rule->max_length && text.size() > rule->max_length) || !is_clean(rule->type, text) ||
      (rule->pattern != FieldPattern::none && !matches(rule->pattern, text)))
    return false;
  declared(id);
  const std::size_t quote = is_bare(rule->type) ? 0 : 1;
  const std::size_t size = text.size() + 2 * quote;
  char* value = arena_.take(size);
  value[0] = value[size - 1] = '"';
  std::memcpy(value + quote, text.data(), text.size());
  where_stale_ |= all_present_[index];
  where_[index] = static_cast<std::uint32_t>(members_.size());
  present_[index] = true;
  const std::string_view key = name_of(id);
  members_.push_back({key.data(), value, static_cast<std::uint32_t>(key.size()),
                      static_cast<std::uint32_t>(size), static_cast<std::uint16_t>(index), false,
                      false, false, true, false});
  return true;
}

bool Event::add_clean_extra(const FieldName& name, std::string_view text) {
  if (is_ignored_text(text) || !name.is_extra() || rules_->harmonization.has_own() || find(name))
    return false;
  declared(name.text());
  char* value = arena_.take(text.size() + 2);
  value[0] = value[text.size() + 1] = '"';
  std::memcpy(value + 1, text.data(), text.size());
  append_kept(name.text(), extra_id, {value, text.size() + 2}, true);
  members_.back().checked = true;
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
    const auto text = sanitise(FieldType::JSONDict, json, rules_->now());
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
    if (Slot* slot = find(full, extra_id)) return replace_value(*slot, value);
    append(full, extra_id, value, true);
    members_.back().checked = true;
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
  Slot* there = present_[index_of(id)] ? &members_[where_[index_of(id)]] : find(id);
  if (there) {
    replace_value(*there, json);
    there->checked = true;
  } else {
    append(name_of(id), static_cast<std::uint16_t>(id), json, false);
    members_.back().checked = true;
  }
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
