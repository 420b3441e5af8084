// SPDX-License-Identifier: Apache-2.0
#include "bot/settings.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdlib>
#include <span>

#include "base/file.hpp"
#include "base/text.hpp"
#include "base/yaml.hpp"
#include "bot/arguments.hpp"
#include "spec/botnet.hpp"

namespace intelmq {
namespace {

Json read_document(const std::string& path) {
  auto text = read_file(path);
  if (!text) throw StartError(text.error().text, ExitCode::no_input);
  auto json = parse_json_or_yaml(*text);
  if (!json) throw StartError(fmt::format("{}: {}", path, json.error().text));
  return std::move(*json);
}

Json value_of(const GivenOption& given) {
  if (!given.parameter->repeatable) return Json(given.values.back());
  if (given.values.size() == 1) return Json(given.values.front());
  Json list = Json::array();
  for (const std::string& value : given.values) list.push(value);
  return list;
}

/// Text of a secret that is given as `@FILE`.
Json revealed(const Json& value) {
  if (!value.is_string() || !value.text().starts_with('@')) return value;
  auto text = read_file(value.text().substr(1));
  if (!text) throw StartError(text.error().text, ExitCode::no_input);
  while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
  return Json(std::move(*text));
}

}  // namespace

Json Settings::read_overrides() {
  const char* const path = std::getenv("INTELMQ_OVERRIDES");
  if (!path || !*path) return {};
  Json document = read_document(path);
  if (!document.is_object())
    throw StartError(fmt::format("INTELMQ_OVERRIDES: {}: no object of parameters", path));
  return document;
}

Settings Settings::read(const Bot& bot, const std::vector<std::string>& arguments,
                        const Json& overrides, std::vector<ParameterProblem>* problems) {
  Settings out;
  out.problems_ = problems;
  out.params_ = bot.make_params();
  out.common_ = common_parameters(bot.shape);
  std::vector<const Parameter*> all;
  for (const Parameter& parameter : bot.description.params) all.push_back(&parameter);
  for (const Parameter& parameter : out.common_) all.push_back(&parameter);
  const std::vector<GivenOption> given = parse_arguments(all, arguments);
  // Where the files are is said by the command line or the environment alone.
  for (const GivenOption& option : given)
    if (out.is_common(*option.parameter))
      out.assign(*option.parameter, value_of(option), "command line", option.parameter->option(),
                 ExitCode::usage);
  out.read_environment(bot);
  out.read_runtime(bot);
  out.read_file_parameters(bot);
  out.read_environment(bot);
  for (const GivenOption& option : given)
    out.assign(*option.parameter, value_of(option), "command line", option.parameter->option(),
               ExitCode::usage);
  if (out.options_.id && !out.options_.runtime && !out.options_.statistics)
    throw StartError("--id: needs --runtime FILE or --statistics URL too", ExitCode::usage);
  // Who is told where to write on the spot is tried out, and no part of a botnet.
  if (out.is_from("destination", "command line") && !out.is_from("run_mode", "command line"))
    out.options_.run_mode.reset();
  out.read_overrides(bot, overrides);
  out.problems_ = nullptr;
  return out;
}

bool Settings::is_from(std::string_view name, std::string_view origin) const {
  return std::any_of(origins_.begin(), origins_.end(), [&](const auto& known) {
    return known.first->name == name && known.second == origin;
  });
}

void Settings::read_overrides(const Bot& bot, const Json& overrides) {
  for (const auto& [name, value] : overrides.members()) {
    const Parameter* const parameter = find(bot, name);
    if (parameter && parameter->group != Group::inspect && name != "parameters" &&
        name != "runtime" && name != "id")
      assign(*parameter, value, "api", name, ExitCode::configuration);
    else
      complain({name, "unknown-parameter",
                fmt::format("{} is not a parameter that the API sets", quote_for_message(name)),
                ExitCode::configuration});
  }
}

void Settings::complain(ParameterProblem problem) const {
  if (!problems_) throw StartError(problem.text, problem.exit);
  // The command line is read twice.
  const bool known = std::any_of(problems_->begin(), problems_->end(),
                                 [&](const auto& one) { return one.text == problem.text; });
  if (!known) problems_->push_back(std::move(problem));
}

bool Settings::is_common(const Parameter& parameter) const {
  return &parameter >= common_.data() && &parameter < common_.data() + common_.size();
}

const Parameter* Settings::find(const Bot& bot, std::string_view name) const {
  for (const Parameter& parameter : bot.description.params)
    if (parameter.name == name) return &parameter;
  for (const Parameter& parameter : common_)
    if (parameter.name == name) return &parameter;
  return nullptr;
}

void Settings::assign(const Parameter& parameter, const Json& value, const std::string& origin,
                      const std::string& spelt, ExitCode code) {
  if (value.is_null()) return;
  void* target = is_common(parameter) ? static_cast<void*>(&options_) : params_.get();
  const Result<void> done = parameter.assign(target, parameter.secret ? revealed(value) : value);
  if (!done)
    return complain(
        {parameter.name, "type", fmt::format("{}: {}", spelt, done.error().text), code});
  for (auto& [known, from] : origins_)
    if (known == &parameter) {
      from = origin;
      return;
    }
  origins_.emplace_back(&parameter, origin);
}

void Settings::read_environment(const Bot& bot) {
  const auto take = [this](const Parameter& parameter) {
    if (parameter.group == Group::inspect) return;
    const std::string name = parameter.environment();
    if (const char* value = std::getenv(name.c_str()))
      assign(parameter, Json(std::string(value)), "environment", name, ExitCode::configuration);
  };
  for (const Parameter& parameter : bot.description.params) take(parameter);
  for (const Parameter& parameter : common_) take(parameter);
}

void Settings::take_object(const Bot& bot, const Json& object, const std::string& origin,
                           bool strict) {
  for (const auto& [name, value] : object.members()) {
    const Parameter* parameter = find(bot, name);
    if (parameter && parameter->group != Group::inspect && name != "parameters" &&
        name != "runtime" && name != "id") {
      assign(*parameter, value, origin, fmt::format("{}: {}", origin, name),
             ExitCode::configuration);
      continue;
    }
    if (is_intelmq_only(name) || is_botnet_parameter(name)) continue;
    std::vector<std::string> names;
    for (const Parameter& known : bot.description.params) names.push_back(known.name);
    for (const Parameter& known : common_)
      if (known.group != Group::inspect) names.push_back(known.name);
    const std::string text =
        fmt::format("{}: {} is not a parameter of {}{}", origin, quote_for_message(name),
                    bot.description.program(),
                    did_you_mean(nearest(name, std::span<const std::string>{names})));
    if (strict) throw StartError(text);
    notes_.push_back(text);
  }
}

void Settings::read_file_parameters(const Bot& bot) {
  if (!options_.parameters) return;
  const Json document = read_document(*options_.parameters);
  if (!document.is_object())
    throw StartError(fmt::format("{}: the file holds no object of parameters; write NAME: VALUE",
                                 *options_.parameters));
  take_object(bot, document, *options_.parameters, true);
}

void Settings::read_runtime(const Bot& bot) {
  if (!options_.runtime) return;
  const std::string& path = *options_.runtime;
  const Json document = read_document(path);
  if (!options_.id)
    throw StartError("--runtime: needs --id too, the bot's id in that file", ExitCode::usage);
  if (!document.is_object() || !document.has(*options_.id)) {
    std::vector<std::string> ids;
    for (const auto& [name, value] : document.members())
      if (name != "global") ids.push_back(name);
    throw StartError(
        fmt::format("--id: {} has no bot {}{}", path, quote_for_message(*options_.id),
                    did_you_mean(nearest(*options_.id, std::span<const std::string>{ids}))));
  }
  if (!options_.error_procedure) options_.error_procedure = ErrorProcedure::pass;  // as IntelMQ
  if (!options_.run_mode) options_.run_mode = RunMode::continuous;
  const Json& global = document["global"];
  const Json& own = document[*options_.id]["parameters"];
  const std::string origin = fmt::format("{}: {}", path, *options_.id);
  take_object(bot, global, path + ": global", false);
  // It stands beside the bot's parameters, and may be one of them, too.
  if (const Json& mode = document[*options_.id]["run_mode"]; !mode.is_null())
    assign(*find(bot, "run_mode"), mode, origin, origin + ": run_mode", ExitCode::configuration);
  take_object(bot, own, origin, false);
  read_queues(bot, global, own, origin);
}

/// The bot's queues and statistics, which a botnet describes by servers and names.
void Settings::read_queues(const Bot& bot, const Json& global, const Json& own,
                           const std::string& origin) {
  const auto parameter = [&](std::string_view name) -> Json {
    if (const char* value = std::getenv(environment_name(name).c_str()))
      return Json(std::string(value));
    return own.has(name) ? own[name] : global[name];
  };
  logging_path_ = parameter("logging_path").text();
  const auto urls = queue_urls(parameter, *options_.id);
  if (!urls) throw StartError(fmt::format("{}: {}", origin, urls.error().text));
  const auto take = [&](std::string_view name, const Json& value) {
    if (const Parameter* known = find(bot, name))
      assign(*known, value, origin, fmt::format("{}: {}", origin, name), ExitCode::configuration);
  };
  take("source", Json(urls->source));
  if (parameter("statistics").is_null()) take("statistics", Json(statistics_url(parameter)));
  Json destinations = Json::array();
  bool has_default = false;
  for (const std::string& destination : urls->destinations) {
    destinations.push(destination);
    has_default = has_default || destination.starts_with("_default=");
  }
  if (has_default) return take("destination", destinations);
  if (find(bot, "destination"))
    nowhere_to_ =
        origin + ": destination_queues has no path _default; name the queues of the next bots";
}

FieldUse Settings::fields(const Bot& bot) const {
  const Description& description = bot.description;
  return description.fields_of ? description.fields_of(params_.get()) : description.fields;
}

std::string Settings::show(const Bot& bot) const {
  std::string out;
  for (const Parameter* const parameter : parameters(bot)) {
    std::string text = parameter->secret ? "(hidden)" : value(*parameter).dump();
    hide_passwords(text.data(), text.size());
    out += fmt::format("{} = {}  # {}\n", parameter->name, text, origin(*parameter));
  }
  return out;
}

Json Settings::show_json(const Bot& bot) const {
  Json values = Json::object(), origins = Json::object();
  for (const Parameter* const parameter : parameters(bot)) {
    const std::string from = origin(*parameter);
    Json shown;
    if (parameter->secret) {
      shown = Json::object().set("$secret", from == "default" ? "unset" : "set");
    } else {
      std::string text = value(*parameter).dump();
      hide_passwords(text.data(), text.size());
      shown = Json::parse(text).value_or(Json());
    }
    const bool is_file =
        from != "default" && from != "environment" && from != "command line" && from != "api";
    values.set(parameter->name, std::move(shown));
    origins.set(parameter->name, is_file ? "file:" + from : from);
  }
  return Json::object().set("parameters", std::move(values)).set("origin", std::move(origins));
}

std::vector<const Parameter*> Settings::parameters(const Bot& bot) const {
  std::vector<const Parameter*> out;
  for (const auto* list : {&bot.description.params, &common_})
    for (const Parameter& parameter : *list)
      if (parameter.group != Group::inspect) out.push_back(&parameter);
  return out;
}

Json Settings::value(const Parameter& parameter) const {
  const void* const options = &options_;
  return parameter.read(is_common(parameter) ? options : params_.get());
}

std::string Settings::origin(const Parameter& parameter) const {
  for (const auto& [known, from] : origins_)
    if (known == &parameter) return from;
  return "default";
}

std::vector<ParameterProblem> Settings::missing(const Bot& bot) const {
  std::vector<ParameterProblem> out;
  const Parameter* const destination = find(bot, "destination");
  if (!nowhere_to_.empty() && (!destination || origin(*destination) == "default"))
    out.push_back({"destination", "required", nowhere_to_, ExitCode::configuration});
  for (const Parameter& parameter : bot.description.params)
    if (parameter.need == Need::required && origin(parameter) == "default")
      out.push_back({parameter.name, "required",
                     fmt::format("{} is missing; give it as an option, as {} or in --parameters",
                                 parameter.option(), parameter.environment()),
                     ExitCode::usage});
  return out;
}

void Settings::require(const Bot& bot) const {
  for (const ParameterProblem& problem : missing(bot)) throw StartError(problem.text, problem.exit);
}

}  // namespace intelmq
