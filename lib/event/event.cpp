// SPDX-License-Identifier: Apache-2.0
#include "event/event.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/text.hpp"
#include "event/clean.hpp"
#include "event/harmonise.hpp"
#include "event/key_index.hpp"
#include "type/json_text.hpp"
#include "type/number.hpp"

namespace intelmq {

// --- finding -------------------------------------------------------------------------------------

const Slot* Event::find(const FieldName& name) const { return slot_of(key_number(name)); }

bool Event::has(const FieldName& name) const {
  if (const auto id = name.id()) return has(*id);
  const Slot* slot = find(name);
  return slot && !slot->is(Slot::ignored);
}

bool Event::empty() const {
  return std::none_of(members_.begin(), members_.end(),
                      [this](const Slot& slot) { return slot.has_value() && !is_type(slot); });
}

// --- reading values ------------------------------------------------------------------------------

std::optional<std::string_view> Event::raw_value(FieldId id) {
  if (id == field::extra.id) return has_extra() ? extra_text() : std::nullopt;
  return checked_value(find(id));
}

std::optional<std::string_view> Event::raw_value(const FieldName& name) {
  if (const auto id = name.id()) return raw_value(*id);
  return checked_value(find(name));
}

std::optional<std::string_view> Event::checked_value(Slot* slot) {
  const std::string_view raw = slot ? value_of_slot(*slot) : std::string_view{};
  return raw.data() ? std::optional(raw) : std::nullopt;
}

std::string_view Event::value_of_slot(Slot& slot) {
  if (slot.is(Slot::ignored)) return {};
  if (slot.is(Slot::checked) || check(slot)) return slot.text();
  reject(complaint_);
  return {};
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

inline const FieldRule* Event::rule_of(const Slot& slot) const {
  const std::uint16_t id = id_of(slot);
  if (id < field_count) return rules_->harmonization.rule(FieldId{id}, kind_);
  if (id == KeyClass::extra && !rules_->harmonization.has_own()) return nullptr;
  return rules_->harmonization.rule(name_of_slot(slot), kind_);
}

/// The time that completes partial dates; of no use to other types, and not free.
Timestamp Event::now_for(FieldType type) const {
  return type == FieldType::DateTime ? rules_->now() : Timestamp{};
}

/// Makes the slot's value one that DHO 1 accepts, as IntelMQ does when it receives a message.
bool Event::check(Slot& slot) {
  const FieldRule* rule = rule_of(slot);
  const bool good =
      !rule || is_usual(*rule, slot.text()) || satisfies(*rule, slot.text()) || mend(slot, *rule);
  if (good) slot.put(Slot::checked);
  return good;
}

bool Event::mend(Slot& slot, const FieldRule& rule) {
  const std::string_view raw = slot.text();
  std::string why = "not a valid value of its type";
  // What is no base64 is not encoded once more: it was to be decoded.
  const auto better =
      rule.type == FieldType::Base64 ? std::nullopt : sanitise(rule.type, raw, now_for(rule.type));
  if (!better || !satisfies(rule, *better, &why)) {
    complain(name_of_slot(slot), raw, why);
    return false;
  }
  replace_value(slot, *better);
  return true;
}

bool Event::validate() {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    Slot& slot = members_[i];
    if (slot.is(Slot::removed) || is_type(slot)) continue;
    if (slot.is(Slot::ignored)) {
      erase(slot);
    } else if (id_of(slot) == index_of(field::extra)) {
      const std::string json(slot.value, slot.value_size);
      erase(slot);
      if (add_extra(json, Existing::replace, Cleaning::sanitise) == Added::invalid) return false;
    } else if (!rules_->harmonization.accepts(name_of_slot(slot), kind_)) {
      complain(name_of_slot(slot), slot.text(), "no such field");
      return false;
    } else if (!slot.is(Slot::checked) && id_of(slot) != KeyClass::extra && !check(slot)) {
      return false;
    }
  }
  return true;
}

void Event::validate_fields() {
  for (Slot& slot : members_)
    if (slot.has_value() && !slot.is(Slot::checked) && id_of(slot) < field_count && !check(slot))
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
