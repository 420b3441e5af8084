// SPDX-License-Identifier: Apache-2.0
#include "format/file_name.hpp"

#include <fmt/format.h>

#include "type/json_text.hpp"

namespace intelmq {
namespace {

constexpr std::size_t longest_value = 150;

FormatValue value_of(std::string_view raw, std::string_view text, bool is_time) {
  if (is_time) return {FormatValue::Kind::time, std::string(text)};
  switch (kind_of(raw)) {
    case JsonKind::number:
      return {is_integer(raw) ? FormatValue::Kind::integer : FormatValue::Kind::real,
              std::string(raw)};
    case JsonKind::boolean: return {FormatValue::Kind::boolean, std::string(raw)};
    case JsonKind::null: return {FormatValue::Kind::none, {}};
    default: return {FormatValue::Kind::text, path_component(text)};
  }
}

}  // namespace

std::string path_component(std::string_view value) {
  std::string out;
  const bool dots = value.find_first_not_of('.') == std::string_view::npos;
  for (const char c : value.substr(0, longest_value)) {
    const auto u = static_cast<unsigned char>(c);
    if (u < 0x20 || u == 0x7f || c == '/' || c == '%' || (dots && c == '.'))
      out += fmt::format("%{:02X}", u);
    else
      out += c;
  }
  return out;
}

Result<FileName> FileName::compile(const std::string& text, bool is_template) {
  FileName out;
  out.text_ = text;
  if (!is_template) return out;
  auto compiled = FormatTemplate::compile(text);
  if (!compiled) return fail(fmt::format("file {}: {}", text, compiled.error().text));
  for (const FieldPath& path : compiled->fields())
    if (path.name != "event" || path.keys.size() != 1)
      return fail(fmt::format("file {}: {{{}}} names no field; write {{event[source.ip]}}", text,
                              path.text()));
  out.template_ = std::move(*compiled);
  return out;
}

Result<std::string> FileName::of(Event& event) const {
  if (!template_) return text_;
  return template_->render([&event](const FieldPath& path) -> std::optional<FormatValue> {
    const auto name = event.rules().harmonization.name(path.keys.front());
    if (!name) return std::nullopt;
    const auto raw = event.raw_value(*name);
    if (!raw) return std::nullopt;
    const bool is_time =
        *name == FieldName(field::time.source) || *name == FieldName(field::time.observation);
    const std::string value(*raw);
    return value_of(value, *event.text_value(*name), is_time);
  });
}

}  // namespace intelmq
