// SPDX-License-Identifier: Apache-2.0
#include "render/schema.hpp"

namespace intelmq::render {
namespace {

Json property(const Parameter& parameter) {
  Json out = parameter.schema.is_object() ? parameter.schema : Json::object();
  out.set("description", parameter.summary);
  if (parameter.secret) out.set("writeOnly", true).set("x-secret", true);
  const bool optional = parameter.need == Need::optional && !parameter.secret;
  if (optional && !parameter.default_value.is_null()) out.set("default", parameter.default_value);
  out.set("x-env", parameter.environment());
  out.set("x-cli", parameter.option());
  out.set("x-reload", parameter.is_hot() ? "hot" : "restart");
  out.set("x-group", name_of(parameter.group));
  return out;
}

}  // namespace

Json schema(const Description& bot, const Parameters& common) {
  Json properties = Json::object();
  Json required = Json::array();
  for (const Parameter* parameter : all_parameters(bot, common)) {
    if (parameter->group == Group::inspect) continue;
    properties.set(parameter->name, property(*parameter));
    if (parameter->need == Need::required) required.push(parameter->name);
  }
  return Json::object()
      .set("$schema", "https://json-schema.org/draft/2020-12/schema")
      .set("type", "object")
      .set("additionalProperties", false)
      .set("required", std::move(required))
      .set("properties", std::move(properties));
}

}  // namespace intelmq::render
