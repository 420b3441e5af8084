// SPDX-License-Identifier: Apache-2.0
#include "command.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>

#include "base/file.hpp"
#include "base/text.hpp"
#include "bot/arguments.hpp"
#include "pipeline/inspect_bot.hpp"
#include "render/tables.hpp"

namespace intelmq::front {
namespace {

constexpr std::size_t width = 80;

const Parameter* find(const Command& command, std::string_view word) {
  const std::string_view name = word.substr(0, word.find('='));
  for (const Parameter& option : command.options)
    if (option.option() == name) return &option;
  return nullptr;
}

/// The command line in two: options with their values, and words.
struct Parts {
  std::vector<std::string> options, words;
};

Parts divide(const Command& command, const std::vector<std::string>& arguments) {
  Parts out;
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    const std::string& word = arguments[i];
    const bool foreign = command.passes_arguments && !out.words.empty();
    if (word == "--") {
      out.words.insert(out.words.end(), arguments.begin() + static_cast<std::ptrdiff_t>(i) + 1,
                       arguments.end());
      break;
    }
    if (!word.starts_with('-') || word == "-" || (foreign && word != "--json")) {
      out.words.push_back(word);
      continue;
    }
    out.options.push_back(word);
    const Parameter* option = find(command, word);
    const bool takes_value = option && !option->is_switch() && word.find('=') == word.npos;
    if (takes_value && i + 1 < arguments.size()) out.options.push_back(arguments[++i]);
  }
  return out;
}

std::string term(const Parameter& option) {
  const std::string value = render::placeholder(option);
  return "  " + option.option() + (value.empty() ? "" : " " + value);
}

std::string row(std::string_view left, std::string_view right, std::size_t column) {
  std::string out;
  std::string begin(left);
  for (const std::string& line : wrap(right, width - column)) {
    out += fmt::format("{:<{}}{}\n", begin, column, line);
    begin.clear();
  }
  return out;
}

}  // namespace

std::vector<std::string> read_options(const Command& command,
                                      const std::vector<std::string>& arguments, void* params) {
  Parts parts = divide(command, arguments);
  std::vector<const Parameter*> table;
  for (const Parameter& option : command.options) table.push_back(&option);
  for (const GivenOption& given : parse_arguments(table, std::move(parts.options))) {
    const auto done = given.parameter->assign(params, Json(given.values.back()));
    if (!done)
      throw StartError(given.parameter->option() + ": " + done.error().text, ExitCode::usage);
  }
  return std::move(parts.words);
}

bool wants_help(const Command& command, const std::vector<std::string>& arguments) {
  const auto options = divide(command, arguments).options;
  return std::any_of(options.begin(), options.end(),
                     [](const std::string& word) { return word == "--help" || word == "-h"; });
}

std::string help_of(const Command& command) {
  std::string out = fmt::format("Usage: intelmq {}{}{}{}\n\n", command.name,
                                command.options.empty() ? "" : " [OPTION]...",
                                command.words.empty() ? "" : " ", command.words);
  for (const std::string& line : wrap(command.summary, width)) out += line + "\n";
  for (const std::string& paragraph : render::paragraphs(command.details)) {
    out += "\n";
    for (const std::string& line : wrap(paragraph, width)) out += line + "\n";
  }
  out += "\nOptions:\n";
  std::size_t column = std::string_view("  --help").size() + 2;
  for (const Parameter& option : command.options)
    column = std::max(column, term(option).size() + 2);
  for (const Parameter& option : command.options) out += row(term(option), option.summary, column);
  return out + row("  --help", "Show this help.", column);
}

std::string help_of_all() {
  std::string out =
      "Usage: intelmq COMMAND [ARGUMENT]...\n\nLook at bots, pipelines and dead letters.\n\n"
      "Commands:\n";
  for (const Command* command : commands())
    out += row(fmt::format("  {}", command->name), command->summary, 18);
  out += "\nOptions:\n";
  out += row("  --help", "Show this help, or after a command that of the command.", 18);
  out += row("  --version", "Show the version.", 18);
  return out +
         "\nExample:\n  intelmq check 'intelmq-parser-json --input-format raw < FILE | "
         "intelmq-expert-taxonomy'\n";
}

void print(std::string_view text) {
  const Written done = write_some(STDOUT_FILENO, text);
  if (done.error == 0 || done.error == EPIPE) return;
  throw StartError(system_failure("standard output", "cannot write", done.error).value().text,
                   ExitCode::io_error);
}

void complain(std::string_view text) {
  (void)write_some(STDERR_FILENO, fmt::format("intelmq: {}\n", text));
}

Catalogue read_catalogue() {
  Catalogue catalogue = Catalogue::read(CataloguePlaces::of_this_process(), describe_program);
  for (const std::string& problem : catalogue.problems()) complain("warning: " + problem);
  return catalogue;
}

}  // namespace intelmq::front
