// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "event/field.hpp"
#include "type/byte_size.hpp"
#include "type/duration.hpp"
#include "type/secret.hpp"

namespace intelmq {

enum class Need : std::uint8_t { optional, required };

/// The heading a parameter is listed under, and where it may be given.
enum class Group : std::uint8_t {
  bot,      ///< The bot's own.
  feed,     ///< What a parser or collector says about its feed.
  streams,  ///< Where events come from and go to.
  errors,   ///< What happens to records that fail.
  running,  ///< Configuration files, logging, statistics.
  inspect   ///< Look at the bot instead of running it; command line only.
};

/// A file the bot looks things up in: opened at start, reopened on SIGHUP, swapped whole.
template <class T>
struct DataFile {
  std::string path;
};

/// How a C++ type is spelt in options, files and schemas. `from_json` also takes the text form.
template <class T>
struct ParameterType;

#define INTELMQ_PARAMETER_TYPE(T)                  \
  template <>                                      \
  struct ParameterType<T> {                        \
    static std::string name();                     \
    static Json schema();                          \
    static Result<T> from_json(const Json& value); \
    static Json to_json(const T& value);           \
  }
INTELMQ_PARAMETER_TYPE(bool);
INTELMQ_PARAMETER_TYPE(std::int64_t);
INTELMQ_PARAMETER_TYPE(double);
INTELMQ_PARAMETER_TYPE(std::string);
INTELMQ_PARAMETER_TYPE(Secret);
INTELMQ_PARAMETER_TYPE(Duration);
INTELMQ_PARAMETER_TYPE(ByteSize);
INTELMQ_PARAMETER_TYPE(FieldName);
INTELMQ_PARAMETER_TYPE(std::vector<std::string>);  // a list, or a text with commas
INTELMQ_PARAMETER_TYPE(std::vector<FieldName>);
INTELMQ_PARAMETER_TYPE(
    Json);  // any value; a text that holds a JSON object or array is read as such
#undef INTELMQ_PARAMETER_TYPE

template <class T>
struct ParameterType<DataFile<T>> {
  static std::string name() { return "file"; }
  static Json schema() { return Json::object().set("type", "string").set("format", "x-path"); }
  static Result<DataFile<T>> from_json(const Json& value) {
    auto path = ParameterType<std::string>::from_json(value);
    if (!path) return tl::unexpected(path.error());
    return DataFile<T>{std::move(*path)};
  }
  static Json to_json(const DataFile<T>& value) { return value.path; }
};

/// Absent is null, in files an empty text too (as IntelMQ treats its unset parameters).
template <class T>
struct ParameterType<std::optional<T>> {
  static std::string name() { return ParameterType<T>::name(); }
  static Json schema() { return ParameterType<T>::schema(); }
  static Result<std::optional<T>> from_json(const Json& value) {
    if (value.is_null()) return std::optional<T>{};
    if constexpr (!std::is_same_v<T, std::string> && !std::is_same_v<T, Json>)
      if (value.is_string() && value.text().empty()) return std::optional<T>{};
    auto inner = ParameterType<T>::from_json(value);
    if (!inner) return tl::unexpected(inner.error());
    return std::optional<T>{std::move(*inner)};
  }
  static Json to_json(const std::optional<T>& value) {
    return value ? ParameterType<T>::to_json(*value) : Json{};
  }
};

/// An enumeration whose enumerators 0..n-1 are spelt by `constexpr auto names_of(E)`, an array.
template <class E>
concept Choice = std::is_enum_v<E> && requires(E e) {
  names_of(e).size();
};

Result<std::size_t> choose(const Json& value, const std::string_view* names, std::size_t count);
Json choice_schema(const std::string_view* names, std::size_t count);

template <Choice E>
struct ParameterType<E> {
  static std::string name() { return "choice"; }
  static Json schema() {
    const auto names = names_of(E{});
    return choice_schema(names.data(), names.size());
  }
  static Result<E> from_json(const Json& value) {
    const auto names = names_of(E{});
    auto index = choose(value, names.data(), names.size());
    if (!index) return tl::unexpected(index.error());
    return static_cast<E>(*index);
  }
  static Json to_json(const E& value) { return names_of(E{})[static_cast<std::size_t>(value)]; }
};

/// The environment variable of a parameter: `INTELMQ_REDIS_CACHE_TTL` of `redis_cache_ttl`.
std::string environment_name(std::string_view parameter);

/// One parameter as every surface sees it: command line, environment, file, help, man, schema.
struct Parameter {
  std::string name;     ///< IntelMQ's spelling, for files: `redis_cache_ttl`.
  std::string summary;  ///< One sentence.
  Need need = Need::optional;
  Group group = Group::bot;
  std::string type;  ///< What help shows after the option; empty for a switch.
  Json schema;       ///< JSON Schema of the value.
  Json default_value;
  bool secret = false;
  bool repeatable = false;  ///< A list: the option may be given several times.
  Result<void> (*assign)(void* params, const Json& value) = nullptr;
  Json (*read)(const void* params) = nullptr;

  std::string option() const;  ///< `--redis-cache-ttl`
  std::string environment() const { return environment_name(name); }
  bool is_switch() const { return type.empty(); }
  bool is_file() const { return schema["format"] == Json("x-path"); }
  /// Whether a new value takes effect in a running bot, instead of by a new start.
  bool is_hot() const { return group == Group::bot || group == Group::feed; }
};

namespace detail {
template <class M>
struct MemberOf;
template <class P, class T>
struct MemberOf<T P::*> {
  using Params = P;
  using Type = T;
};
}  // namespace detail

/// Binds a member of a bot's Params to its name and meaning; type and default are the member's.
template <auto Member>
Parameter param(std::string_view name, std::string_view summary, Need need = Need::optional,
                Group group = Group::bot) {
  using P = typename detail::MemberOf<decltype(Member)>::Params;
  using T = typename detail::MemberOf<decltype(Member)>::Type;
  using Traits = ParameterType<T>;
  Parameter out;
  out.name = name;
  out.summary = summary;
  out.need = need;
  out.group = group;
  out.type = Traits::name();
  out.schema = Traits::schema();
  out.default_value = Traits::to_json(P{}.*Member);
  out.secret = std::is_same_v<T, Secret> || std::is_same_v<T, std::optional<Secret>>;
  out.repeatable = std::is_same_v<T, std::vector<std::string>>;
  out.assign = [](void* params, const Json& value) -> Result<void> {
    auto read = Traits::from_json(value);
    if (!read) return tl::unexpected(read.error());
    static_cast<P*>(params)->*Member = std::move(*read);
    return {};
  };
  out.read = [](const void* params) {
    return Traits::to_json(static_cast<const P*>(params)->*Member);
  };
  return out;
}

}  // namespace intelmq
