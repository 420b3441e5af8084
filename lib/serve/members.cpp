// SPDX-License-Identifier: Apache-2.0
#include "serve/members.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "base/text.hpp"
#include "type/duration.hpp"

namespace intelmq::serve {
namespace {

std::string_view kind_name(const Json& value) {
  switch (value.kind()) {
    case Json::Kind::null: return "null";
    case Json::Kind::boolean: return "boolean";
    case Json::Kind::number: return value.is_integer() ? "integer" : "number";
    case Json::Kind::string: return "string";
    case Json::Kind::array: return "array";
    case Json::Kind::object: break;
  }
  return "object";
}

}  // namespace

Members::Members(const Json& object, std::string pointer, std::vector<FieldError>& errors)
    : object_{object}, pointer_{std::move(pointer)}, errors_{errors} {
  if (!object.is_object())
    errors_.push_back(
        {pointer_, "type", fmt::format("expected object, got {}", kind_name(object))});
}

std::string Members::pointer(std::string_view name) const {
  constexpr std::string_view plain = "-._~!$&'()*+,;=:@";
  std::string out = pointer_ + '/';
  for (const char c : name) {
    const bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
    if (c == '~')
      out += "~0";
    else if (c == '/')
      out += "~1";
    else if (alnum || plain.find(c) != std::string_view::npos)
      out += c;
    else
      out += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

void Members::wrong(std::string_view name, std::string_view code, std::string detail) {
  errors_.push_back({pointer(name), std::string(code), std::move(detail)});
}

const Json* Members::find(std::string_view name) {
  known_.push_back(name);
  return object_.has(name) ? &object_[name] : nullptr;
}

bool Members::has(std::string_view name) { return find(name) != nullptr; }

std::optional<std::string> Members::text(std::string_view name) {
  const Json* const value = find(name);
  if (!value) return std::nullopt;
  if (value->is_string()) return value->text();
  wrong(name, "type", fmt::format("expected string, got {}", kind_name(*value)));
  return std::nullopt;
}

std::optional<std::string> Members::required_text(std::string_view name) {
  if (!has(name)) {
    wrong(name, "required", "is required");
    return std::nullopt;
  }
  auto value = text(name);
  if (value && value->empty()) {
    wrong(name, "value", "must not be empty");
    return std::nullopt;
  }
  return value;
}

std::optional<std::int64_t> Members::integer(std::string_view name, std::int64_t least,
                                             std::int64_t most) {
  const Json* const value = find(name);
  if (!value) return std::nullopt;
  const auto number = value->integer();
  if (!value->is_number() || !number)
    wrong(name, "type", fmt::format("expected integer, got {}", kind_name(*value)));
  else if (*number < least || *number > most)
    wrong(name, "value", fmt::format("{} is not between {} and {}", *number, least, most));
  else
    return number;
  return std::nullopt;
}

std::optional<bool> Members::boolean(std::string_view name) {
  const Json* const value = find(name);
  if (!value) return std::nullopt;
  if (value->is_boolean()) return value->boolean();
  wrong(name, "type", fmt::format("expected boolean, got {}", kind_name(*value)));
  return std::nullopt;
}

std::optional<Duration> Members::duration(std::string_view name) {
  const auto value = text(name);
  if (!value) return std::nullopt;
  const auto length = parse_iso_duration(*value);
  if (length) return *length;
  wrong(name, "value", length.error().text);
  return std::nullopt;
}

std::optional<std::size_t> Members::choice(std::string_view name,
                                           std::span<const std::string_view> names) {
  const auto value = text(name);
  if (!value) return std::nullopt;
  const auto found = std::find(names.begin(), names.end(), *value);
  if (found != names.end()) return static_cast<std::size_t>(found - names.begin());
  const std::vector<std::string> all(names.begin(), names.end());
  wrong(name, "value",
        fmt::format("{} is none of {}{}", quote_for_message(*value), join(all, ", "),
                    did_you_mean(nearest(*value, names))));
  return std::nullopt;
}

const Json* Members::object(std::string_view name) {
  const Json* const value = find(name);
  if (!value || value->is_object()) return value;
  wrong(name, "type", fmt::format("expected object, got {}", kind_name(*value)));
  return nullptr;
}

std::string Members::file(std::string_view name) {
  const auto path = text(name);
  if (!path || path->empty()) return {};
  if (::access(path->c_str(), R_OK) != 0)
    wrong(name, errno == ENOENT ? "file-missing" : "file-unreadable",
          fmt::format("{}: {}", quote_for_message(*path), std::generic_category().message(errno)));
  return *path;
}

void Members::finish() {
  for (const auto& [name, value] : object_.members()) {
    if (std::find(known_.begin(), known_.end(), name) != known_.end()) continue;
    wrong(name, "unknown",
          fmt::format("there is no member {}{}", quote_for_message(name),
                      did_you_mean(nearest(name, std::span<const std::string_view>(known_)))));
  }
}

Problem invalid(std::vector<FieldError> errors) {
  Problem out;
  out.code = "validation";
  out.detail =
      errors.size() == 1 ? "1 member is wrong" : fmt::format("{} members are wrong", errors.size());
  out.errors = std::move(errors);
  return out;
}

}  // namespace intelmq::serve
