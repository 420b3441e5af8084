// SPDX-License-Identifier: Apache-2.0
#include "bot/arguments.hpp"

#include <CLI/CLI.hpp>

#include "base/text.hpp"
#include "bot/exit_code.hpp"

namespace intelmq {
namespace {

[[noreturn]] void refuse(std::span<const Parameter* const> parameters, const std::string& word) {
  if (word.size() < 2 || word[0] != '-')
    throw StartError(
        "unexpected argument " + quote_for_message(word) + "; options begin with -- (see --help)",
        ExitCode::usage);
  std::vector<std::string> names;
  for (const Parameter* parameter : parameters) names.push_back(parameter->option());
  const std::string name = word.substr(0, word.find('='));
  throw StartError("unknown option " + quote_for_message(name) +
                       did_you_mean(nearest(name, std::span<const std::string>{names})) +
                       " (see --help)",
                   ExitCode::usage);
}

/// `--name=` as two words, or CLI11 takes the value for missing.
std::vector<std::string> with_empty_values(const std::vector<std::string>& arguments) {
  std::vector<std::string> out;
  for (const std::string& word : arguments) {
    const bool empty = word.starts_with("--") && word.find('=') == word.size() - 1;
    out.push_back(empty ? word.substr(0, word.size() - 1) : word);
    if (empty) out.emplace_back();
  }
  return out;
}

}  // namespace

std::vector<GivenOption> parse_arguments(std::span<const Parameter* const> parameters,
                                         std::vector<std::string> arguments) {
  CLI::App app;
  app.set_help_flag();
  app.allow_extras();
  std::vector<std::vector<std::string>> values(parameters.size());
  std::vector<CLI::Option*> options;
  options.reserve(parameters.size());
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    const Parameter& parameter = *parameters[i];
    std::string name = parameter.option();
    if (parameter.name == "help") name += ",-h";
    CLI::Option* option = app.add_option(name, values[i]);
    option->allow_extra_args(false);
    if (parameter.is_switch())
      option->expected(0, 1);
    else
      option->expected(1);
    option->multi_option_policy(parameter.repeatable ? CLI::MultiOptionPolicy::TakeAll
                                                     : CLI::MultiOptionPolicy::TakeLast);
    options.push_back(option);
  }
  arguments = with_empty_values(arguments);
  std::reverse(arguments.begin(), arguments.end());
  try {
    app.parse(std::move(arguments));
  } catch (const CLI::ParseError& error) {
    throw StartError(std::string(error.what()) + " (see --help)", ExitCode::usage);
  }
  if (const auto extras = app.remaining(); !extras.empty()) refuse(parameters, extras.front());
  std::vector<GivenOption> out;
  for (std::size_t i = 0; i < parameters.size(); ++i) {
    if (options[i]->count() == 0) continue;
    GivenOption given{parameters[i], options[i]->results()};
    if (given.values.empty() || (parameters[i]->is_switch() && given.values.back().empty()))
      given.values = {"true"};
    if (!parameters[i]->repeatable) given.values = {given.values.back()};
    out.push_back(std::move(given));
  }
  return out;
}

}  // namespace intelmq
