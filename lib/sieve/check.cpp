// SPDX-License-Identifier: Apache-2.0
#include "sieve/check.hpp"

#include <fmt/format.h>

#include "base/text.hpp"
#include "event/harmonise.hpp"

namespace intelmq::sieve {
namespace {

bool is_numeric(FieldType type) {
  return type == FieldType::Integer || type == FieldType::Float || type == FieldType::Accuracy ||
         type == FieldType::ASN;
}

}  // namespace

void Check::fail(Place place, std::string_view text) {
  if (!failed()) error_.text = position(file_, place) + std::string(text);
}

void Check::warn(Place place, std::string_view text) {
  warnings_.push_back(position(file_, place) + std::string(text));
}

std::optional<FieldType> Check::type_of(const Key& key) const {
  if (key.variable) return std::nullopt;
  const FieldRule* rule = harmonization_.rule(key.name, MessageKind::event);
  if (!rule) rule = harmonization_.rule(key.name, MessageKind::report);
  return rule ? std::optional(rule->type) : std::nullopt;
}

std::optional<FieldName> Check::field(const Key& key, bool must_exist) {
  const auto name = harmonization_.name(key.name);
  if (name) return *name;
  if (must_exist)
    fail(key.place, name.error().text);
  else
    warn(key.place, name.error().text + "; no event has it");
  return std::nullopt;
}

void Check::texts(const MatchSyntax& match) {
  if (type_of(match.key) != FieldType::IPAddress) return;
  for (const Operand& value : match.values) {
    if (value.kind != Operand::Kind::text || IpAddress::parse(value.text)) continue;
    fail(value.place, fmt::format("{} holds an address and {} is none; compare with a whole "
                                  "address, or with a network: {} << '192.0.2.0/24'",
                                  match.key.name, quote_for_message(value.text), match.key.name));
  }
}

void Check::numeric(const MatchSyntax& match) {
  if (match.key.variable) return;
  const auto type = type_of(match.key);
  if (type && is_numeric(*type)) return;
  const std::string& name = match.key.name;
  const auto known = harmonization_.name(name);
  if (!known) return fail(match.key.place, known.error().text);
  fail(match.key.place,
       fmt::format("{} is no field that holds numbers; compare it with a text: {} =~ '^{}$'", name,
                   name, match.values.front().text));
}

std::vector<IpNetwork> Check::networks(const std::vector<Operand>& values) {
  std::vector<IpNetwork> out;
  for (const Operand& value : values) {
    if (const auto network = IpNetwork::parse(value.text, HostBits::clear))
      out.push_back(*network);
    else
      fail(value.place, quote_for_message(value.text) +
                            " is no network; write one such as "
                            "'192.0.2.0/24' or '2001:db8::/32'");
  }
  return out;
}

std::optional<Regex> Check::regex(const Operand& value) {
  auto made = Regex::compile(value.text);
  if (made) return std::move(*made);
  fail(value.place,
       fmt::format("regular expression {}: {}", quote_for_message(value.text), made.error().text));
  return std::nullopt;
}

std::optional<Moment> Check::moment(const Operand& value) {
  const auto made = Moment::parse(value.text);
  if (!made)
    warn(value.place,
         quote_for_message(value.text) +
             " is no time such as '2024-01-31 15:00' or '2 days'; events that get here "
             "are rejected");
  return made;
}

std::string Check::constant(const FieldName& field, std::string_view json, Place place) {
  if (field == FieldName(field::extra) || is_ignored(json)) return {};
  if (!field.id()) return harmonization_.has_own() ? std::string{} : std::string(json);
  const FieldRule* rule = harmonization_.rule(*field.id(), MessageKind::event);
  if (!rule || rule->type == FieldType::DateTime) return {};
  const auto value = sanitise(rule->type, json, Timestamp{});
  std::string why = "it is not a valid value of its type";
  if (value && satisfies(*rule, *value, &why)) return *value;
  fail(place, fmt::format("{} cannot hold {}: {}", field.text(), json, why));
  return {};
}

std::int64_t Check::span(const Operand& value, std::string_view sign) {
  std::optional<std::int64_t> seconds;
  if (value.kind == Operand::Kind::text) seconds = parse_span(value.text);
  if (!seconds)
    fail(value.place, fmt::format("{} takes a length of time such as '1 hour' or '2 days', not {}",
                                  sign, quote_for_message(value.text)));
  return seconds.value_or(0);
}

}  // namespace intelmq::sieve
