// SPDX-License-Identifier: Apache-2.0
#include "serve/options.hpp"

#include <algorithm>
#include <cstdlib>

#include "base/text.hpp"
#include "bot/arguments.hpp"
#include "bot/exit_code.hpp"

namespace intelmq::serve {
namespace {

using P = ServeOptions;

template <auto Member>
Parameter option(Group group, std::string_view name, std::string_view summary) {
  return param<Member>(name, summary, Need::optional, group);
}

std::vector<Parameter> own_parameters() {
  constexpr Group streams = Group::streams, running = Group::running, inspect = Group::inspect;
  return {
      option<&P::listen>(streams, "listen",
                         "Where the API listens: unix:PATH or tcp:HOST:PORT; may be given several "
                         "times. Default: unix:STATE_DIR/serve.sock."),
      option<&P::health_listen>(streams, "health_listen",
                                "Where probes and metrics listen, without authentication: "
                                "tcp:HOST:PORT or unix:PATH."),
      option<&P::tls_certificate>(
          streams, "tls_certificate",
          "PEM file of the certificate with which tcp listeners speak TLS."),
      option<&P::tls_key>(streams, "tls_key", "PEM file of its key."),
      option<&P::tls_client_ca>(streams, "tls_client_ca",
                                "PEM file of the authorities whose client certificates count."),
      option<&P::insecure_allow_remote>(
          streams, "insecure_allow_remote",
          "Listen on addresses that others reach without TLS and authentication; health shows it."),
      option<&P::state_dir>(Group::bot, "state_dir",
                            "Directory for what has to outlive a restart."),
      option<&P::service>(Group::bot, "service",
                          "Name of the service. Default: the first bot's id."),
      option<&P::instance>(Group::bot, "instance",
                           "Name of this instance of it. Default: made at the first start."),
      option<&P::start_timeout>(Group::bot, "start_timeout", "How long bots may take to be ready."),
      option<&P::stop_timeout>(Group::bot, "stop_timeout",
                               "How long bots may take to finish what they have in hand."),
      option<&P::silence>(Group::bot, "silence",
                          "A bot that gives no sign of life for so long is ended and started "
                          "again."),
      option<&P::drain_delay>(Group::bot, "drain_delay",
                              "When serve ends: time between not being ready and taking no more."),
      option<&P::max_instances>(Group::bot, "max_instances", "Most instances that /scale allows."),
      option<&P::restart_budget>(Group::bot, "restart_budget",
                                 "So many bad ends within 10 minutes, and the service has failed."),
      option<&P::exit_when_completed>(Group::bot, "exit_when_completed",
                                      "End when the bots have, with the last one's exit code."),
      option<&P::exit_on_failed>(Group::bot, "exit_on_failed",
                                 "End with 70 when the service has failed."),
      option<&P::paused_is_ready>(Group::bot, "paused_is_ready", "A paused service is ready, too."),
      option<&P::debug_api>(Group::bot, "debug_api",
                            "Offer /debug and /failed-messages, which show contents of events."),
      option<&P::config_readonly>(Group::bot, "config_readonly",
                                  "Change no parameters through the API."),
      option<&P::require_if_match>(Group::bot, "require_if_match",
                                   "Changes of parameters need the header If-Match."),
      option<&P::logging_level>(running, "logging_level", "Least level of messages."),
      option<&P::run_as_user>(running, "run_as_user", "When started by root, become this user."),
      option<&P::help>(inspect, "help", "Show this help."),
      option<&P::version>(inspect, "version", "Show the version."),
      option<&P::routes>(inspect, "routes", "Print the API's routes as lines of JSON."),
      option<&P::healthcheck>(inspect, "healthcheck",
                              "Ask a running serve, by URL or unix:PATH, whether it is ready; ends "
                              "with 0 or 1."),
      option<&P::generate>(inspect, "generate",
                           "Print a man page, shell completion or markdown page.")};
}

constexpr std::string_view details =
    "Runs one bot, or a small pipeline of bots, as processes of their own, starts them again when "
    "they end badly, and gives the container around them its control surface: an HTTP API, probes, "
    "metrics, self-tests, state dumps. It is not in the way of the data.\n\n"
    "What stands behind -- is the pipeline: a bot's program and its arguments, and further ones "
    "behind arguments that are a single |, which a shell wants quoted.";

/// Cuts the words behind `--` at each `|`.
std::vector<std::vector<std::string>> read_stages(const std::vector<std::string>& words) {
  std::vector<std::vector<std::string>> out(1);
  for (const std::string& word : words) {
    if (word == "|")
      out.emplace_back();
    else
      out.back().push_back(word);
  }
  for (const auto& stage : out)
    if (stage.empty())
      throw StartError("a bot is missing; write -- PROGRAM [ARGUMENT]... ['|' PROGRAM ...]",
                       ExitCode::usage);
  return out;
}

}  // namespace

Description serve_description(const std::vector<Parameter>& more) {
  Description out;
  out.name = "intelmq-serve";
  out.summary = "Give bots a control surface: REST API, probes, metrics, self-tests.";
  out.details = details;
  out.operands = "-- BOT [ARGUMENT]... ['|' BOT [ARGUMENT]...]...";
  out.params = own_parameters();
  out.params.insert(out.params.end(), more.begin(), more.end());
  return out;
}

ServeCommand read_command(const std::vector<std::string>& arguments,
                          const std::vector<OptionPart>& parts) {
  ServeCommand out;
  const auto dashes = std::find(arguments.begin(), arguments.end(), "--");
  const std::vector<Parameter> own = own_parameters();
  std::vector<const Parameter*> all;
  const auto target_of = [&](const Parameter* parameter) -> void* {
    for (const OptionPart& part : parts)
      if (parameter >= part.parameters.data() &&
          parameter < part.parameters.data() + part.parameters.size())
        return part.target;
    return &out.options;
  };
  for (const Parameter& parameter : own) all.push_back(&parameter);
  for (const OptionPart& part : parts)
    for (const Parameter& parameter : part.parameters) all.push_back(&parameter);
  const auto assign = [&](const Parameter& parameter, const Json& value, const std::string& spelt,
                          ExitCode code) {
    if (auto done = parameter.assign(target_of(&parameter), value); !done)
      throw StartError(spelt + ": " + done.error().text, code);
  };
  for (const Parameter* parameter : all) {
    const std::string name = parameter->environment();
    if (const char* value = std::getenv(name.c_str()); value && parameter->group != Group::inspect)
      assign(*parameter, Json(value), name, ExitCode::configuration);
  }
  for (const GivenOption& given : parse_arguments(all, {arguments.begin(), dashes})) {
    Json value(given.values.back());
    if (given.values.size() > 1) {
      value = Json::array();
      for (const std::string& each : given.values) value.push(each);
    }
    assign(*given.parameter, value, given.parameter->option(), ExitCode::usage);
  }
  if (dashes != arguments.end()) out.stages = read_stages({dashes + 1, arguments.end()});
  if (out.options.listen.empty())
    out.options.listen.push_back("unix:" + out.options.state_dir + "/serve.sock");
  return out;
}

}  // namespace intelmq::serve
