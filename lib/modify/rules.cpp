// SPDX-License-Identifier: Apache-2.0
#include "modify/rules.hpp"

#include <algorithm>

#include "base/file.hpp"
#include "base/text.hpp"
#include "base/yaml.hpp"

namespace intelmq::modify {
namespace {

tl::unexpected<Error> in_field(std::string_view part, std::string_view name, const Error& error) {
  return fail(std::string(part) + ": " + std::string(name) + ": " + error.text);
}

void note(std::vector<FieldName>& fields, const FieldName& field) {
  if (std::find(fields.begin(), fields.end(), field) == fields.end()) fields.push_back(field);
}

/// The rule's name, made harmless for messages, or its number.
std::string rule_name(const Json& json, std::size_t number) {
  const Json& name = json["rulename"];
  if (!name.is_string() || name.text().empty()) return std::to_string(number);
  const std::string quoted = quote_for_message(name.text());
  return quoted.substr(1, quoted.size() - 2);
}

}  // namespace

Result<Rules> Rules::load(const std::string& path, const RuleOptions& options,
                          const Harmonization& fields) {
  const auto text = read_file(path);
  if (!text) return tl::unexpected(text.error());
  const auto document = parse_json_or_yaml(*text);
  if (!document) return fail(path + ": " + document.error().text);
  auto rules = compile(*document, options, fields);
  if (!rules) return fail(path + ": " + rules.error().text);
  return rules;
}

Result<Rules> Rules::compile(const Json& document, const RuleOptions& options,
                             const Harmonization& fields) {
  if (!document.is_array())
    return fail(
        "the file holds no array of rules; write [{\"rulename\": NAME, \"if\": {FIELD: "
        "CONDITION}, \"then\": {FIELD: VALUE}}]");
  Rules made;
  made.options_ = options;
  for (const Json& json : document.items())
    if (const auto added = made.add(json, fields); !added)
      return fail("rule " + rule_name(json, made.rules_.size() + 1) + ": " + added.error().text);
  return made;
}

Result<void> Rules::add(const Json& json, const Harmonization& fields) {
  if (!json.is_object()) return fail("not an object with the members if and then");
  for (const char* part : {"if", "then"}) {
    if (json[part].is_object()) continue;
    return fail(std::string(part) + " is missing or no object; write \"" + part +
                "\": {FIELD: VALUE}");
  }
  Rule rule;
  rule.name = rule_name(json, rules_.size() + 1);
  if (auto added = add_conditions(rule, json["if"], fields); !added) return added;
  if (auto added = add_actions(rule, json["then"], fields); !added) return added;
  rules_.push_back(std::move(rule));
  return {};
}

Result<void> Rules::add_conditions(Rule& rule, const Json& json, const Harmonization& fields) {
  const Case letters = options_.case_sensitive ? Case::sensitive : Case::insensitive;
  for (const auto& [name, value] : json.members()) {
    const auto field = fields.name(name);
    if (!field) return fail("if: " + field.error().text);
    auto condition = Condition::compile(*field, value, letters);
    if (!condition) return in_field("if", name, condition.error());
    rule.conditions.push_back(std::move(*condition));
    note(reads_, *field);
  }
  return {};
}

Result<void> Rules::add_actions(Rule& rule, const Json& json, const Harmonization& fields) {
  for (const auto& [name, value] : json.members()) {
    const auto field = fields.name(name);
    if (!field) return fail("then: " + field.error().text);
    auto action = Action::compile(*field, value, fields, rule.conditions);
    if (!action) return in_field("then", name, action.error());
    for (const FieldName& inserted : action->inserted()) note(reads_, inserted);
    note(action->removes() ? removes_ : sets_, *field);
    rule.actions.push_back(std::move(*action));
  }
  return {};
}

void Rules::apply(Event& event) {
  std::size_t applied = 0;
  for (Rule& rule : rules_) {
    const auto done = run(rule, event);
    if (!done) return event.reject("rule " + rule.name + ": " + done.error().text);
    if (event.verdict() == Verdict::reject) return;
    if (*done && ++applied == options_.maximum_matches) return;
  }
}

/// Whether the rule's conditions held and its actions were run.
Result<bool> Rules::run(Rule& rule, Event& event) const {
  for (Condition& condition : rule.conditions) {
    auto holds = condition.holds(event);
    if (!holds || !*holds) return holds;
  }
  const Existing existing = options_.overwrite ? Existing::replace : Existing::keep;
  for (const Action& action : rule.actions)
    if (const auto done = action.run(event, existing, rule.conditions); !done)
      return tl::unexpected(done.error());
  return true;
}

}  // namespace intelmq::modify
