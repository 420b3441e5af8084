// SPDX-License-Identifier: Apache-2.0
#include "event/harmonization.hpp"

#include <fmt/format.h>

#include "base/file.hpp"
#include "base/json.hpp"
#include "base/text.hpp"
#include "base/yaml.hpp"
#include "event/harmonise.hpp"
#include "event/key_index.hpp"
#include "type/python_text.hpp"
#include "type/regex.hpp"

namespace intelmq {
namespace {

constexpr std::array type_names = {std::string_view{"String"},
                                   std::string_view{"LowercaseString"},
                                   std::string_view{"UppercaseString"},
                                   std::string_view{"Registry"},
                                   std::string_view{"TLP"},
                                   std::string_view{"ClassificationTaxonomy"},
                                   std::string_view{"ClassificationType"},
                                   std::string_view{"Boolean"},
                                   std::string_view{"Integer"},
                                   std::string_view{"ASN"},
                                   std::string_view{"Float"},
                                   std::string_view{"Accuracy"},
                                   std::string_view{"DateTime"},
                                   std::string_view{"IPAddress"},
                                   std::string_view{"IPNetwork"},
                                   std::string_view{"FQDN"},
                                   std::string_view{"URL"},
                                   std::string_view{"Base64"},
                                   std::string_view{"JSON"},
                                   std::string_view{"JSONDict"}};

Result<std::shared_ptr<const Regex>> read_regex(const Json& text, Case sensitivity) {
  if (!text.is_string()) return std::shared_ptr<const Regex>{};
  auto regex = Regex::compile(text.text(), sensitivity);
  if (!regex) return tl::unexpected(regex.error());
  return std::make_shared<const Regex>(std::move(*regex));
}

Result<FieldRule> read_rule(const std::string& name, const Json& json) {
  FieldRule rule;
  const std::string& wanted = json["type"].text();
  std::size_t type = 0;
  while (type < type_names.size() && type_names[type] != wanted) ++type;
  if (type == type_names.size())
    return fail(fmt::format("field {}: type {} is none of {}", name, quote_for_message(wanted),
                            fmt::join(type_names, ", ")));
  rule.type = static_cast<FieldType>(type);
  if (name == "extra") rule.type = FieldType::JSONDict;
  if (const Json& length = json["length"]; !length.is_null()) {
    const auto number = length.integer();
    if (!number || *number <= 0)
      return fail(
          fmt::format("field {}: length '{}' is not a positive number", name, length.text()));
    rule.max_length = static_cast<std::size_t>(*number);
  }
  auto regex = read_regex(json["regex"], Case::sensitive);
  if (!regex) return fail(fmt::format("field {}: regex: {}", name, regex.error().text));
  auto iregex = read_regex(json["iregex"], Case::insensitive);
  if (!iregex) return fail(fmt::format("field {}: iregex: {}", name, iregex.error().text));
  rule.regex = std::move(*regex);
  rule.iregex = std::move(*iregex);
  return rule;
}

}  // namespace

Harmonization::Harmonization() {
  for (std::size_t i = 0; i < field_count; ++i) {
    const FieldRow& row = field_table[i];
    rules_[i] = {row.type,
                 row.max_length,
                 row.pattern,
                 nullptr,
                 nullptr,
                 true,
                 row.scope == FieldScope::both};
  }
}

Result<Harmonization> Harmonization::load(const std::string& path) {
  auto text = read_file(path);
  if (!text) return tl::unexpected(text.error());
  auto document = parse_json_or_yaml(*text);
  if (!document) return fail(fmt::format("{}: {}", path, document.error().text));
  auto out = read(*document);
  if (!out) return fail(fmt::format("{}: {}", path, out.error().text));
  return out;
}

Result<Harmonization> Harmonization::read(const Json& document) {
  Harmonization out;
  for (FieldRule& rule : out.rules_) rule = {};
  if (!document["event"].is_object() || !document["report"].is_object())
    return fail("a harmonization has the two sections 'event' and 'report'");
  for (const char* section : {"event", "report"}) {
    const bool event = std::string_view{section} == "event";
    for (const auto& [name, json] : document[section].members()) {
      if (!is_well_formed_name(name))
        return fail(
            fmt::format("field {}: a name consists of small letters, digits and _, its "
                        "parts separated by dots",
                        quote_for_message(name)));
      auto rule = read_rule(name, json);
      if (!rule) return tl::unexpected(rule.error());
      const auto id = find_field(name);
      FieldRule& slot = id ? out.rules_[index_of(*id)] : out.own_[name];
      rule->in_event = event || slot.in_event;
      rule->in_report = !event || slot.in_report;
      if (event || !slot.in_event)
        slot = std::move(*rule);
      else
        slot.in_report = true;
    }
  }
  return out;
}

const FieldRule* Harmonization::rule(std::string_view name, MessageKind kind) const {
  if (const std::uint16_t id = classify_key(name); id < field_count) return rule(FieldId{id}, kind);
  const auto found = own_.find(name);
  if (found == own_.end()) return nullptr;
  return (kind == MessageKind::event ? found->second.in_event : found->second.in_report)
             ? &found->second
             : nullptr;
}

bool Harmonization::accepts(std::string_view name, MessageKind kind) const {
  if (rule(name, kind)) return true;
  return name.starts_with("extra.") && is_well_formed_name(name);
}

Result<FieldName> Harmonization::name(std::string_view text) const {
  if (own_.find(text) != own_.end()) return FieldName(std::string(text));
  return FieldName::parse(text);
}

std::vector<std::string> Harmonization::own_names() const {
  std::vector<std::string> out;
  for (const auto& [name, rule] : own_) out.push_back(name);
  return out;
}

bool satisfies(const FieldRule& rule, std::string_view raw, std::string* why) {
  const auto no = [why](std::string text) {
    if (why) *why = std::move(text);
    return false;
  };
  if (!is_valid(rule.type, raw)) return no("not a valid value of its type");
  if (!rule.max_length && rule.pattern == FieldPattern::none && !rule.regex && !rule.iregex)
    return true;
  std::string scratch;
  const std::string_view text = python_text(raw, scratch);
  if (rule.max_length) {
    if (text.size() > rule.max_length && length(text) > rule.max_length)
      return no(fmt::format("too long: {} > {}", length(text), rule.max_length));
  }
  if (!matches(rule.pattern, text)) return no("its text does not fit the field's pattern");
  if (rule.regex && rule.regex->search(text) != Match::yes)
    return no("its text does not fit the field's regex");
  if (rule.iregex && rule.iregex->search(text) != Match::yes)
    return no("its text does not fit the field's iregex");
  return true;
}

}  // namespace intelmq
