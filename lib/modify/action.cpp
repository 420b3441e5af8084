// SPDX-License-Identifier: Apache-2.0
#include "modify/action.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "event/harmonise.hpp"
#include "type/json_text.hpp"

namespace intelmq::modify {
namespace {

constexpr std::string_view forms =
    "write {msg[FIELD]}, {matches[FIELD][GROUP]}, or {{ and }} for braces";

std::string quoted(std::string_view text) {
  std::string out;
  append_string(out, text);
  return out;
}

FormatValue format_value(std::string_view raw) {
  using Kind = FormatValue::Kind;
  switch (kind_of(raw)) {
    case JsonKind::null: return {Kind::none, {}};
    case JsonKind::boolean: return {Kind::boolean, std::string(raw)};
    case JsonKind::number: return {is_integer(raw) ? Kind::integer : Kind::real, std::string(raw)};
    case JsonKind::string: return {Kind::text, decode_string(raw)};
    default: break;
  }
  FormatValue out;
  append_python_str(out.text, raw);
  return out;
}

/// The condition on that field with a regular expression, or the end.
template <class Conditions>
auto find_regex(Conditions& conditions, std::string_view field) {
  return std::find_if(conditions.begin(), conditions.end(), [&](const Condition& condition) {
    return condition.regex() && condition.field().text() == field;
  });
}

}  // namespace

Result<Action> Action::compile(FieldName field, const Json& value, const Harmonization& fields,
                               std::vector<Condition>& conditions) {
  Action made(std::move(field));
  std::string json = value.dump(false);
  if (value.is_string()) {
    auto text = FormatTemplate::compile(value.text());
    if (!text)
      return fail("template " + quote_for_message(value.text()) + ": " + text.error().text);
    const auto inserts = text->fields();
    for (const FieldPath& path : inserts)
      if (auto checked = made.check_insert(path, fields, conditions); !checked)
        return tl::unexpected(checked.error());
    if (!inserts.empty()) {
      made.text_ = std::move(*text);
      return made;
    }
    json = quoted(text->render([](const FieldPath&) { return std::nullopt; }).value_or(""));
  }
  if (auto set = made.set_constant(std::move(json), fields); !set)
    return tl::unexpected(set.error());
  return made;
}

Result<void> Action::set_constant(std::string json, const Harmonization& fields) {
  json_ = std::move(json);
  removes_ = is_ignored(json_);
  const FieldRule* rule = fields.rule(field_.text(), MessageKind::event);
  if (removes_ || !rule || rule->type == FieldType::DateTime || field_ == FieldName(field::extra))
    return {};
  auto value = sanitise(rule->type, json_, Timestamp{});
  std::string why = "it is not a valid value of its type";
  if (!value || !satisfies(*rule, *value, &why))
    return fail("the field cannot hold " + json_ + ": " + why);
  json_ = std::move(*value);
  is_checked_ = field_.id().has_value();
  return {};
}

Result<void> Action::check_insert(const FieldPath& path, const Harmonization& fields,
                                  std::vector<Condition>& conditions) {
  const std::string shown = "{" + path.text() + "}";
  if (path.name == "msg" && path.keys.size() == 1) {
    const auto name = fields.name(path.keys[0]);
    if (!name) return fail(shown + ": " + name.error().text);
    inserted_.push_back(*name);
    return {};
  }
  if (path.name != "matches" || path.keys.size() != 2)
    return fail(shown + " cannot be inserted; " + std::string(forms));
  const auto found = find_regex(conditions, path.keys[0]);
  if (found == conditions.end())
    return fail(shown + ": the rule has no condition on " + quote_for_message(path.keys[0]) +
                " that is a regular expression");
  if (!found->has_group(path.keys[1]))
    return fail(shown + ": the regular expression " + quote_for_message(found->regex()->pattern()) +
                " has no group " + quote_for_message(path.keys[1]));
  found->keep_groups();
  return {};
}

Result<void> Action::run(Event& event, Existing existing,
                         const std::vector<Condition>& conditions) const {
  if (existing == Existing::keep && event.has(field_)) return {};
  if (is_checked_ && event.kind() == MessageKind::event) {
    event.set_verbatim(*field_.id(), json_);
    return {};
  }
  if (!text_) return store(event, json_, existing);
  const auto text =
      text_->render([&](const FieldPath& path) { return value_of(event, path, conditions); });
  if (!text) return fail(std::string(field_.text()) + ": " + text.error().text);
  return store(event, quoted(*text), existing);
}

Result<void> Action::store(Event& event, std::string_view json, Existing existing) const {
  const Added added = event.add_json(field_, json, existing);
  if (added == Added::invalid || added == Added::bad_key) return fail(event.complaint());
  return {};
}

std::optional<FormatValue> Action::value_of(Event& event, const FieldPath& path,
                                            const std::vector<Condition>& conditions) const {
  if (path.name == "msg") {
    for (const FieldName& name : inserted_) {
      if (name.text() != path.keys[0]) continue;
      const auto raw = event.raw_value(name);
      return raw ? std::optional(format_value(*raw)) : std::nullopt;
    }
    return std::nullopt;
  }
  const auto group = find_regex(conditions, path.keys[0])->group(path.keys[1]);
  if (!group) return FormatValue{FormatValue::Kind::none, {}};
  return FormatValue{FormatValue::Kind::text, std::string(*group)};
}

}  // namespace intelmq::modify
