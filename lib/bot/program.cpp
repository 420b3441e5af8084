// SPDX-License-Identifier: Apache-2.0
#include "bot/program.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <csignal>
#include <cstdio>
#include <cstring>

#include "base/file.hpp"
#include "base/text.hpp"
#include "bot/botnet_start.hpp"
#include "bot/control.hpp"
#include "bot/inspect.hpp"
#include "bot/reload.hpp"
#include "bot/runner.hpp"

namespace intelmq {
namespace {

/// A field that the bot sets without declaring it is a defect of its sheet: test builds stop.
[[noreturn]] void stop_undeclared(std::string_view name) {
  std::fprintf(stderr, "the bot sets or removes %.*s, which its data sheet does not declare\n",
               static_cast<int>(name.size()), name.data());
  std::abort();
}

EventRules read_rules(const Options& options) {
  EventRules rules;
#ifdef INTELMQ_CHECKED
  rules.undeclared = stop_undeclared;
#else
  (void)stop_undeclared;
#endif
  if (options.harmonization)
    rules.harmonization = must(Harmonization::load(*options.harmonization));
  return rules;
}

std::unique_ptr<Source> open_records(const Bot& bot, const Options& options, Log& log) {
  if (bot.shape == Shape::collector) return nullptr;
  SourceOptions wanted;
  wanted.max_record = options.max_line.bytes;
  wanted.log = &log;
  // A report carries a whole feed: up to 512 MiB, and a third more in base64.
  constexpr std::uint64_t report = (512ull << 20) / 3 * 4 + (1u << 20);
  if (bot.shape == Shape::parser && options.max_line == Options{}.max_line)
    wanted.max_record = report;
  auto source = open_source(options.source, wanted);
  if (!source) throw StartError("--source: " + source.error().text, ExitCode::no_input);
  return std::move(*source);
}

/// Nothing: none are wanted, or in a botnet, which always asks for them, they cannot be had.
std::unique_ptr<Statistics> open_statistics_of(const Bot& bot, const Options& options,
                                               const Paths& paths, Log& log) {
  if (!options.statistics || options.statistics->empty()) return nullptr;
  auto sink = open_statistics(*options.statistics);
  if (!sink && !options.runtime) throw StartError("--statistics: " + sink.error().text);
  if (!sink) return log.debug("statistics: " + sink.error().text), nullptr;
  std::vector<std::string> names;
  if (bot.shape != Shape::output) {
    names = paths.names();
    names.emplace_back("_default");
  }
  return std::make_unique<Statistics>(
      std::move(*sink), options.id.value_or(bot.description.program()), std::move(names), log);
}

/// Hides secrets that were given on the command line from whoever lists processes.
void hide_secrets(const Bot& bot, int argc, char** argv) {
  for (int i = 1; i < argc && argv[i]; ++i) {
    hide_passwords(argv[i], std::strlen(argv[i]));
    for (const Parameter& parameter : bot.description.params) {
      if (!parameter.secret) continue;
      const std::string option = parameter.option();
      char* value = nullptr;
      if (std::strncmp(argv[i], (option + "=").c_str(), option.size() + 1) == 0)
        value = argv[i] + option.size() + 1;
      else if (argv[i] == option && i + 1 < argc)
        value = argv[i + 1];
      if (value) std::memset(value, '*', std::strlen(value));
    }
  }
}

ExitCode run_bot(const Bot& bot, const std::vector<std::string>& arguments, Log& log,
                 Settings settings, const Json& overrides, Control* control) {
  const Options& options = settings.options();
  EventRules rules = read_rules(options);
  check_defaults(options, rules);
  Wakeup wakeup;
  if (control) control->join(wakeup);
  const auto notify = control ? nullptr : Notify::inherited();
  if (notify) notify->join(wakeup);
  Paths paths(options.load_balance);
  if (bot.shape != Shape::output) open_paths(paths, options.destination, {&log, &wakeup});
  std::unique_ptr<Source> source = open_records(bot, options, log);
  const Context context{rules, log, paths.names(), false, options.runtime.has_value()};
  auto instance = bot.make(settings.params(), context);
  Reloader reloader(bot, arguments, context, log, settings, overrides);
  const auto statistics = open_statistics_of(bot, options, paths, log);
  Runner runner({bot, settings, rules, source.get(), paths, wakeup, log, std::move(instance),
                 &reloader, statistics.get(), control, notify.get()});
  if (control) control->event("ready");
  if (notify) notify->ready();
  const ExitCode code = runner.run();
  if (statistics) statistics->finish(runner.counts());
  if (options.stats)
    log.plain(runner.counts().json(bot.description.program(), runner.seconds()).dump());
  return code;
}

/// As IntelMQ does: what `intelmqctl log` shows.
void log_to_file(Log& log, const BotnetStart& botnet, const Settings& settings) {
  const std::string& wanted = settings.logging_path();
  const std::string path = wanted.empty() ? botnet.log_file : wanted + '/' + botnet.id + ".log";
  if (!log.write_to(path)) log.warning(path + ": cannot be written; messages stay here");
  log.info("Bot is starting.");
}

}  // namespace

int run_program(const Bot& bot, int argc, char** argv) {
  const auto botnet = botnet_start(argc, argv);
  if (botnet) std::signal(SIGHUP, SIG_DFL);  // intelmqctl reloads by it, also under nohup(1)
  const LogForm form =
      isatty(STDERR_FILENO) || plain_messages_wanted() ? LogForm::text : LogForm::json;
  Log log(STDERR_FILENO, botnet ? botnet->id : bot.description.program(), LogLevel::info, form);
  try {
    if (botnet && !leave_root())
      throw StartError("cannot become the user intelmq", ExitCode::permission);
    const auto control = Control::inherited(bot, log);
    const std::vector<std::string> arguments =
        botnet ? botnet->arguments : std::vector<std::string>(argv + 1, argv + argc);
    const Json overrides = Settings::read_overrides();
    std::vector<ParameterProblem> problems;
    Settings settings = Settings::read(bot, arguments, overrides, &problems);
    if (botnet) log_to_file(log, *botnet, settings);
    hide_secrets(bot, argc, argv);
    log.set_threshold(settings.options().logging_level);
    for (const std::string& note : settings.notes()) log.warning(note);
    if (const auto code = inspect(bot, {settings, arguments, overrides, problems}, log))
      return static_cast<int>(*code);
    if (!problems.empty()) throw StartError(problems.front().text, problems.front().exit);
    settings.require(bot);
    if (control) control->state("init");
    const ExitCode code =
        run_bot(bot, arguments, log, std::move(settings), overrides, control.get());
    if (botnet) log.info("Bot stopped.");
    return static_cast<int>(code);
  } catch (const StartError& error) {
    log.error(error.what());
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    log.error(error.what());
    return static_cast<int>(ExitCode::internal);
  }
}

}  // namespace intelmq
