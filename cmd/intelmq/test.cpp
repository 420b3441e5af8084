// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "base/file.hpp"
#include "base/text.hpp"
#include "command.hpp"
#include "pipeline/case.hpp"

namespace intelmq::front {
namespace {

constexpr int some_failed = 1, none_found = 2;

struct TestParams {
  bool update = false;
  std::optional<std::string> junit;
};

Result<std::string> find_program(const std::string& name, const CataloguePlaces& places) {
  for (const std::string& directory : places.directories) {
    std::string wanted = directory;
    wanted.append("/").append(name);
    char* real = realpath(wanted.c_str(), nullptr);
    const std::string path = real ? real : "";
    free(real);
    if (!path.empty() && access(path.c_str(), X_OK) == 0) return path;
  }
  return fail("there is no program " + quote_for_message(name) +
              " beside intelmq or in INTELMQ_BOT_PATH");
}

Result<Outcome> play(const Case& one, const CataloguePlaces& places) {
  const auto program = find_program(one.program, places);
  if (!program) return tl::unexpected<Error>(program.error());
  intelmq::Command command;
  command.words = {*program};
  command.words.insert(command.words.end(), one.arguments.begin(), one.arguments.end());
  command.input = one.input;
  command.directory = one.directory;
  command.environment = {"INTELMQ_LOG_FORMAT=text"};
  command.clean = true;
  return run_process(command);
}

std::vector<std::string> outcome_of(const std::string& directory, const CataloguePlaces& places,
                                    bool update, std::string& name) {
  name = directory;
  const auto one = read_case(directory);
  if (!one) return {one.error().text};
  name = one->name;
  const auto outcome = play(*one, places);
  if (!outcome) return {outcome.error().text};
  std::vector<std::string> differences = compare_case(*one, *outcome);
  if (!update || outcome->timed_out || outcome->too_much) return differences;
  if (const auto done = update_case(*one, *outcome); !done) return {done.error().text};
  return {};
}

CaseResult test_case(const std::string& directory, const CataloguePlaces& places, bool update) {
  CaseResult result;
  const auto begin = std::chrono::steady_clock::now();
  result.differences = outcome_of(directory, places, update, result.name);
  result.seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - begin).count();
  if (!result.differences.empty()) print(fmt::format("FAILED {}\n", result.name));
  for (const std::string& difference : result.differences) print(fmt::format("  {}\n", difference));
  return result;
}

std::vector<std::string> all_cases(const std::vector<std::string>& roots) {
  std::vector<std::string> out;
  for (const std::string& root : roots) {
    auto found = find_cases(root);
    if (!found) throw StartError(found.error().text, ExitCode::no_input);
    out.insert(out.end(), found->begin(), found->end());
  }
  return out;
}

int run(const Command& command, const std::vector<std::string>& arguments) {
  TestParams params;
  const auto words = read_options(command, arguments, &params);
  if (words.empty())
    throw StartError("test: which directories? For example tests/cases", ExitCode::usage);
  const auto places = CataloguePlaces::of_this_process();
  std::vector<CaseResult> results;
  for (const std::string& directory : all_cases(words))
    results.push_back(test_case(directory, places, params.update));
  const auto failures = std::count_if(results.begin(), results.end(), [](const CaseResult& one) {
    return !one.differences.empty();
  });
  if (params.junit) must(atomic_write(*params.junit, junit(results)), ExitCode::cannot_create);
  if (results.empty()) complain("no case found in " + join(words, ", "));
  print(fmt::format("{} passed, {} failed\n", results.size() - static_cast<std::size_t>(failures),
                    failures));
  if (results.empty()) return none_found;
  return failures == 0 ? 0 : some_failed;
}

}  // namespace

const Command& test_command() {
  static const Command command{
      .name = "test",
      .words = "DIR...",
      .summary = "Run golden cases: directories with arguments, input and expected output.",
      .details =
          "A case is a directory PROGRAM/CASE with the files args (one line, quoted as for a "
          "shell), in, out, err and code; what is absent is empty, or 0. The program runs in "
          "this directory, for at most 30 seconds. Output lines are compared as JSON, without "
          "time.observation and the order of fields; err is compared as it is.\n\n"
          "Exit codes: 0 all passed, 1 some failed, 2 no case found.",
      .options = {param<&TestParams::update>("update",
                                             "Rewrite out, err and code where they differ."),
                  param<&TestParams::junit>("junit", "File for a report in the format of JUnit.")},
      .run = run};
  return command;
}

}  // namespace intelmq::front
