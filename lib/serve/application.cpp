// SPDX-License-Identifier: Apache-2.0
#include "serve/application.hpp"

#include <fmt/format.h>
#include <grp.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <future>
#include <random>
#include <utility>

#include "base/file.hpp"
#include "base/notify.hpp"
#include "base/text.hpp"
#include "bot/exit_code.hpp"
#include "pipeline/catalogue.hpp"
#include "pipeline/inspect_bot.hpp"
#include "render/bash.hpp"
#include "render/fish.hpp"
#include "render/help.hpp"
#include "render/man.hpp"
#include "render/markdown.hpp"
#include "render/schema.hpp"
#include "render/zsh.hpp"
#include "serve/access.hpp"
#include "serve/access_options.hpp"
#include "serve/api_security.hpp"
#include "serve/audit.hpp"
#include "serve/clock.hpp"
#include "serve/configuration.hpp"
#include "serve/data_keeper.hpp"
#include "serve/debug.hpp"
#include "serve/docs.hpp"
#include "serve/failed_messages.hpp"
#include "serve/front.hpp"
#include "serve/http_facts.hpp"
#include "serve/http_probe.hpp"
#include "serve/http_server.hpp"
#include "serve/log_hub.hpp"
#include "serve/log_levels.hpp"
#include "serve/logging_routes.hpp"
#include "serve/monitoring.hpp"
#include "serve/options.hpp"
#include "serve/parameters.hpp"
#include "serve/pipeline_api.hpp"
#include "serve/sections.hpp"
#include "serve/self_tests.hpp"
#include "serve/state_keeper.hpp"
#include "serve/syslog.hpp"
#include "serve/taps.hpp"

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

/// For a container that starts as root. Throws StartError.
void become(const std::string& user) {
  if (geteuid() != 0) return;
  const passwd* const known = getpwnam(user.c_str());
  if (!known)
    throw StartError("--run-as-user: there is no user " + quote_for_message(user),
                     ExitCode::configuration);
  const uid_t uid = known->pw_uid;
  const gid_t gid = known->pw_gid;
  if (initgroups(user.c_str(), gid) != 0 || setgid(gid) != 0 || setuid(uid) != 0)
    throw StartError("--run-as-user: cannot become " + quote_for_message(user),
                     ExitCode::permission);
}

/// A name without a folder is looked for beside serve itself, then in PATH.
std::string program_named(const std::string& name) {
  if (name.find('/') != name.npos) return name;
  for (const std::string& folder : CataloguePlaces::of_this_process().directories)
    if (const std::string path = folder + "/" + name; access(path.c_str(), X_OK) == 0) return path;
  return name;
}

/// Asks the programs what they are, all at once.
std::vector<BotSetup> describe_bots(std::vector<std::vector<std::string>> stages) {
  for (auto& stage : stages) stage.front() = program_named(stage.front());
  std::vector<std::future<Result<ConfiguredBot>>> asked;
  for (const auto& stage : stages)
    asked.push_back(std::async(std::launch::async, [&stage] {
      return inspect_bot(stage.front(), {stage.begin() + 1, stage.end()});
    }));
  std::vector<BotSetup> out;
  for (std::size_t i = 0; i < stages.size(); ++i) {
    auto got = asked[i].get();
    if (!got) throw StartError(got.error().text, ExitCode::configuration);
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

/// Those of the parts that keep their own.
std::vector<Parameter> part_parameters() {
  std::vector<Parameter> out = access_parameters();
  for (Parameter& parameter : monitoring_parameters()) out.push_back(std::move(parameter));
  return out;
}

std::string page_of(Surface surface, const Description& description) {
  switch (surface) {
    case Surface::man: return render::man(description, {});
    case Surface::bash: return render::bash(description, {});
    case Surface::zsh: return render::zsh(description, {});
    case Surface::fish: return render::fish(description, {});
    case Surface::markdown: return render::markdown(description, {});
    case Surface::schema: return render::schema(description, {}).dump_pretty();
  }
  return {};
}

/// `audit verify FILE`: whether nobody changed it; the exit code.
int verify(const std::string& path) {
  const auto chain = verify_audit(path);
  const std::string text = chain ? path + ": " + std::to_string(chain->lines) +
                                       " lines hang together, the last is " + chain->hash
                                 : chain.error().text;
  write_all(chain ? STDOUT_FILENO : STDERR_FILENO, text + '\n');
  return static_cast<int>(chain ? ExitCode::ok : ExitCode::bad_data);
}

}  // namespace

struct Application::Parts {
  Parts(std::vector<std::string> words, Log& own) : arguments{std::move(words)}, log{own} {}

  std::vector<std::string> arguments;
  Log& log;
  ServeCommand command;
  AccessOptions access_options;
  MonitoringOptions monitoring_options;
  std::string service_name, instance;
  double started = unix_time();
  FileDescriptor lock;

  std::unique_ptr<Loop> loop;
  std::unique_ptr<Configuration> configuration;
  std::unique_ptr<Service> service;
  std::unique_ptr<Operations> operations;
  std::unique_ptr<Sections> sections;
  std::unique_ptr<StateKeeper> keeper;
  std::unique_ptr<PipelineApi> pipeline;
  std::unique_ptr<SelfTests> tests;
  std::unique_ptr<FailedMessages> failed;
  std::unique_ptr<SyslogTargets> syslog;
  std::unique_ptr<LogHub> hub;
  std::unique_ptr<LogLevels> levels;
  std::unique_ptr<LoggingParts> logging;
  std::unique_ptr<Access> access;
  std::unique_ptr<Audit> audit;
  std::unique_ptr<Front> front, probe_front;
  HttpFacts http;
  std::unique_ptr<Monitoring> monitoring;
  std::unique_ptr<DataKeeper> data;
  Router router, probes;
  std::vector<std::unique_ptr<HttpServer>> servers;
  std::unique_ptr<Notify> notify;
  Watch signals, delay, first_test, beat;
  int exit_code = 0;
  bool ending = false, told_ready = false;

  void prepare_directories();
  void start_logging();
  void start_data();
  void take_event(const std::string& bot, const Json& event);
  void open_access();
  void add_routes();
  int print_routes() const;
  void listen(const std::string& where, bool control);
  void connect(ServiceCalls& calls);
  Json overrides(const std::string& bot) const;
  void open_listeners();
  Facts facts() const;
  void start_notifying();
  void tell_ready();
  void state_changed();
  void take_signal(int number);
  void end(int code);
};

Application::Application(std::vector<std::string> arguments, Log& log)
    : parts_{std::make_unique<Parts>(std::move(arguments), log)} {
  const auto& words = parts_->arguments;
  if (words.size() == 3 && words[0] == "audit" && words[1] == "verify") return;
  parts_->command =
      read_command(parts_->arguments, {{access_parameters(), &parts_->access_options},
                                       {monitoring_parameters(), &parts_->monitoring_options}});
  log.set_threshold(parts_->command.options.logging_level);
}

Application::~Application() = default;

std::optional<std::string> Application::inspect() {
  const ServeOptions& options = parts_->command.options;
  if (options.version) return std::string("intelmq-serve " INTELMQ_VERSION);
  const Description description = serve_description(part_parameters());
  if (options.help) return render::help(description, {}, 80);
  if (options.generate) return page_of(*options.generate, description);
  return std::nullopt;
}

int Application::run() {
  if (!parts_->arguments.empty() && parts_->arguments.front() == "audit")
    return verify(parts_->arguments.back());
  if (parts_->command.options.healthcheck) return healthcheck(*parts_->command.options.healthcheck);
  Parts& p = *parts_;
  const ServeOptions& options = p.command.options;
  if (p.command.stages.empty())
    throw StartError("a bot is missing; write -- PROGRAM [ARGUMENT]... (see --help)",
                     ExitCode::usage);
  if (options.run_as_user) become(*options.run_as_user);
  prctl(PR_SET_CHILD_SUBREAPER, 1);
  prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
  umask(077);
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
  service.silence = options.silence.milliseconds();
  service.restarts = static_cast<unsigned>(options.restart_budget);
  ServiceCalls calls;
  calls.changed = [&p] { p.loop->post([&p] { p.state_changed(); }); };
  p.start_logging();
  calls.line = [&p](const std::string& bot, std::string_view line) { p.hub->take_line(bot, line); };
  calls.event = [&p](const std::string& bot, const Json& event) { p.take_event(bot, event); };
  p.connect(calls);
  p.service = std::make_unique<Service>(*p.loop, p.log, service, std::move(bots), std::move(calls));
  p.sections = std::make_unique<Sections>(
      Sections{*p.loop, *p.service, *p.operations, options.state_dir, [&p] { return p.facts(); },
               [&p](const std::string& bot) { return p.overrides(bot); }, options.debug_api,
               std::max<std::int64_t>(1, options.max_instances)});
  p.open_access();
  p.start_data();
  p.add_routes();
  if (options.routes) return p.print_routes();
  p.open_listeners();
  p.signals =
      p.loop->signals({SIGTERM, SIGINT, SIGHUP}, [&p](int number) { p.take_signal(number); });
  p.start_notifying();
  p.service->begin();
  p.monitoring->begin();
  p.tell_ready();
  // So that there always is a report.
  p.first_test = p.loop->after(std::chrono::milliseconds(500), [&p] {
    p.tests->run("config-test", "", Json::object(), [](const Answer<Json>&) {});
  });
  p.loop->run();
  p.servers.clear();
  p.syslog->finish(std::chrono::seconds(2));
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
  calls.prepare = [this](std::function<void()> then) { data->prepare(std::move(then)); };
  calls.may_start = [this](bool force) { return keeper->may_start(force); };
}

/// What a bot was given last, secrets resolved.
Json Application::Parts::overrides(const std::string& bot) const {
  return Configuration::resolved(service->find(bot)->describe["parameters"],
                                 configuration->handed(bot), log);
}

void Application::Parts::start_logging() {
  const LogForm form = isatty(STDERR_FILENO) ? LogForm::text : LogForm::json;
  syslog = std::make_unique<SyslogTargets>(command.options.state_dir + "/syslog.json");
  hub = std::make_unique<LogHub>(*loop, *syslog, STDERR_FILENO, form);
  hub->take_over(log);
  if (auto done = syslog->load(); !done) log.error(done.error().text);
}

/// The files that the bots look things up in.
void Application::Parts::start_data() {
  DataOptions options;
  options.state_directory = command.options.state_dir;
  DataCalls calls;
  calls.overrides = [this](const std::string& bot) { return overrides(bot); };
  calls.reload_data = [this](const std::string& bot, const std::string& name,
                             const std::string& path) {
    service->ask(bot, Json::object().set("op", "reload-data").set("name", name).set("path", path),
                 std::chrono::minutes(1), [this, bot, name](const Answer<Json>& answer) {
                   if (!answer) log.warning(bot + ": " + name + ": " + answer.error().detail);
                 });
  };
  calls.alert = [this](const std::string& name, const std::string& text) {
    log.error(name + ": " + text);
  };
  data = std::make_unique<DataKeeper>(*loop, log, *service, options, calls);
}

void Application::Parts::take_event(const std::string& bot, const Json& event) {
  if (event["ev"].text() == "tap") take_tapped(bot, event);
  if (event["ev"].text() == "message" && failed) failed->take(bot, event);
}

/// Who may come in, and what is written down of it.
void Application::Parts::open_access() {
  const ServeOptions& options = command.options;
  for (const std::string& where : options.listen)
    must(check_listener(where, options.tls_certificate.has_value(),
                        options.tls_client_ca.has_value(), access_options,
                        options.insecure_allow_remote));
  access =
      must(Access::open(access_options, instance,
                        http_fetcher(access_options.oidc_ca_file.value_or(""), access_options.dev),
                        work_of(*loop), log));
  const std::string path = access_options.audit_file.value_or(options.state_dir + "/audit.log");
  if (!path.empty())
    audit = must(
        Audit::open(work_of(*loop), path, [this](std::string_view line) { syslog->audit(line); }),
        ExitCode::cannot_create);
}

void Application::Parts::add_routes() {
  const ServeOptions& options = command.options;
  const auto work = add_parameter_routes(
      router,
      {*loop, log, *service, *configuration, options.config_readonly, options.require_if_match});
  keeper = std::make_unique<StateKeeper>(
      StateDeps{*loop, log, *service, *operations, *configuration, options.state_dir, service_name,
                [this] { return instance; },
                [this](const std::string& name) { service->rename(instance = name); },
                [this] { return facts(); }, [this] { return source_of(*sections); },
                [this](const std::string& bot) { return failed ? failed->text(bot) : ""; },
                [this](std::string_view lines, const std::string& bot) {
                  if (failed) failed->take_in(lines, bot);
                }});
  must(keeper->prepare(), ExitCode::cannot_create);
  keeper->add_routes(router);
  pipeline = std::make_unique<PipelineApi>(*sections, work);
  pipeline->add_routes(router);
  tests = std::make_unique<SelfTests>(*sections);
  tests->add_routes(router);
  levels = std::make_unique<LogLevels>(*loop, *service, log, options.logging_level);
  logging = std::make_unique<LoggingParts>(
      LoggingParts{*loop, *service, *hub, *levels, *syslog, options.require_if_match});
  add_logging_routes(router, *logging);
  monitoring = std::make_unique<Monitoring>(
      MonitoringParts{*loop, log, [this] { return facts(); }, http, options.state_dir,
                      monitoring_options, options.paused_is_ready});
  if (auto done = monitoring->load(); !done) log.error(done.error().text);
  add_monitoring_routes(router, *monitoring);
  add_probe_routes(router, *monitoring);
  add_probe_routes(probes, *monitoring);
  data->add_routes(router, *operations, options.config_readonly, options.require_if_match);
  add_security_routes(router, *access, audit.get());
  add_meta_routes(router, *sections);
  add_lifecycle_routes(router, *sections);
  add_scale_routes(router, *sections);
  add_debug_routes(router, *sections);
  if (options.debug_api) {
    failed = std::make_unique<FailedMessages>(*sections);
    failed->add_routes(router);
  }
  add_docs_routes(router, *loop);
  operations->add_routes(router);
}

int Application::Parts::print_routes() const {
  std::string text;
  for (const Router* each : {&router, &probes})
    for (const Route& route : each->routes())
      text += Json::object()
                  .set("method", route.method)
                  .set("path", route.pattern)
                  .set("scope", name_of(route.scope))
                  .dump() +
              '\n';
  return write_all(STDOUT_FILENO, text) ? 0 : static_cast<int>(ExitCode::io_error);
}

void Application::Parts::open_listeners() {
  const auto count = [this](std::string_view method, std::string_view route, int code) {
    http.count(method, route, code);
  };
  Front::Options rules;
  rules.answered = count;
  rules.login_failed = [this](std::string_view reason) { http.count_auth_failure(reason); };
  rules.hosts = must(allowed_hosts(access_options, command.options.listen));
  rules.requests_per_second = static_cast<double>(access_options.request_rate);
  rules.failed_logins_per_minute = static_cast<double>(access_options.failed_login_rate);
  rules.audit_optional = access_options.audit_optional;
  front = std::make_unique<Front>(router, access.get(), audit.get(), log, rules);
  Front::Options open;
  open.any_host = true;
  open.answered = count;
  open.requests_per_second = 0;
  probe_front = std::make_unique<Front>(probes, nullptr, nullptr, log, open);
  for (const std::string& where : command.options.listen) listen(where, true);
  if (command.options.health_listen) listen(*command.options.health_listen, false);
}

void Application::Parts::listen(const std::string& where, bool control) {
  HttpServer::Options options;
  options.listen = where;
  options.get_only = !control;
  const ServeOptions& given = command.options;
  if (control && where.starts_with("tcp:") && given.tls_certificate)
    options.tls = TlsFiles{*given.tls_certificate, given.tls_key.value_or(*given.tls_certificate),
                           given.tls_client_ca.value_or(""), false};
  if (control) options.upload_directory = given.state_dir + "/run";
  Front* const rules = control ? front.get() : probe_front.get();
  servers.push_back(
      must(HttpServer::open(
               *loop, log, options, [rules](const Request& head) { return rules->admit(head); },
               [rules](const std::shared_ptr<Request>& request, const Responder& respond) {
                 rules->handle(request, respond);
               }),
           ExitCode::unavailable));
  log.info((control ? "listening on " : "probes on ") + servers.back()->address());
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
  if (data) data->fill(out);
  for (const std::string& warning :
       {access ? access->warning() : "", front ? front->audit_trouble() : ""})
    if (!warning.empty()) out.warnings.push_back(warning);
  if (pipeline) out.queues = pipeline->queues();
  if (tests) out.tests = tests->facts();
  return out;
}

/// A service manager waits for READY until the bots are where they should be, or cannot get there.
void Application::Parts::start_notifying() {
  notify = Notify::inherited();
  if (!notify) return;
  notify->set_status([this] {
    const Facts now = facts();
    const std::uint64_t received = now.bots.empty() ? 0 : now.bots.front().received;
    return fmt::format("{}, {} received", name_of(service->current()), received);
  });
  beat = loop->every(notify->period(), [this] { notify->attend(); });
}

void Application::Parts::tell_ready() {
  const State now = service->current();
  const bool rests = now == State::running || now == State::paused || now == State::stopped ||
                     now == State::failed;
  if (!notify || !rests || std::exchange(told_ready, true)) return;
  notify->ready();
}

void Application::Parts::state_changed() {
  if (ending) return;
  tell_ready();
  if (service->current() == State::running)
    for (const BotSetup& bot : service->all()) levels->started(bot.id);
  if (service->current() == State::failed && command.options.exit_on_failed)
    return end(static_cast<int>(ExitCode::internal));
  if (service->current() == State::stopped && service->completed() &&
      command.options.exit_when_completed)
    end(service->last_code());
}

void Application::Parts::take_signal(int number) {
  if (number == SIGHUP) {
    if (notify) notify->reloading();
    if (auto done = access->reload(); !done) log.error(done.error().text);
    if (audit) audit->reopen();
    for (const auto& server : servers)
      if (auto done = server->reload(); !done) log.error(done.error().text);
    service->perform("reload", Json::object(), [this](const Answer<Json>& answer) {
      if (!answer) log.error("reload: " + answer.error().detail);
      if (notify) notify->ready();
    });
    return;
  }
  if (ending) return service->finish(std::chrono::milliseconds(0), [this] { loop->stop(); });
  ending = true;
  if (notify) notify->stopping();
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
