// SPDX-License-Identifier: Apache-2.0
#include "pipeline/inspect_bot.hpp"

#include <algorithm>

#include "base/file.hpp"
#include "base/text.hpp"
#include "pipeline/process.hpp"

namespace intelmq {
namespace {

constexpr std::chrono::milliseconds limit{10'000};
constexpr std::size_t most_output = 16u << 20;

std::string failure_of(const Outcome& outcome, const std::string& program) {
  if (outcome.timed_out) return "no answer within 10 seconds";
  if (outcome.too_much) return "it prints without end";
  std::string message = without_prefix(outcome.errors, program);
  if (!message.empty()) return message;
  return "it ended with code " + std::to_string(outcome.code) + " and no message";
}

Result<Outcome> ask(const std::string& path, const std::vector<std::string>& arguments,
                    std::string_view question, const std::vector<std::string>& environment,
                    bool clean) {
  Command command;
  command.words = {path, std::string(question)};
  command.words.insert(command.words.end(), arguments.begin(), arguments.end());
  command.environment = environment;
  command.environment.emplace_back("INTELMQ_LOG_FORMAT=text");
  command.clean = clean;
  command.limit = limit;
  command.most_output = most_output;
  Result<Outcome> outcome = run_process(command);
  if (!outcome) return outcome;
  if (outcome->code != 0 || outcome->timed_out || outcome->too_much)
    return fail(failure_of(*outcome, name_of(path)));
  return outcome;
}

Result<Sheet> sheet_in(const Outcome& outcome) {
  Result<Json> document = Json::parse(outcome.output);
  if (!document) return fail("--describe prints no JSON: " + document.error().text);
  return Sheet::read(std::move(*document));
}

}  // namespace

std::string without_prefix(std::string_view errors, std::string_view program) {
  std::string out;
  for (std::string_view line : split(errors, '\n')) {
    const std::string prefix = std::string(program) + ": ";
    if (line.starts_with(prefix)) line.remove_prefix(prefix.size());
    for (const std::string_view level : {"error: ", "warning: "})
      if (line.starts_with(level)) line.remove_prefix(level.size());
    line = trim(line);
    if (line.empty()) continue;
    if (!out.empty()) out += "; ";
    out += line;
  }
  return out;
}

bool ConfiguredBot::is_given(std::string_view parameter) const {
  return settings.has(parameter) &&
         std::find(defaults.begin(), defaults.end(), parameter) == defaults.end();
}

void read_settings(std::string_view text, ConfiguredBot& bot) {
  constexpr std::string_view equals = " = ", origin = "  # ";
  for (const std::string_view line : split(text, '\n')) {
    const std::size_t middle = line.find(equals);
    const std::size_t end = line.rfind(origin);
    if (middle == line.npos || end == line.npos || end < middle) continue;
    const std::string name(line.substr(0, middle));
    if (line.substr(end + origin.size()) == "default") bot.defaults.push_back(name);
    const std::size_t begin = middle + equals.size();
    const auto value = Json::parse(line.substr(begin, end - begin));
    bot.settings.set(name, value ? *value : Json());
  }
}

Result<Sheet> describe_program(const std::string& path) {
  const Result<Outcome> outcome = ask(path, {}, "--describe", {}, true);
  if (!outcome) return tl::unexpected<Error>(outcome.error());
  return sheet_in(*outcome);
}

Result<ConfiguredBot> inspect_bot(const std::string& path,
                                  const std::vector<std::string>& arguments,
                                  const std::vector<std::string>& environment) {
  const Result<Outcome> described = ask(path, arguments, "--describe", environment, false);
  if (!described) return tl::unexpected<Error>(described.error());
  Result<Sheet> sheet = sheet_in(*described);
  if (!sheet) return tl::unexpected<Error>(sheet.error());
  ConfiguredBot bot;
  bot.sheet = std::move(*sheet);
  const std::string program = name_of(path);
  for (const std::string_view line : split(described->errors, '\n'))
    if (std::string remark = without_prefix(line, program); !remark.empty())
      bot.remarks.push_back(std::move(remark));
  const Result<Outcome> shown = ask(path, arguments, "--show-parameters", environment, false);
  if (!shown) return tl::unexpected<Error>(shown.error());
  read_settings(shown->output, bot);
  return bot;
}

}  // namespace intelmq
