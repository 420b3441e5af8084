// SPDX-License-Identifier: Apache-2.0
#include "event/event.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/text.hpp"
#include "event/harmonise.hpp"
#include "type/json_text.hpp"
#include "type/number.hpp"

namespace intelmq {

// --- finding -------------------------------------------------------------------------------------

Event::Slot* Event::find(FieldId id) {
  const std::size_t index = index_of(id);
  const std::uint32_t at = where_[index];
  if (present_[index]) return &members_[at];
  if (!has_ignored_) return nullptr;
  // An ignored value is in the line although the field counts as absent.
  for (Slot& slot : members_)
    if (slot.id == index && !slot.removed) return &slot;
  return nullptr;
}

Event::Slot* Event::find(std::string_view name, std::uint16_t id) {
  for (Slot& slot : members_)
    if (slot.id == id && !slot.removed && name_of_slot(slot) == name) return &slot;
  return nullptr;
}

Event::Slot* Event::find(const FieldName& name) {
  if (const auto id = name.id()) return find(*id);
  return find(name.text(), name.is_extra() ? extra_id : other_id);
}

const Event::Slot* Event::find(const FieldName& name) const {
  return const_cast<Event*>(this)->find(name);
}

bool Event::has(const FieldName& name) const {
  if (const auto id = name.id()) return has(*id);
  const Slot* slot = find(name);
  return slot && !slot->ignored;
}

bool Event::empty() const {
  return std::none_of(members_.begin(), members_.end(), [](const Slot& slot) {
    return !slot.removed && !slot.ignored && slot.id != type_id;
  });
}

// --- reading values ------------------------------------------------------------------------------

std::optional<std::string_view> Event::raw_value(FieldId id) {
  if (!present_[index_of(id)]) return std::nullopt;
  if (id == field::extra.id) return extra_text();
  Slot& slot = members_[where_[index_of(id)]];
  if (!slot.checked && !check(slot)) {
    reject(complaint_);
    return std::nullopt;
  }
  return std::string_view{slot.value, slot.value_size};
}

std::optional<std::string_view> Event::raw_value(const FieldName& name) {
  if (const auto id = name.id()) return raw_value(*id);
  Slot* slot = find(name);
  if (!slot || slot->ignored) return std::nullopt;
  if (!slot->checked && !check(*slot)) {
    reject(complaint_);
    return std::nullopt;
  }
  return std::string_view{slot->value, slot->value_size};
}

std::optional<std::string_view> Event::text_value(const FieldName& name) {
  const auto raw = raw_value(name);
  if (!raw) return std::nullopt;
  return text_of(*raw);
}

std::string_view Event::text_of(std::string_view raw) {
  if (raw.front() == '"' && !has_escape(raw)) return raw.substr(1, raw.size() - 2);
  return arena_.keep(python_text(raw, scratch_));
}

double Event::real_of(std::string_view raw) {
  if (raw == "true" || raw == "false") return raw == "true";
  return python_float(raw).value_or(std::numeric_limits<double>::quiet_NaN());
}

std::int64_t Event::integer_of(std::string_view raw) {
  std::int64_t value = 0;
  const auto read = std::from_chars(raw.data(), raw.data() + raw.size(), value);
  if (read.ec == std::errc::result_out_of_range)
    return raw.front() == '-' ? std::numeric_limits<std::int64_t>::min()
                              : std::numeric_limits<std::int64_t>::max();
  return value;
}

/// Makes the slot's value one that DHO 1 accepts, as IntelMQ does when it receives a message.
bool Event::check(Slot& slot) {
  const std::string_view raw{slot.value, slot.value_size};
  const FieldRule* rule = slot.id < field_count
                              ? rules_->harmonization.rule(FieldId{slot.id}, kind_)
                              : rules_->harmonization.rule(name_of_slot(slot), kind_);
  if (!rule || satisfies(*rule, raw)) {
    slot.checked = true;
    return true;
  }
  std::string why = "not a valid value of its type";
  // What is no base64 is not encoded once more: it was to be decoded.
  const auto better =
      rule->type == FieldType::Base64 ? std::nullopt : sanitise(rule->type, raw, rules_->now());
  if (!better || !satisfies(*rule, *better, &why)) {
    complain(name_of_slot(slot), raw, why);
    return false;
  }
  replace_value(slot, *better);
  slot.checked = true;
  return true;
}

bool Event::validate() {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    Slot& slot = members_[i];
    if (slot.removed || slot.id == type_id) continue;
    if (slot.ignored) {
      erase(slot);
    } else if (slot.id == index_of(field::extra)) {
      const std::string json(slot.value, slot.value_size);
      erase(slot);
      if (add_extra(json, Existing::replace, Cleaning::sanitise) == Added::invalid) return false;
    } else if (!rules_->harmonization.accepts(name_of_slot(slot), kind_)) {
      complain(name_of_slot(slot), {slot.value, slot.value_size}, "no such field");
      return false;
    } else if (!slot.checked && slot.id != extra_id && !check(slot)) {
      return false;
    }
  }
  return true;
}

void Event::validate_fields() {
  for (Slot& slot : members_)
    if (!slot.removed && !slot.ignored && !slot.checked && slot.id < field_count && !check(slot))
      return reject(complaint_);
}

// --- verdict and complaints ----------------------------------------------------------------------

void Event::judge(Verdict verdict, std::string_view reason) {
  if (verdict_ == Verdict::reject) return;
  verdict_ = verdict;
  reason_ = reason;
}

void Event::complain(std::string_view name, std::string_view json, std::string_view why) {
  std::string text;
  complaint_ = fmt::format("invalid value {} for {}: {}",
                           quote_for_message(python_text(json, text)), name, why);
}

void Event::permit(const std::bitset<field_count>* fields, const std::vector<FieldName>* others) {
  permitted_ = fields;
  permitted_others_ = others;
}

void Event::declared(FieldId id) const {
  if (permitted_ && rules_->undeclared && !(*permitted_)[index_of(id)])
    rules_->undeclared(name_of(id));
}

void Event::declared(std::string_view name) const {
  if (!permitted_ || !rules_->undeclared) return;
  if (const auto id = find_field(name)) return declared(*id);
  if (name.starts_with("extra.") && (*permitted_)[index_of(field::extra)]) return;
  if (permitted_others_)
    for (const FieldName& other : *permitted_others_)
      if (other.text() == name) return;
  rules_->undeclared(name);
}

}  // namespace intelmq
