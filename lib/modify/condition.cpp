// SPDX-License-Identifier: Apache-2.0
#include "modify/condition.hpp"

#include <charconv>

#include "base/text.hpp"
#include "sieve/value.hpp"
#include "type/json_text.hpp"

namespace intelmq::modify {
namespace {

std::optional<std::size_t> number(std::string_view key) {
  std::size_t value = 0;
  const auto read = std::from_chars(key.data(), key.data() + key.size(), value);
  if (read.ec != std::errc{} || read.ptr != key.data() + key.size()) return std::nullopt;
  return value;
}

}  // namespace

Result<Condition> Condition::compile(FieldName field, const Json& value, Case letters) {
  if (value.is_null()) return fail("null is no condition; write \"\" for a field that is absent");
  if (!value.is_string()) return equals(std::move(field), value);
  if (!value.text().empty())
    return search(std::move(field), value.text(), letters, Searched::scalars);
  Condition made(std::move(field));
  made.absent_ = true;
  return made;
}

Condition Condition::equals(FieldName field, const Json& value) {
  Condition made(std::move(field));
  if (value.is_string())
    made.text_.emplace(value.text());
  else
    made.json_ = value.dump(false);
  return made;
}

Result<Condition> Condition::search(FieldName field, std::string_view pattern, Case letters,
                                    Searched searched) {
  auto regex = Regex::compile(pattern, letters);
  if (!regex)
    return fail("regular expression " + quote_for_message(pattern) + ": " + regex.error().text);
  Condition made(std::move(field));
  made.regex_ = std::move(*regex);
  made.searched_ = searched;
  return made;
}

Result<bool> Condition::holds(Event& event) {
  if (absent_) return !event.has(field_);
  const auto raw = event.raw_value(field_);
  if (!raw) return false;
  if (text_) return text_->equals(*raw, scratch_);
  return regex_ ? found(event, *raw) : sieve::equal_values(*raw, json_);
}

Result<bool> Condition::found(Event& event, std::string_view raw) {
  const JsonKind kind = kind_of(raw);
  const bool compound = kind == JsonKind::array || kind == JsonKind::object;
  if (compound && searched_ == Searched::scalars)
    return fail(std::string(field_.text()) + " is an " +
                (kind == JsonKind::array ? "array" : "object") +
                ", in which no regular expression can be searched");
  const auto text = event.text_value(field_);
  const Match match = regex_->search(*text, keeps_groups_ ? &captures_ : nullptr);
  if (match == Match::limit)
    return fail("the search for " + quote_for_message(regex_->pattern()) + " in " +
                std::string(field_.text()) + " takes too long");
  return match == Match::yes;
}

std::optional<std::string_view> Condition::group(std::string_view key) const {
  if (const auto index = number(key)) return captures_.group(*index);
  return captures_.group(key);
}

bool Condition::has_group(std::string_view key) const {
  if (!regex_) return false;
  if (const auto index = number(key)) return *index <= regex_->groups();
  return regex_->group_number(key).has_value();
}

}  // namespace intelmq::modify
