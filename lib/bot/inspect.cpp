// SPDX-License-Identifier: Apache-2.0
#include "bot/inspect.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/file.hpp"
#include "bot/checks.hpp"
#include "bot/paths.hpp"
#include "bot/program.hpp"
#include "queue/source.hpp"
#include "render/bash.hpp"
#include "render/describe.hpp"
#include "render/fish.hpp"
#include "render/help.hpp"
#include "render/man.hpp"
#include "render/markdown.hpp"
#include "render/schema.hpp"
#include "render/zsh.hpp"

namespace intelmq {
namespace {

int terminal_width() {
  winsize size{};
  if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col >= 40)
    return std::min<int>(size.ws_col, 120);
  return 80;
}

ExitCode print(std::string text) {
  if (!text.ends_with('\n')) text += '\n';
  const Result<void> done = write_all(STDOUT_FILENO, text);
  return done || errno == EPIPE ? ExitCode::ok : ExitCode::io_error;
}

std::string rendered(Surface surface, const Description& description,
                     const std::vector<Parameter>& common) {
  switch (surface) {
    case Surface::man: return render::man(description, common);
    case Surface::bash: return render::bash(description, common);
    case Surface::zsh: return render::zsh(description, common);
    case Surface::fish: return render::fish(description, common);
    case Surface::markdown: return render::markdown(description, common);
    case Surface::schema: return render::schema(description, common).dump_pretty();
  }
  return {};
}

ExitCode test_config(const Bot& bot, const Settings& settings, Log& log) {
  try_instance(bot, settings, log, true);
  return print(fmt::format("{}: configuration is fine", bot.description.program()));
}

ExitCode test_connections(const Bot& bot, const Settings& settings, Log& log) {
  const auto trial = try_instance(bot, settings, log, false);
  SourceOptions how;
  how.probe = true;
  if (bot.shape != Shape::collector)
    if (auto source = open_source(settings.options().source, how); !source)
      throw StartError("--source: " + source.error().text, ExitCode::unavailable);
  if (bot.shape != Shape::output) {
    Paths paths;
    open_paths(paths, settings.options().destination);
  }
  if (auto done = trial->instance->test_connection(); !done)
    throw StartError(done.error().text, ExitCode::unavailable);
  return print(fmt::format("{}: connections are fine", bot.description.program()));
}

/// The arguments without those that ask for a test.
std::vector<std::string> without_test(const std::vector<std::string>& arguments) {
  std::vector<std::string> kept;
  for (const std::string& argument : arguments)
    if (argument != "--self-test" && argument != "--json") kept.push_back(argument);
  return kept;
}

ExitCode test_examples(const Bot& bot, const std::vector<std::string>& arguments) {
  const std::vector<std::string> failures = check_examples(bot, without_test(arguments));
  std::string text;
  for (const std::string& failure : failures) text += failure + '\n';
  const std::size_t total = bot.description.examples.size();
  text += fmt::format("{}: {} of {} examples hold", bot.description.program(),
                      total - failures.size(), total);
  print(text);
  return failures.empty() ? ExitCode::ok : ExitCode::bad_data;
}

/// A report for machines. A configuration that is of no use is told apart from what a test found.
ExitCode print(const TestReport& report, bool is_configuration) {
  constexpr auto test_failed = static_cast<ExitCode>(1);
  const ExitCode printed = print(report.json().dump_pretty());
  if (printed != ExitCode::ok || !report.failed()) return printed;
  return is_configuration ? ExitCode::configuration : test_failed;
}

std::optional<ExitCode> inspect_as_json(const Bot& bot, const Inspected& run, Log& log) {
  const Options& options = run.settings.options();
  if (!options.json) return std::nullopt;
  if (options.show_parameters) return print(run.settings.show_json(bot).dump_pretty());
  const bool tests = options.config_test || options.connection_test || options.self_test;
  if (!tests) throw StartError("--json: needs --show-parameters or a test too", ExitCode::usage);
  // No other test says anything about a configuration that is wrong.
  const TestReport config = config_report(bot, run.settings, log, run.problems);
  if (options.config_test || config.failed()) return print(config, true);
  if (options.connection_test) return print(connection_report(bot, run.settings, log), false);
  return print(example_report(bot, without_test(run.arguments), run.overrides), false);
}

}  // namespace

std::optional<ExitCode> inspect(const Bot& bot, const Inspected& run, Log& log) {
  const auto& [settings, arguments, overrides, problems] = run;
  const Options& options = settings.options();
  const Description& description = bot.description;
  if (options.help) return print(render::help(description, settings.common(), terminal_width()));
  if (options.version) return print(fmt::format("{} {}", description.program(), INTELMQ_VERSION));
  if (options.describe) {
    const bool configured = std::any_of(arguments.begin(), arguments.end(),
                                        [](const std::string& a) { return a != "--describe"; });
    const FieldUse fields = configured ? settings.fields(bot) : description.fields;
    return print(render::describe(description, settings.common(), configured ? &fields : nullptr)
                     .dump_pretty());
  }
  if (options.generate) return print(rendered(*options.generate, description, settings.common()));
  if (const auto code = inspect_as_json(bot, run, log)) return code;
  if (!problems.empty()) throw StartError(problems.front().text, problems.front().exit);
  if (options.show_parameters) return print(settings.show(bot));
  if (options.config_test) return test_config(bot, settings, log);
  if (options.connection_test) return test_connections(bot, settings, log);
  if (options.self_test) return test_examples(bot, arguments);
  return std::nullopt;
}

bool plain_messages_wanted() {
  const char* form = std::getenv("INTELMQ_LOG_FORMAT");
  return form && std::strcmp(form, "text") == 0;
}

}  // namespace intelmq
