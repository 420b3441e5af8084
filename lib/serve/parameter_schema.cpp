// SPDX-License-Identifier: Apache-2.0
#include "serve/parameter_schema.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <optional>
#include <span>

#include "base/text.hpp"
#include "spec/parameter.hpp"

namespace intelmq::serve {
namespace {

constexpr std::string_view fixed_names[] = {"id", "parameters", "runtime"};

const Json& property(const Json& schema, std::string_view name) {
  return schema["properties"][name];
}

std::string type_of(const Json& value) {
  switch (value.kind()) {
    case Json::Kind::null: return "null";
    case Json::Kind::boolean: return "boolean";
    case Json::Kind::number: return value.is_integer() ? "integer" : "number";
    case Json::Kind::string: return "string";
    case Json::Kind::array: return "array";
    case Json::Kind::object: return "object";
  }
  return {};
}

bool fits(const std::string& type, std::string_view wanted) {
  return type == wanted || (type == "integer" && wanted == "number");
}

std::string text_of(const Json& value) { return value.is_string() ? value.text() : value.dump(); }

std::optional<FieldError> check_type(const Json& schema, const Json& value,
                                     const std::string& pointer) {
  std::vector<std::string> wanted;
  if (schema["type"].is_string()) wanted.push_back(schema["type"].text());
  for (const Json& one : schema["type"].items()) wanted.push_back(one.text());
  const std::string type = type_of(value);
  if (wanted.empty() || std::any_of(wanted.begin(), wanted.end(),
                                    [&](const std::string& one) { return fits(type, one); }))
    return std::nullopt;
  return FieldError{pointer, "type",
                    fmt::format("expected {}, got {}", join(wanted, " or "), type)};
}

std::optional<FieldError> check_choice(const Json& schema, const Json& value,
                                       const std::string& pointer) {
  const Json::Array& choices = schema["enum"].items();
  if (choices.empty() || std::find(choices.begin(), choices.end(), value) != choices.end())
    return std::nullopt;
  std::vector<std::string> names;
  for (const Json& choice : choices) names.push_back(text_of(choice));
  return FieldError{
      pointer, "value",
      fmt::format("{} is not one of {}{}", quote_for_message(text_of(value)), join(names, ", "),
                  did_you_mean(nearest(text_of(value), std::span<const std::string>{names})))};
}

template <class T>
std::string complaint(const Json& value) {
  const auto read = ParameterType<T>::from_json(value);
  return read ? std::string() : read.error().text;
}

std::optional<FieldError> check_format(const Json& schema, const Json& value,
                                       const std::string& pointer) {
  const std::string& format = schema["format"].text();
  std::string wrong;
  if (format == "x-duration") wrong = complaint<Duration>(value);
  if (format == "x-byte-size") wrong = complaint<ByteSize>(value);
  if (format == "x-field") wrong = complaint<FieldName>(value);
  if (wrong.empty()) return std::nullopt;
  return FieldError{pointer, "value", std::move(wrong)};
}

void check_value(const Json& schema, const Json& value, const std::string& pointer,
                 std::vector<FieldError>& errors) {
  for (const auto check : {check_type, check_choice, check_format}) {
    if (auto error = check(schema, value, pointer)) {
      errors.push_back(std::move(*error));
      return;
    }
  }
  if (!schema["items"].is_object()) return;
  for (std::size_t i = 0; i < value.items().size(); ++i)
    check_value(schema["items"], value.items()[i], fmt::format("{}/{}", pointer, i), errors);
}

/// The one member of a reference such as {"$env": "NAME"}, or nothing.
const Json::Member* reference(const Json& value) {
  if (!value.is_object() || value.members().size() != 1) return nullptr;
  const Json::Member& only = value.members().front();
  return only.first.starts_with('$') ? &only : nullptr;
}

std::optional<FieldError> check_reference(const Json::Member& one, const std::string& pointer) {
  const auto wrong = [&](std::string text) {
    return FieldError{pointer, "value", std::move(text)};
  };
  if (!one.second.is_string() || one.second.text().empty())
    return FieldError{pointer, "type", one.first + ": expected a text that is not empty"};
  if (one.first == "$secret_file" && !one.second.text().starts_with('/'))
    return wrong("$secret_file: give the whole path, from /");
  if (one.first == "$env" && one.second.text().find('=') != std::string::npos)
    return wrong("$env: give the name of one environment variable");
  if (one.first != "$secret_file" && one.first != "$env")
    return wrong(R"(give the value, {"$secret_file": PATH} or {"$env": NAME})");
  return std::nullopt;
}

std::optional<FieldError> check_secret(const Json& value, const std::string& pointer) {
  if (const Json::Member* one = reference(value)) return check_reference(*one, pointer);
  if (!value.is_string())
    return FieldError{pointer, "type", "expected string, got " + type_of(value)};
  if (value.text().starts_with('@'))
    return FieldError{pointer, "value",
                      "a secret cannot begin with '@'; for a file give {\"$secret_file\": PATH}"};
  return std::nullopt;
}

/// Whether all there is of a password is asterisks.
bool is_hidden(const Json& value) {
  const auto in_member = [](const Json::Member& member) { return is_hidden(member.second); };
  if (!value.is_string())
    return std::any_of(value.items().begin(), value.items().end(), is_hidden) ||
           std::any_of(value.members().begin(), value.members().end(), in_member);
  std::string seen = value.text();
  hide_passwords(seen.data(), seen.size());
  if (seen != value.text()) return false;
  std::string other = seen;
  std::replace(other.begin(), other.end(), '*', 'x');
  hide_passwords(other.data(), other.size());
  return other.find('*') != std::string::npos;
}

void check_one(const Json& schema, const std::string& name, const Json& value,
               const std::string& pointer, std::vector<FieldError>& errors) {
  const Json& own = property(schema, name);
  if (own["x-secret"].boolean()) {
    if (auto error = check_secret(value, pointer)) errors.push_back(std::move(*error));
  } else if (is_hidden(value)) {
    errors.push_back({pointer, "value", "the password is hidden by asterisks; give it"});
  } else if (reference(value) && own["type"].is_string()) {
    errors.push_back({pointer, "type", "only a secret may be given as a reference"});
  } else {
    check_value(own, value, pointer, errors);
  }
}

FieldError unknown(const Json& schema, const std::string& name, const std::string& pointer) {
  std::vector<std::string> names;
  for (const auto& [known, own] : schema["properties"].members()) names.push_back(known);
  return {pointer, "unknown",
          fmt::format("{} is not a parameter of this bot{}", quote_for_message(name),
                      did_you_mean(nearest(name, std::span<const std::string>{names})))};
}

void hide(Json& value) {
  if (value.is_string()) {
    std::string text = value.text();
    hide_passwords(text.data(), text.size());
    value = Json(std::move(text));
  } else if (value.is_array()) {
    Json out = Json::array();
    for (Json item : value.items()) {
      hide(item);
      out.push(std::move(item));
    }
    value = std::move(out);
  } else if (value.is_object()) {
    Json out = Json::object();
    for (auto [name, member] : value.members()) {
      hide(member);
      out.set(name, std::move(member));
    }
    value = std::move(out);
  }
}

}  // namespace

std::string pointer_to(std::string_view above, std::string_view name) {
  constexpr std::string_view plain = "-._!$&'()*+,;=:@?";
  std::string out = std::string(above) + '/';
  for (const char c : name) {
    const bool letter = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else if (letter || plain.find(c) != plain.npos)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

std::vector<FieldError> check_parameters(const Json& schema, const Json& values,
                                         std::string_view pointer, bool whole) {
  std::vector<FieldError> errors;
  if (!values.is_object()) {
    errors.push_back({std::string(pointer), "type", "expected object, got " + type_of(values)});
    return errors;
  }
  for (const auto& [name, value] : values.members()) {
    const std::string here = pointer_to(pointer, name);
    if (!property(schema, name).is_object())
      errors.push_back(unknown(schema, name, here));
    else if (std::find(std::begin(fixed_names), std::end(fixed_names), name) !=
             std::end(fixed_names))
      errors.push_back({here, "fixed", "this is said where the service is started, not here"});
    else if (!value.is_null())
      check_one(schema, name, value, here, errors);
  }
  if (!whole) return errors;
  for (const Json& name : schema["required"].items())
    if (values[name.text()].is_null())
      errors.push_back({pointer_to(pointer, name.text()), "required", "has to be given"});
  return errors;
}

std::string_view reload_of(const Json& schema, std::string_view name) {
  return property(schema, name)["x-reload"].text() == "hot" ? "hot" : "restart";
}

Json recommended(const Json& schema, std::string_view name) {
  const Json& own = property(schema, name);
  if (own["enum"].is_array()) return own["enum"];
  Json out = Json::array();
  if (own["type"].text() == "boolean") out.push(true).push(false);
  return out;
}

bool is_secret(const Json& schema, std::string_view name) {
  return property(schema, name)["x-secret"].boolean();
}

Json redacted(const Json& schema, std::string_view name, const Json& value) {
  if (value.is_null()) return value;
  // What is not known any more could have been one.
  if (is_secret(schema, name) || !property(schema, name).is_object())
    return Json::object().set("$secret", "set");
  Json out = value;
  hide(out);
  return out;
}

Json redacted(const Json& schema, const Json& values) {
  Json out = Json::object();
  for (const auto& [name, value] : values.members()) out.set(name, redacted(schema, name, value));
  return out;
}

Json unredacted(const Json& schema, const Json& before, const Json& after) {
  if (!after.is_object()) return after;
  Json out = Json::object();
  for (const auto& [name, value] : after.members()) {
    const Json& old = before[name];
    const bool same = !old.is_null() && redacted(schema, name, old) == value;
    const bool placeholder =
        is_secret(schema, name) && value == Json::object().set("$secret", "set");
    if (same)
      out.set(name, old);
    else if (!placeholder)
      out.set(name, value);
  }
  return out;
}

Json difference(const Json& schema, const Json& before, const Json& after) {
  Json out = Json::array();
  for (const auto& [name, value] : before.members()) {
    if (after.has(name) && after[name] == value) continue;
    Json one = Json::object().set("parameter", name).set("from", redacted(schema, name, value));
    if (after.has(name)) one.set("to", redacted(schema, name, after[name]));
    out.push(std::move(one));
  }
  for (const auto& [name, value] : after.members())
    if (!before.has(name))
      out.push(Json::object().set("parameter", name).set("to", redacted(schema, name, value)));
  return out;
}

Json merged(Json into, const Json& patch) {
  for (const auto& [name, value] : patch.members()) {
    const Json& old = into[name];
    const bool inside =
        old.is_object() && value.is_object() && !reference(old) && !reference(value);
    into.set(name, inside ? merged(old, value) : value);
  }
  return without_nulls(into);
}

Json without_nulls(const Json& values) {
  Json out = Json::object();
  for (const auto& [name, value] : values.members())
    if (!value.is_null()) out.set(name, value);
  return out;
}

Result<Json> resolved(const Json& schema, std::string_view name, const Json& value) {
  const Json::Member* one = is_secret(schema, name) ? reference(value) : nullptr;
  if (one && one->first == "$secret_file") return Json("@" + one->second.text());
  if (!one || one->first != "$env") return value;
  const char* text = std::getenv(one->second.text().c_str());
  if (!text)
    return fail(fmt::format("{}: the environment variable {} is not set for the service", name,
                            quote_for_message(one->second.text())));
  if (*text == '@')
    return fail(
        fmt::format("{}: a secret cannot begin with '@'; give {{\"$secret_file\": PATH}}", name));
  return Json(text);
}

}  // namespace intelmq::serve
