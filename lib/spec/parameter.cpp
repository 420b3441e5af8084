// SPDX-License-Identifier: Apache-2.0
#include "spec/parameter.hpp"

#include <fmt/format.h>

#include <charconv>
#include <cmath>
#include <span>

#include "base/text.hpp"

namespace intelmq {
namespace {

Json type_schema(std::string_view type) { return Json::object().set("type", type); }

/// What a value looks like in an error: the text of a text, the JSON of anything else.
std::string shown(const Json& value) {
  return quote_for_message(value.is_string() ? value.text() : value.dump());
}

template <class T>
std::optional<T> whole(std::string_view text) {
  T value{};
  const char* const end = text.data() + text.size();
  const auto [stop, problem] = std::from_chars(text.data(), end, value);
  if (problem != std::errc{} || stop != end) return std::nullopt;
  return value;
}

/// The text of a scalar: of a string, a number's spelling, `true` or `false`.
Result<std::string> scalar_text(const Json& value, std::string_view wanted) {
  if (value.is_string() || value.is_number()) return value.text();
  if (value.is_boolean()) return std::string(value.boolean() ? "true" : "false");
  return fail(fmt::format("{} is not {}", shown(value), wanted));
}

/// The items of a list given as an array, as a text that holds an array, or as a text with commas.
Result<std::vector<std::string>> list_items(const Json& value) {
  if (value.is_null()) return std::vector<std::string>{};
  if (!value.is_array()) {
    auto text = scalar_text(value, "a list");
    if (!text) return tl::unexpected(text.error());
    if (!trim(*text).starts_with('[')) return split_names(*text);
    auto inner = Json::parse(*text);
    if (!inner) return fail(fmt::format("{} is {}", shown(value), inner.error().text));
    return list_items(*inner);
  }
  std::vector<std::string> out;
  for (const Json& item : value.items()) {
    auto text = scalar_text(item, "a text");
    if (!text) return fail(fmt::format("item {}: {}", out.size() + 1, text.error().text));
    out.push_back(std::move(*text));
  }
  return out;
}

Json array_of(Json items) { return type_schema("array").set("items", std::move(items)); }

std::string option_name(std::string_view name) {
  std::string out(name);
  for (char& c : out)
    if (c == '_') c = '-';
  return out;
}

}  // namespace

std::string ParameterType<bool>::name() { return {}; }
Json ParameterType<bool>::schema() { return type_schema("boolean"); }
Json ParameterType<bool>::to_json(const bool& value) { return value; }
Result<bool> ParameterType<bool>::from_json(const Json& value) {
  if (value.is_boolean()) return value.boolean();
  const std::string text = value.is_string() || value.is_number() ? ascii_lower(value.text()) : "";
  for (const std::string_view word : {"true", "yes", "on", "1"})
    if (text == word) return true;
  for (const std::string_view word : {"false", "no", "off", "0"})
    if (text == word) return false;
  return fail(shown(value) + " is neither true nor false");
}

std::string ParameterType<std::int64_t>::name() { return "integer"; }
Json ParameterType<std::int64_t>::schema() { return type_schema("integer"); }
Json ParameterType<std::int64_t>::to_json(const std::int64_t& value) { return value; }
Result<std::int64_t> ParameterType<std::int64_t>::from_json(const Json& value) {
  const bool readable = value.is_string() || value.is_number();
  const std::string_view text = readable ? trim(value.text()) : std::string_view{};
  if (const auto number = whole<std::int64_t>(text)) return *number;
  if (readable && Json::number(std::string(text)).is_integer() && !text.empty() &&
      text.find_first_not_of("0123456789", text.front() == '-' ? 1 : 0) == text.npos &&
      text != "-") {
    return fail(shown(value) + " is too large: at most 19 digits are read");
  }
  return fail(shown(value) + " is not an integer such as 10");
}

std::string ParameterType<double>::name() { return "number"; }
Json ParameterType<double>::schema() { return type_schema("number"); }
Json ParameterType<double>::to_json(const double& value) { return value; }
Result<double> ParameterType<double>::from_json(const Json& value) {
  const bool readable = value.is_string() || value.is_number();
  const auto number = readable ? whole<double>(trim(value.text())) : std::nullopt;
  if (number && std::isfinite(*number)) return *number;
  return fail(shown(value) + " is not a number such as 2 or 0.5");
}

std::string ParameterType<std::string>::name() { return "text"; }
Json ParameterType<std::string>::schema() { return type_schema("string"); }
Json ParameterType<std::string>::to_json(const std::string& value) { return value; }
Result<std::string> ParameterType<std::string>::from_json(const Json& value) {
  return scalar_text(value, "a text");
}

std::string ParameterType<Secret>::name() { return "secret"; }
Json ParameterType<Secret>::schema() { return type_schema("string"); }
Json ParameterType<Secret>::to_json(const Secret&) { return {}; }
Result<Secret> ParameterType<Secret>::from_json(const Json& value) {
  if (!value.is_string() && !value.is_number()) return fail("the value is not a text");
  return Secret(value.text());
}

std::string ParameterType<Duration>::name() { return "duration"; }
Json ParameterType<Duration>::schema() {
  return Json::object()
      .set("type", Json::array().push("string").push("number"))
      .set("format", "x-duration");
}
Json ParameterType<Duration>::to_json(const Duration& value) { return value.text(); }
Result<Duration> ParameterType<Duration>::from_json(const Json& value) {
  auto text = scalar_text(value, "a duration such as 500ms, 30s or 5m");
  if (!text) return tl::unexpected(text.error());
  return parse_duration(*text);
}

std::string ParameterType<ByteSize>::name() { return "size"; }
Json ParameterType<ByteSize>::schema() {
  return Json::object()
      .set("type", Json::array().push("string").push("integer"))
      .set("format", "x-byte-size");
}
Json ParameterType<ByteSize>::to_json(const ByteSize& value) { return value.text(); }
Result<ByteSize> ParameterType<ByteSize>::from_json(const Json& value) {
  auto text = scalar_text(value, "a size such as 512, 64KiB or 16MiB");
  if (!text) return tl::unexpected(text.error());
  return parse_byte_size(*text);
}

std::string ParameterType<FieldName>::name() { return "field"; }
Json ParameterType<FieldName>::schema() { return type_schema("string").set("format", "x-field"); }
Json ParameterType<FieldName>::to_json(const FieldName& value) { return value.text(); }
Result<FieldName> ParameterType<FieldName>::from_json(const Json& value) {
  auto text = scalar_text(value, "a field such as source.ip");
  if (!text) return tl::unexpected(text.error());
  return FieldName::parse(trim(*text));
}

std::string ParameterType<std::vector<std::string>>::name() { return "list"; }
Json ParameterType<std::vector<std::string>>::schema() { return array_of(type_schema("string")); }
Json ParameterType<std::vector<std::string>>::to_json(const std::vector<std::string>& value) {
  Json out = Json::array();
  for (const std::string& item : value) out.push(item);
  return out;
}
Result<std::vector<std::string>> ParameterType<std::vector<std::string>>::from_json(
    const Json& value) {
  return list_items(value);
}

std::string ParameterType<std::vector<FieldName>>::name() { return "fields"; }
Json ParameterType<std::vector<FieldName>>::schema() {
  return array_of(ParameterType<FieldName>::schema());
}
Json ParameterType<std::vector<FieldName>>::to_json(const std::vector<FieldName>& value) {
  Json out = Json::array();
  for (const FieldName& field : value) out.push(field.text());
  return out;
}
Result<std::vector<FieldName>> ParameterType<std::vector<FieldName>>::from_json(const Json& value) {
  auto names = list_items(value);
  if (!names) return tl::unexpected(names.error());
  std::vector<FieldName> out;
  for (const std::string& name : *names) {
    auto field = FieldName::parse(trim(name));
    if (!field) return tl::unexpected(field.error());
    out.push_back(std::move(*field));
  }
  return out;
}

std::string ParameterType<Json>::name() { return "json"; }
Json ParameterType<Json>::schema() { return Json::object(); }
Json ParameterType<Json>::to_json(const Json& value) { return value; }
Result<Json> ParameterType<Json>::from_json(const Json& value) {
  if (!value.is_string()) return value;
  const std::string_view text = trim(value.text());
  if (!text.starts_with('{') && !text.starts_with('[')) return value;
  auto inner = Json::parse(text);
  if (!inner) return fail(fmt::format("{} is {}", shown(value), inner.error().text));
  return inner;
}

Result<std::size_t> choose(const Json& value, const std::string_view* names, std::size_t count) {
  const std::span<const std::string_view> all(names, count);
  auto text = scalar_text(value, fmt::format("one of {}", fmt::join(all, ", ")));
  if (!text) return tl::unexpected(text.error());
  const std::string wanted = ascii_lower(trim(*text));
  for (std::size_t i = 0; i < count; ++i)
    if (ascii_lower(all[i]) == wanted) return i;
  return fail(fmt::format("{} is not one of {}{}", shown(value), fmt::join(all, ", "),
                          did_you_mean(nearest(wanted, all))));
}

Json choice_schema(const std::string_view* names, std::size_t count) {
  Json choices = Json::array();
  for (std::size_t i = 0; i < count; ++i) choices.push(names[i]);
  return type_schema("string").set("enum", std::move(choices));
}

std::string Parameter::option() const { return "--" + option_name(name); }

std::string environment_name(std::string_view parameter) {
  std::string out = "INTELMQ_" + ascii_upper(parameter);
  for (char& c : out)
    if (c == '-') c = '_';
  return out;
}

}  // namespace intelmq
