// SPDX-License-Identifier: Apache-2.0
#include "serve/parameter_work.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "base/text.hpp"
#include "serve/parameter_schema.hpp"

namespace intelmq::serve {
namespace {

/// The parameter that a complaint such as "--a-b: ..." or "file: a_b: ..." is about, or empty.
std::string about(const Json& schema, const std::string& text) {
  std::string found;
  std::size_t first = text.npos;
  for (const auto& [name, own] : schema["properties"].members())
    for (const std::string& spelt : {own["x-cli"].text() + ":", name + ":"}) {
      const std::size_t at = text.find(spelt);
      const bool whole = at != text.npos && (at == 0 || text[at - 1] == ' ');
      if (whole && at < first) {
        first = at;
        found = name;
      }
    }
  return found;
}

FieldError complaint(const ParameterTarget& target, const std::string& name, std::string text) {
  hide_passwords(text.data(), text.size());
  const bool known = target.schema["properties"].has(name);
  const std::string parameter = known ? name : about(target.schema, text);
  const bool missing = text.find(std::strerror(ENOENT)) != text.npos;
  return {parameter.empty() ? target.pointer : pointer_to(target.pointer, parameter),
          missing ? "file-missing" : "config-test", std::move(text)};
}

std::vector<FieldError> from_report(const ParameterTarget& target, const Json& report) {
  constexpr std::string_view of_parameter = "parameter.";
  std::vector<FieldError> out;
  for (const Json& check : report["checks"].items()) {
    const std::string& status = check["status"].text();
    const std::string& id = check["id"].text();
    if (status != "fail" && status != "error") continue;
    out.push_back(complaint(target,
                            id.starts_with(of_parameter) ? id.substr(of_parameter.size()) : "",
                            check["message"].text()));
  }
  return out;
}

Problem cannot_ask(Log& log, const std::string& bot, const std::string& why) {
  log.error(fmt::format("cannot ask {} for its parameters: {}", bot, why));
  return {"internal", "The bot cannot be asked for its parameters; the log says why.", {}, {}, {}};
}

Answer<Json> shown_by(Log& log, const ParameterTarget& target, const Result<Outcome>& outcome) {
  if (!outcome) return tl::unexpected(cannot_ask(log, target.id, outcome.error().text));
  if (outcome->timed_out) return tl::unexpected(cannot_ask(log, target.id, "no answer in time"));
  if (outcome->code != 0) {
    const std::vector<FieldError> errors = complaints(target, *outcome);
    return tl::unexpected(cannot_ask(log, target.id, errors.front().detail));
  }
  const auto json = Json::parse(outcome->output);
  if (!json || !(*json)["parameters"].is_object())
    return tl::unexpected(cannot_ask(log, target.id, "--show-parameters --json wrote no such"));
  return Json::object()
      .set("parameters", redacted(target.schema, (*json)["parameters"]))
      .set("origin", (*json)["origin"]);
}

}  // namespace

Json ParameterTargets::spread(const Json& document) const {
  return plain ? Json::object().set(bots.front().id, document) : document;
}

Json ParameterTargets::folded(const Json& by_bot) const {
  return plain ? by_bot[bots.front().id] : by_bot;
}

const ParameterTarget* ParameterTargets::find(std::string_view id) const {
  for (const ParameterTarget& bot : bots)
    if (bot.id == id) return &bot;
  return nullptr;
}

Answer<ParameterTargets> ParameterWork::targets(const Request& request) const {
  const std::string& id = request.value("bot");
  if (!id.empty()) {
    const BotSetup* bot = deps.bots.find(id);
    if (!bot)
      return tl::unexpected(Problem{
          "not-found", "There is no bot " + quote_for_message(id) + ".", {}, Json::object(), {}});
    return ParameterTargets{{{bot->id, "#", bot->describe["parameters"]}}, true};
  }
  ParameterTargets out = all();
  if (out.bots.size() == 1) {
    out.plain = true;
    out.bots.front().pointer = "#";
  }
  return out;
}

ParameterTargets ParameterWork::all() const {
  ParameterTargets out;
  for (const BotSetup& bot : deps.bots.all())
    out.bots.push_back({bot.id, pointer_to("#", bot.id), bot.describe["parameters"]});
  return out;
}

void ParameterWork::show(const ParameterTarget& target, const Json& values, Then<Json> then) {
  const std::uint64_t generation = deps.configuration.generation();
  const auto known = shown_.find(target.id);
  if (known != shown_.end() && known->second.generation == generation &&
      known->second.values == values)
    return then(known->second.answer);
  const auto full = Configuration::resolved(target.schema, values);
  if (!full) return then(tl::unexpected(cannot_ask(deps.log, target.id, full.error().text)));
  struct Job {
    Command command;
    Result<Outcome> outcome = fail({});
  };
  auto job = std::make_shared<Job>();
  job->command = deps.bots.scratch(target.id, *full, {"--show-parameters", "--json"});
  deps.loop.work(
      [job] { job->outcome = run_process(job->command); },
      [self = shared_from_this(), job, target, values, generation, then = std::move(then)] {
        auto answer = shown_by(self->deps.log, target, job->outcome);
        if (answer) self->shown_[target.id] = {generation, values, *answer};
        then(std::move(answer));
      });
}

void ParameterWork::try_out(const ParameterTargets& targets, const Json& by_bot,
                            Then<std::vector<FieldError>> then) {
  struct Job {
    std::vector<std::pair<ParameterTarget, Command>> runs;
    std::vector<FieldError> errors;
    std::string broken;
  };
  auto job = std::make_shared<Job>();
  for (const auto& [id, values] : by_bot.members()) {
    const ParameterTarget* target = targets.find(id);
    const auto full = Configuration::resolved(target->schema, values);
    if (!full)
      job->errors.push_back(complaint(*target, "", full.error().text));
    else
      job->runs.emplace_back(*target, deps.bots.scratch(id, *full, {"--config-test", "--json"}));
  }
  const auto run = [job] {
    for (const auto& [target, command] : job->runs) {
      const auto outcome = run_process(command);
      if (!outcome) job->broken = outcome.error().text;
      if (!outcome || outcome->code == 0) continue;
      for (FieldError& error : complaints(target, *outcome))
        job->errors.push_back(std::move(error));
    }
  };
  deps.loop.work(run, [job, self = shared_from_this(), then = std::move(then)] {
    if (job->broken.empty()) return then(std::move(job->errors));
    self->deps.log.error("cannot run --config-test: " + job->broken);
    then(tl::unexpected(Problem{"internal",
                                "The bot cannot be run to test this; the log says why.",
                                {},
                                Json::object(),
                                {}}));
  });
}

std::vector<FieldError> complaints(const ParameterTarget& target, const Outcome& outcome) {
  std::vector<FieldError> out;
  if (const auto report = Json::parse(outcome.output); report && report->is_object())
    out = from_report(target, *report);
  if (!out.empty()) return out;
  // The last line is the one that says why it ended; as JSON, or "PROGRAM: error: text".
  std::string_view last = trim(outcome.errors);
  last = trim(last.substr(last.rfind('\n') + 1));
  std::string text(last);
  if (const auto line = Json::parse(last); line && line->is_object())
    for (const char* const name : {"message", "msg", "text"})
      if ((*line)[name].is_string()) text = (*line)[name].text();
  if (outcome.timed_out) text = "--config-test did not end in time";
  if (text.empty()) text = fmt::format("--config-test ended with {}", outcome.code);
  out.push_back(complaint(target, "", std::move(text)));
  return out;
}

Answer<Json> json_body(const Request& request) {
  if (trim(request.body).empty()) return Json::object();
  auto json = Json::parse_strict(request.body, 64);
  if (json) return std::move(*json);
  return refuse("malformed-request", "The body is not JSON: " + json.error().text);
}

Problem validation_problem(std::vector<FieldError> errors) {
  const std::size_t count = errors.size();
  return {"validation",
          count == 1 ? errors.front().pointer + ": " + errors.front().detail
                     : fmt::format("{} members are wrong; `errors` names them.", count),
          std::move(errors),
          Json::object(),
          {}};
}

}  // namespace intelmq::serve
