// SPDX-License-Identifier: Apache-2.0
#include "render/describe.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "render/schema.hpp"

namespace intelmq::render {
namespace {

Json names(const std::vector<FieldName>& fields) {
  Json out = Json::array();
  for (const FieldName& field : fields) out.push(field.text());
  return out;
}

Json amount(double value) {
  if (value < 0) return {};
  if (value == std::floor(value) && value < 1e15) return static_cast<std::int64_t>(value);
  return value;
}

std::string_view json_type(const FieldName& field) {
  if (!field.id()) return "any";
  switch (row_of(*field.id()).type) {
    case FieldType::Integer:
    case FieldType::ASN: return "integer";
    case FieldType::Float:
    case FieldType::Accuracy: return "number";
    case FieldType::Boolean: return "boolean";
    case FieldType::JSONDict: return "object";
    default: return "string";
  }
}

Json group(std::string_view word, const std::vector<FieldName>& fields) {
  return Json::object()
      .set(std::string(word), names(fields))
      .set("effect", "no-op")
      .set("reason", "an event without them passes unchanged");
}

Json requirements(const FieldUse& fields) {
  Json out = Json::array();
  if (!fields.needs.empty()) out.push(group("all_of", fields.needs));
  if (!fields.needs_any.empty()) out.push(group("any_of", fields.needs_any));
  return out;
}

Json products(const FieldUse& fields) {
  Json out = Json::array();
  for (const Produced& produced : fields.sets) {
    Json one = Json::object().set("field", produced.name.text());
    if (produced.when) one.set("when", produced.when->text());
    one.set("certainty", produced.certain ? "must" : "may");
    one.set("type", json_type(produced.name));
    out.push(std::move(one));
  }
  return out;
}

bool keeps_fields(const Description& bot) {
  return bot.kind == Kind::expert || (bot.kind == Kind::transformer && bot.output_format.empty());
}

Json fields(const Description& bot, const FieldUse* evaluated) {
  const FieldUse& use = evaluated ? *evaluated : bot.fields;
  const bool dynamic = use.any_field || (bot.fields_of && !evaluated);
  return Json::object()
      .set("requires", requirements(use))
      .set("optional", names(use.reads))
      .set("produces", products(use))
      .set("removes", names(use.removes))
      .set("renames", Json::array())
      .set("passes_through", keeps_fields(bot) ? "all" : "none")
      .set("dynamic", dynamic);
}

Json formats(const Description& bot) {
  Json input = Json::array();
  Json output = Json::array();
  if (bot.kind != Kind::collector) input.push("dho/1");
  if (bot.kind != Kind::output || !bot.output_format.empty())
    output.push(bot.output_format.empty() ? std::string_view("dho/1") : bot.output_format);
  const bool reports = bot.kind == Kind::collector || bot.kind == Kind::parser;
  return Json::object()
      .set("input", std::move(input))
      .set("output", std::move(output))
      .set("message_types", Json::array().push(reports ? "report" : "event"));
}

Json cardinality(const Description& bot) {
  return Json::object()
      .set("in", bot.kind == Kind::collector ? 0 : 1)
      .set("out", Json::object().set("min", amount(bot.min_out)).set("max", amount(bot.max_out)));
}

Json paths(const Description& bot) {
  Json out = Json::array().push("_default");
  for (const std::string_view path : bot.paths) out.push(path);
  return out.push("_on_error");
}

Json maintainers(const Description& bot) {
  Json out = Json::array();
  for (const Maintainer& one : bot.maintainers)
    out.push(
        Json::object().set("name", one.name).set("email", one.email).set("role", "maintainer"));
  return out;
}

Json resources(const Description& bot) {
  const Resources& needs = bot.resources;
  return Json::object()
      .set("baseline",
           Json::object().set("rss_bytes", needs.rss_bytes).set("disk_bytes", needs.disk_bytes))
      .set("per_message", Json::object().set("cpu_us", amount(needs.cpu_us_per_event)))
      .set("growth", needs.growth);
}

Json freshness(const ExternalData& data) {
  Json out = Json::object();
  const std::pair<const char*, int> limits[] = {
      {"warn", data.warn_days}, {"max", data.max_days}, {"expire", data.expire_days}};
  for (const auto& [name, days] : limits)
    if (days > 0) out.set(name, fmt::format("P{}D", days));
  if (data.expire_days > 0) out.set("on_expire", data.expired_is_ready ? "warn" : "not-ready");
  return out;
}

Json data_source(const DataSource& source) {
  Json out = Json::object().set("protocol", source.protocol);
  if (source.protocol == "geoipupdate")
    return out.set("edition", source.what)
        .set("needs", Json::array().push("account_id").push("license_key"));
  return out.set("url", source.what).set("needs", Json::array());
}

Json external(const ExternalData& data) {
  Json out = Json::object()
                 .set("name", data.name)
                 .set("kind", data.kind)
                 .set("path", fmt::format("parameter:{}", data.parameter))
                 .set("required", data.required);
  if (!data.database_types.empty()) {
    Json types = Json::array();
    for (const std::string_view type : data.database_types) types.push(type);
    out.set("database_type", std::move(types));
  }
  out.set("build_time", data.kind == "mmdb" ? "mmdb.build_epoch" : "file.mtime")
      .set("freshness", freshness(data));
  if (!data.source.protocol.empty()) out.set("source", data_source(data.source));
  if (data.bytes > 0) out.set("bytes", data.bytes);
  return out;
}

Json external_data(const Description& bot) {
  Json out = Json::array();
  for (const ExternalData& data : bot.data) out.push(external(data));
  return out;
}

Json state(const Description& bot) {
  Json out = Json::object().set("kind", bot.state.empty() ? "none" : "durable");
  if (!bot.state.empty()) out.set("holds", bot.state);
  if (!bot.state_parameter.empty())
    out.set("path", fmt::format("parameter:{}", bot.state_parameter));
  return out.set("schema", bot.state.empty() ? 0 : 1);
}

Json scaling(const Description& bot) {
  constexpr std::string_view modes[] = {"stateless", "partitioned", "shared-state", "singleton"};
  const bool single = bot.scaling == Scaling::singleton;
  return Json::object()
      .set("mode", modes[static_cast<std::size_t>(bot.scaling)])
      .set("max_instances", single ? Json(1) : Json())
      .set("ordering", "per-source")
      .set("partition_key", Json());
}

Json capabilities(const Description& bot) {
  Json out = Json::array();
  for (const char* const each : {"pause", "drain", "hot-reload", "tap", "connection-test"})
    out.push(each);
  const bool files = std::any_of(bot.params.begin(), bot.params.end(), is_file);
  if (files || !bot.data.empty()) out.push("data-reload");
  if (!bot.state.empty()) out.push("dump");
  return out;
}

Json exit_codes() {
  Json out = Json::object();
  for (const ExitRow& row : exit_rows()) out.set(std::to_string(row.code), row.meaning);
  return out;
}

Json signals() {
  Json out = Json::object();
  for (const SignalRow& row : signal_rows()) out.set(std::string(row.name), row.meaning);
  return out;
}

}  // namespace

Json describe(const Description& bot, const Parameters& common, const FieldUse* evaluated) {
  return Json::object()
      .set("describe", "intelmq-describe/1")
      .set("name", bot.program())
      .set("kind", intelmq::name_of(bot.kind))
      .set("version", version())
      .set("api", ">=1.0 <2")
      .set("summary", bot.summary)
      .set("documentation", fmt::format("man:{}(1)", bot.program()))
      .set("license", "Apache-2.0")
      .set("module", bot.module.empty() ? Json() : Json(bot.module))
      .set("maintainers", maintainers(bot))
      .set("formats", formats(bot))
      .set("cardinality", cardinality(bot))
      .set("paths", paths(bot))
      .set("fields", fields(bot, evaluated))
      .set("parameters", schema(bot, common))
      .set("resources", resources(bot))
      .set("external_data", external_data(bot))
      .set("connections", Json::array())
      .set("state", state(bot))
      .set("scaling", scaling(bot))
      .set("capabilities", capabilities(bot))
      .set("self_test",
           Json::object().set("vectors", static_cast<std::int64_t>(bot.examples.size())))
      .set("exit_codes", exit_codes())
      .set("signals", signals());
}

}  // namespace intelmq::render
