// SPDX-License-Identifier: Apache-2.0
#include "bot/checks.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <time.h>

#include <algorithm>
#include <array>

#include "base/file.hpp"
#include "base/text.hpp"
#include "bot/paths.hpp"
#include "bot/program.hpp"
#include "queue/source.hpp"
#include "queue/url_options.hpp"

namespace intelmq {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Status = Check::Status;

double since(SteadyClock::time_point start) {
  return std::chrono::duration<double, std::milli>(SteadyClock::now() - start).count();
}

std::string utc_now() {
  timespec now{};
  clock_gettime(CLOCK_REALTIME, &now);
  tm parts{};
  gmtime_r(&now.tv_sec, &parts);
  return fmt::format("{:04}-{:02}-{:02}T{:02}:{:02}:{:02}.{:03}Z", parts.tm_year + 1900,
                     parts.tm_mon + 1, parts.tm_mday, parts.tm_hour, parts.tm_min, parts.tm_sec,
                     now.tv_nsec / 1'000'000);
}

std::string without_password(std::string url) {
  hide_passwords(url.data(), url.size());
  return url;
}

void fail_with(Check& check, std::string text, std::string code = "invalid") {
  check.status = Status::fail;
  check.problem = {"", std::move(code), text, ExitCode::configuration};
  check.message = std::move(text);
}

bool is_readable(const std::string& path, std::string& why) {
  const auto opened = open_file(path, O_RDONLY | O_NONBLOCK);
  if (!opened) why = opened.error().text;
  return opened.has_value();
}

void check_parameters(TestReport& report, const Bot& bot, const Settings& settings,
                      std::vector<ParameterProblem> problems) {
  for (ParameterProblem& problem : settings.missing(bot)) problems.push_back(std::move(problem));
  for (const Parameter* const parameter : settings.parameters(bot)) {
    const bool wrong = std::any_of(problems.begin(), problems.end(), [&](const auto& problem) {
      return problem.parameter == parameter->name;
    });
    const std::string from = settings.origin(*parameter);
    if (!wrong && from != "default")
      report.add({"parameter." + parameter->name, Status::pass, from, "", "", {}, 0});
  }
  for (const ParameterProblem& problem : problems)
    report.add({"parameter." + problem.parameter, Status::fail, problem.parameter, problem.text,
                problem.code == "required" ? "give it a value" : "", problem, 0});
}

void check_files(TestReport& report, const Bot& bot, const Settings& settings) {
  for (const Parameter* const parameter : settings.parameters(bot)) {
    const std::string path = parameter->is_file() || parameter->name == "harmonization"
                                 ? settings.value(*parameter).text()
                                 : "";
    if (path.empty()) continue;
    report.run("file." + parameter->name, path, [&](Check& check) {
      std::string why;
      if (is_readable(path, why)) return;
      fail_with(check, why, "file-missing");
      check.problem.parameter = parameter->name;
      check.hint = "put the file there, or name another one";
    });
  }
}

void check_urls(TestReport& report, const Bot& bot, const Options& options) {
  const auto check_url = [&](std::string id, const std::string& url, bool reads,
                             const char* parameter) {
    report.run(std::move(id), without_password(url), [&](Check& check) {
      const auto known = check_queue_url(url, reads);
      if (known) return;
      fail_with(check, known.error().text);
      check.problem.parameter = parameter;
    });
  };
  if (bot.shape != Shape::collector) check_url("url.source", options.source, true, "source");
  if (bot.shape == Shape::output) return;
  for (const std::string& text : options.destination) {
    const auto [path, url] = split_path(text);
    check_url("url.destination." + path, url, false, "destination");
  }
}

}  // namespace

TestReport::TestReport(std::string test)
    : test_{std::move(test)}, started_{utc_now()}, start_{SteadyClock::now()} {}

void TestReport::run(std::string id, std::string target, const std::function<void(Check&)>& check) {
  Check out;
  out.id = std::move(id);
  out.target = std::move(target);
  const auto start = SteadyClock::now();
  try {
    check(out);
  } catch (const StartError& error) {
    fail_with(out, error.what());
    out.problem.exit = error.code();
  } catch (const std::exception& error) {
    fail_with(out, error.what(), "internal");
  }
  out.milliseconds = since(start);
  checks_.push_back(std::move(out));
}

bool TestReport::failed() const {
  return std::any_of(checks_.begin(), checks_.end(),
                     [](const Check& check) { return check.status == Status::fail; });
}

Json TestReport::json() const {
  constexpr std::array<std::string_view, 4> names = {"pass", "warn", "skip", "fail"};
  const auto name = [&](Status status) { return names[static_cast<std::size_t>(status)]; };
  Json list = Json::array();
  bool all_skipped = !checks_.empty(), warned = false;
  for (const Check& check : checks_) {
    all_skipped = all_skipped && check.status == Status::skip;
    warned = warned || check.status == Status::warn;
    list.push(Json::object()
                  .set("id", check.id)
                  .set("status", name(check.status))
                  .set("target", check.target)
                  .set("message", check.message)
                  .set("hint", check.hint)
                  .set("duration_ms", check.milliseconds));
  }
  const Status status = failed()      ? Status::fail
                        : all_skipped ? Status::skip
                        : warned      ? Status::warn
                                      : Status::pass;
  return Json::object()
      .set("test", test_)
      .set("status", name(status))
      .set("started", started_)
      .set("duration_ms", since(start_))
      .set("checks", std::move(list));
}

std::unique_ptr<Trial> try_instance(const Bot& bot, const Settings& settings, Log& log,
                                    bool checking) {
  settings.require(bot);
  auto out = std::make_unique<Trial>();
  if (settings.options().harmonization)
    out->rules.harmonization = must(Harmonization::load(*settings.options().harmonization));
  const bool in_botnet = settings.options().runtime.has_value();
  out->instance = bot.make(settings.params(), Context{out->rules, log, {"*"}, checking, in_botnet});
  return out;
}

std::string blamed(const Bot& bot, const Settings& settings, std::string_view sentence) {
  const std::string first(sentence.substr(0, sentence.find_first_of(": ")));
  for (const Parameter* const parameter : settings.parameters(bot))
    if (parameter->option() == first || parameter->name == first) return parameter->name;
  return {};
}

TestReport config_report(const Bot& bot, const Settings& settings, Log& log,
                         const std::vector<ParameterProblem>& problems) {
  TestReport report("config-test");
  check_parameters(report, bot, settings, problems);
  check_files(report, bot, settings);
  check_urls(report, bot, settings.options());
  // What is wrong already would be told a second time.
  if (report.failed()) return report;
  report.run("bot", bot.description.program(), [&](Check& check) {
    try {
      try_instance(bot, settings, log, true);
    } catch (const StartError& error) {
      fail_with(check, error.what());
      check.problem.parameter = blamed(bot, settings, error.what());
      check.problem.exit = error.code();
    }
  });
  return report;
}

TestReport connection_report(const Bot& bot, const Settings& settings, Log& log,
                             Instance* instance) {
  TestReport report("connection-test");
  const Options& options = settings.options();
  std::unique_ptr<Trial> fresh;
  if (!instance)
    report.run("bot", bot.description.program(), [&](Check&) {
      fresh = try_instance(bot, settings, log, false);
      instance = fresh->instance.get();
    });
  const auto probe = [&](const std::string& id, const std::string& url, auto open) {
    report.run(id, without_password(url), [&](Check& check) {
      if (const auto opened = open(url); !opened) fail_with(check, opened.error().text);
    });
  };
  if (bot.shape != Shape::collector)
    probe("source", options.source, [](const std::string& url) {
      SourceOptions how;
      how.probe = true;
      return open_source(url, how);
    });
  if (bot.shape != Shape::output)
    for (const std::string& text : options.destination) {
      const auto [path, url] = split_path(text);
      probe("destination." + path, url,
            [](const std::string& where) { return open_destination(where); });
    }
  if (instance)
    report.run("servers", bot.description.program(), [&](Check& check) {
      if (const auto done = instance->test_connection(); !done) fail_with(check, done.error().text);
    });
  return report;
}

}  // namespace intelmq
