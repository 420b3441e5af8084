// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/stat.h>

#include "base/file.hpp"
#include "base/text.hpp"
#include "base/yaml.hpp"
#include "command.hpp"
#include "pipeline/report.hpp"

namespace intelmq::front {
namespace {

struct CheckParams {
  bool json = false;
  bool dot = false;
  bool strict = false;
};

Plan failed(std::string_view code, std::string message) {
  Plan plan;
  plan.findings.push_back({code, Severity::fail, "", std::move(message), {}, {}});
  return plan;
}

Plan plan_of_text(std::string_view text, const Catalogue& catalogue) {
  const auto stages = parse_shell_pipeline(text);
  if (!stages) return failed(rule::malformed, stages.error().text);
  return plan_shell(*stages, catalogue, inspect_bot);
}

/// A runtime.yaml, or a file with a pipeline as in a shell script.
Plan plan_of_file(const std::string& path, const Catalogue& catalogue) {
  const auto text = read_file(path);
  if (!text) return failed(rule::malformed, text.error().text);
  if (trim(*text).empty()) return failed(rule::empty, path + " is empty");
  const auto document = parse_json_or_yaml(*text);
  if (document && is_runtime(*document))
    return plan_runtime(read_runtime(*document), path, catalogue, inspect_bot);
  if (document && document->is_object())
    return failed(rule::empty, path + " has no section of a bot, with module and parameters");
  const bool named = path.ends_with(".yaml") || path.ends_with(".yml") || path.ends_with(".json") ||
                     path.ends_with(".conf");
  if (!document && named)
    return failed(rule::malformed, fmt::format("{}: {}", path, document.error().text));
  return plan_of_text(*text, catalogue);
}

bool is_pipeline(const std::string& word, const Catalogue& catalogue) {
  struct stat info = {};
  if (catalogue.find_program(word)) return true;
  return stat(word.c_str(), &info) != 0 && word.find_first_of("|\n\t <>") != word.npos;
}

int run(const Command& command, const std::vector<std::string>& arguments) {
  CheckParams params;
  const auto words = read_options(command, arguments, &params);
  if (words.size() != 1)
    throw StartError("check: give one pipeline in quotes, 'BOT | BOT', or one FILE",
                     ExitCode::usage);
  const Catalogue catalogue = read_catalogue();
  const std::string& word = words.front();
  const bool blank = trim(word).empty();
  const Plan plan = blank || is_pipeline(word, catalogue) ? plan_of_text(word, catalogue)
                                                          : plan_of_file(word, catalogue);
  const std::vector<Finding> findings = check_plan(plan, catalogue);
  if (params.dot) {
    print(to_dot(plan.graph));
    for (const Finding& finding : findings)
      if (finding.severity != Severity::note)
        complain(fmt::format("{} {} {}: {}", name_of(finding.severity), finding.code, finding.bot,
                             finding.message));
  } else {
    print(params.json ? report_json(plan, findings).dump_pretty() + "\n"
                      : report_text(plan, findings));
  }
  return exit_status(findings, params.strict);
}

}  // namespace

const Command& check_command() {
  static const Command command{
      .name = "check",
      .words = "'BOT | BOT ...' | FILE",
      .summary = "Tell whether a pipeline would work, without running it.",
      .details =
          "The pipeline is written as for a shell, or FILE is a runtime.yaml of IntelMQ or a file "
          "with a pipeline. Each bot is asked about its fields under its parameters; no "
          "connection and no data file is opened.\n\n"
          "Found are fields that a bot needs and nothing before it produces, unknown bots and "
          "wrong parameters, bots in the wrong place, and queues that lead nowhere.\n\n"
          "Exit codes: 0 it would work, 1 warnings with --strict, 2 it would not.",
      .options = {param<&CheckParams::json>("json", "Print the report as JSON."),
                  param<&CheckParams::dot>("dot",
                                           "Print the graph for Graphviz; findings go to "
                                           "standard error."),
                  param<&CheckParams::strict>("strict", "Warnings are failures: exit code 1.")},
      .run = run};
  return command;
}

}  // namespace intelmq::front
