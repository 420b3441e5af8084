// SPDX-License-Identifier: Apache-2.0
#include "serve/application.hpp"

#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <future>
#include <random>

#include "base/file.hpp"
#include "base/text.hpp"
#include "bot/exit_code.hpp"
#include "pipeline/inspect_bot.hpp"
#include "render/help.hpp"
#include "render/man.hpp"
#include "serve/clock.hpp"
#include "serve/configuration.hpp"
#include "serve/http_server.hpp"
#include "serve/options.hpp"
#include "serve/parameters.hpp"
#include "serve/sections.hpp"
#include "serve/state_keeper.hpp"

namespace intelmq::serve {
namespace {

/// A directory of our own; made if its parent is there.
void make_directory(const std::string& path) {
  if (mkdir(path.c_str(), 0700) != 0 && errno != EEXIST)
    throw StartError("--state-dir: " + path + ": " + strerror(errno) +
                         "; name a directory that this user may write to",
                     ExitCode::cannot_create);
}

/// The instance's name: given, kept from the last start, or made.
std::string instance_name(const ServeOptions& options, const std::string& service) {
  const std::string path = options.state_dir + "/instance";
  if (options.instance) return *options.instance;
  if (const auto kept = read_file(path); kept && !trim(*kept).empty())
    return std::string(trim(*kept));
  std::random_device chance;
  const std::string name = service + "-" + std::to_string(chance() % 1'000'000);
  must(atomic_write(path, name + '\n'), ExitCode::cannot_create);
  return name;
}

/// Asks the programs what they are, all at once.
std::vector<BotSetup> describe_bots(const std::vector<std::vector<std::string>>& stages) {
  std::vector<std::future<Result<ConfiguredBot>>> asked;
  for (const auto& stage : stages)
    asked.push_back(std::async(std::launch::async, [&stage] {
      return inspect_bot(stage.front(), {stage.begin() + 1, stage.end()});
    }));
  std::vector<BotSetup> out;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    auto got = asked[i].get();
    if (!got)
      throw StartError(stages[i].front() + ": " + got.error().text, ExitCode::configuration);
    BotSetup bot;
    bot.program = stages[i].front();
    bot.arguments = {stages[i].begin() + 1, stages[i].end()};
    bot.describe = got->sheet.document;
    bot.settings = got->settings;
    const std::string base = got->sheet.program.substr(std::string_view("intelmq-").size());
    bot.id = base;
    for (int number = 2;; ++number) {
      bool taken = false;
      for (const BotSetup& other : out) taken = taken || other.id == bot.id;
      if (!taken) break;
      bot.id = base + "-" + std::to_string(number);
    }
    out.push_back(std::move(bot));
  }
  return out;
}

}  // namespace

struct Application::Parts {
  Parts(std::vector<std::string> words, Log& own) : arguments{std::move(words)}, log{own} {}

  std::vector<std::string> arguments;
  Log& log;
  ServeCommand command;
  std::string service_name, instance;
  double started = unix_time();
  FileDescriptor lock;

  std::unique_ptr<Loop> loop;
  std::unique_ptr<Configuration> configuration;
  std::unique_ptr<Service> service;
  std::unique_ptr<Operations> operations;
  std::unique_ptr<Sections> sections;
  std::unique_ptr<StateKeeper> keeper;
  Router router, probes;
  std::vector<std::unique_ptr<HttpServer>> servers;
  Watch signals, delay;
  int exit_code = 0;
  bool ending = false;

  void prepare_directories();
  void add_routes();
  void connect(ServiceCalls& calls);
  Json overrides(const std::string& bot) const;
  void open_listeners();
  Facts facts() const;
  void state_changed();
  void take_signal(int number);
  void end(int code);
};

Application::Application(std::vector<std::string> arguments, Log& log)
    : parts_{std::make_unique<Parts>(std::move(arguments), log)} {
  parts_->command = read_command(parts_->arguments, {});
  log.set_threshold(parts_->command.options.logging_level);
}

Application::~Application() = default;

std::optional<std::string> Application::inspect() {
  const ServeOptions& options = parts_->command.options;
  if (options.version) return std::string("intelmq-serve " INTELMQ_VERSION);
  if (options.help) return render::help(serve_description({}), {}, 80);
  return std::nullopt;
}

int Application::run() {
  Parts& p = *parts_;
  const ServeOptions& options = p.command.options;
  if (p.command.stages.empty())
    throw StartError("a bot is missing; write -- PROGRAM [ARGUMENT]... (see --help)",
                     ExitCode::usage);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  std::vector<BotSetup> bots = describe_bots(p.command.stages);
  p.service_name = options.service.value_or(bots.front().id);
  p.prepare_directories();
  p.loop = std::make_unique<Loop>();
  p.operations = std::make_unique<Operations>(*p.loop);
  p.configuration = std::make_unique<Configuration>(
      must(Configuration::open(options.state_dir), ExitCode::configuration));
  ServiceOptions service;
  service.name = p.service_name;
  service.instance = p.instance;
  service.state_directory = options.state_dir;
  service.start_limit = options.start_timeout.milliseconds();
  service.stop_limit = options.stop_timeout.milliseconds();
  service.restarts = static_cast<unsigned>(options.restart_budget);
  ServiceCalls calls;
  calls.changed = [&p] { p.loop->post([&p] { p.state_changed(); }); };
  calls.line = [](const std::string&, std::string_view line) {
    std::string whole(line);
    write_all(STDERR_FILENO, whole + '\n');
  };
  p.connect(calls);
  p.service = std::make_unique<Service>(*p.loop, p.log, service, std::move(bots), std::move(calls));
  p.sections = std::make_unique<Sections>(Sections{
      *p.loop, *p.service, *p.operations, p.instance, options.state_dir, [&p] { return p.facts(); },
      [&p](const std::string& bot) { return p.overrides(bot); }, options.debug_api});
  p.add_routes();
  p.open_listeners();
  p.signals =
      p.loop->signals({SIGTERM, SIGINT, SIGHUP}, [&p](int number) { p.take_signal(number); });
  p.service->begin();
  p.loop->run();
  p.servers.clear();
  return p.exit_code;
}

void Application::Parts::prepare_directories() {
  const std::string& place = command.options.state_dir;
  make_directory(place);
  make_directory(place + "/run");
  lock = must(lock_file(place + "/lock"), ExitCode::cannot_create);
  instance = instance_name(command.options, service_name);
}

/// What the API set reaches the bots, and whether they may start.
void Application::Parts::connect(ServiceCalls& calls) {
  calls.revision = [this] { return configuration->revision(); };
  calls.overrides = [this](const std::string& bot) {
    using Occasion = Configuration::Occasion;
    const bool reloads = service->current() == State::reloading;
    configuration->hand_over(bot, reloads ? Occasion::reload : Occasion::start);
    return overrides(bot);
  };
  calls.may_start = [this](bool force) { return keeper->may_start(force); };
}

/// What a bot was given last, secrets resolved.
Json Application::Parts::overrides(const std::string& bot) const {
  return Configuration::resolved(service->find(bot)->describe["parameters"],
                                 configuration->handed(bot), log);
}

void Application::Parts::add_routes() {
  add_parameter_routes(router, {*loop, log, *service, *configuration,
                                command.options.config_readonly, command.options.require_if_match});
  keeper = std::make_unique<StateKeeper>(
      StateDeps{*loop, log, *service, *operations, *configuration, command.options.state_dir,
                service_name, [this] { return instance; },
                [this](const std::string& name) { instance = name; }, [this] { return facts(); }});
  must(keeper->prepare(), ExitCode::cannot_create);
  keeper->add_routes(router);
  add_meta_routes(router, *sections);
  add_lifecycle_routes(router, *sections);
  operations->add_routes(router);
}

void Application::Parts::open_listeners() {
  const auto admit = [](const Request&) { return HttpServer::Admission{}; };
  const auto handle = [this](const std::shared_ptr<Request>& request, const Responder& respond) {
    const auto found = router.find(*request);
    if (const Route* const* route = std::get_if<const Route*>(&found))
      return (*route)->handler(request, respond);
    respond(problem("not-found", "there is no " + request->path));
  };
  for (const std::string& listen : command.options.listen) {
    HttpServer::Options options;
    options.listen = listen;
    servers.push_back(
        must(HttpServer::open(*loop, log, options, admit, handle), ExitCode::unavailable));
    log.info("listening on " + servers.back()->address());
  }
}

Facts Application::Parts::facts() const {
  Facts out;
  out.service = service_name;
  out.instance = instance;
  out.version = INTELMQ_VERSION;
  out.now = unix_time();
  out.started = started;
  out.insecure = command.options.insecure_allow_remote;
  service->fill(out);
  return out;
}

void Application::Parts::state_changed() {
  if (ending) return;
  if (service->current() == State::failed && command.options.exit_on_failed)
    return end(static_cast<int>(ExitCode::internal));
  if (service->current() == State::stopped && service->completed() &&
      command.options.exit_when_completed)
    end(service->last_code());
}

void Application::Parts::take_signal(int number) {
  if (number == SIGHUP) {
    service->perform("reload", Json::object(), [this](const Answer<Json>& answer) {
      if (!answer) log.error("reload: " + answer.error().detail);
    });
    return;
  }
  if (ending) return service->finish(std::chrono::milliseconds(0), [this] { loop->stop(); });
  ending = true;
  log.info("ending");
  delay = loop->after(command.options.drain_delay.milliseconds(), [this] {
    service->finish(command.options.stop_timeout.milliseconds(), [this] { loop->stop(); });
  });
}

void Application::Parts::end(int code) {
  ending = true;
  exit_code = code;
  loop->stop();
}

}  // namespace intelmq::serve
