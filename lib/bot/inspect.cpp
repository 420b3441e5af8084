// SPDX-License-Identifier: Apache-2.0
#include "bot/inspect.hpp"

#include <fmt/format.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

#include "base/file.hpp"
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

std::unique_ptr<Instance> construct(const Bot& bot, const Settings& settings, Log& log,
                                    bool checking) {
  settings.require(bot);
  EventRules rules;
  if (settings.options().harmonization)
    rules.harmonization = must(Harmonization::load(*settings.options().harmonization));
  const Context context{rules, log, {"*"}, checking, settings.options().runtime.has_value()};
  return bot.make(settings.params(), context);
}

ExitCode test_config(const Bot& bot, const Settings& settings, Log& log) {
  construct(bot, settings, log, true);
  return print(fmt::format("{}: configuration is fine", bot.description.program()));
}

ExitCode test_connections(const Bot& bot, const Settings& settings, Log& log) {
  const auto instance = construct(bot, settings, log, false);
  if (bot.shape != Shape::collector)
    if (auto source = open_source(settings.options().source, {}); !source)
      throw StartError("--source: " + source.error().text, ExitCode::unavailable);
  if (bot.shape != Shape::output) {
    Paths paths;
    open_paths(paths, settings.options().destination);
  }
  if (auto done = instance->test_connection(); !done)
    throw StartError(done.error().text, ExitCode::unavailable);
  return print(fmt::format("{}: connections are fine", bot.description.program()));
}

ExitCode test_examples(const Bot& bot, const std::vector<std::string>& arguments) {
  std::vector<std::string> kept;
  for (const std::string& argument : arguments)
    if (argument != "--self-test") kept.push_back(argument);
  const std::vector<std::string> failures = check_examples(bot, kept);
  std::string text;
  for (const std::string& failure : failures) text += failure + '\n';
  const std::size_t total = bot.description.examples.size();
  text += fmt::format("{}: {} of {} examples hold", bot.description.program(),
                      total - failures.size(), total);
  print(text);
  return failures.empty() ? ExitCode::ok : ExitCode::bad_data;
}

}  // namespace

std::optional<ExitCode> inspect(const Bot& bot, const Settings& settings,
                                const std::vector<std::string>& arguments, Log& log) {
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
  if (options.show_parameters) return print(settings.show(bot));
  if (options.config_test) return test_config(bot, settings, log);
  if (options.connection_test) return test_connections(bot, settings, log);
  if (options.self_test) return test_examples(bot, arguments);
  return std::nullopt;
}

void reload_instance(const Bot& bot, const std::vector<std::string>& arguments,
                     const Context& context, Log& log, Settings& settings,
                     std::unique_ptr<Instance>& running) {
  try {
    Settings fresh = Settings::read(bot, arguments);
    fresh.require(bot);
    // What a bot remembers on disk is open once: the old instance lets go of it first.
    if (!bot.description.state.empty()) running.reset();
    auto instance = bot.make(fresh.params(), context);
    settings = std::move(fresh);
    running = std::move(instance);
    log.set_threshold(settings.options().logging_level);
    log.info("reloaded");
  } catch (const std::exception& error) {
    log.error(std::string("reload failed, the old configuration stays: ") + error.what());
    if (!running) running = bot.make(settings.params(), context);
  }
}

bool plain_messages_wanted() {
  const char* form = std::getenv("INTELMQ_LOG_FORMAT");
  return form && std::strcmp(form, "text") == 0;
}

}  // namespace intelmq
