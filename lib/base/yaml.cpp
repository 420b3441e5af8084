// SPDX-License-Identifier: Apache-2.0
#include "base/yaml.hpp"

#include "base/module.hpp"
#include "base/text.hpp"

namespace intelmq {

Result<Json> parse_json_or_yaml(std::string_view text) {
  const std::size_t start = text.find_first_not_of(" \t\r\n");
  const bool looks_like_json = start != std::string_view::npos &&
                               (text[start] == '{' || text[start] == '[' || text[start] == '"');
  if (looks_like_json) {
    auto json = Json::parse(text);
    if (json) return json;
    // YAML's flow style begins like JSON too; the JSON error is the better one to show.
    auto module = load_module("yaml", "intelmq_yaml_to_json");
    if (!module) return json;
    auto* convert = reinterpret_cast<bool (*)(std::string_view, std::string&)>(*module);
    std::string converted;
    return convert(text, converted) ? Json::parse(converted) : json;
  }
  auto module = load_module("yaml", "intelmq_yaml_to_json");
  if (!module) return tl::unexpected(module.error());
  auto* convert = reinterpret_cast<bool (*)(std::string_view, std::string&)>(*module);
  std::string converted;
  if (!convert(text, converted)) return fail(converted);
  return Json::parse(converted);
}

}  // namespace intelmq
