// SPDX-License-Identifier: Apache-2.0
#include "serve/self_tests.hpp"

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "pipeline/report.hpp"
#include "serve/clock.hpp"
#include "serve/debug.hpp"
#include "serve/view.hpp"

namespace intelmq::serve {
namespace {

constexpr std::string_view tests[] = {"config-test", "connection-test", "unit-test", "system-test"};

Json check(std::string id, std::string_view status, std::string target, std::string message,
           std::string hint = {}) {
  Json out = Json::object();
  out.set("id", std::move(id))
      .set("status", status)
      .set("target", std::move(target))
      .set("message", std::move(message))
      .set("duration_ms", 0);
  if (!hint.empty()) out.set("hint", std::move(hint));
  return out;
}

std::string option_of(const std::string& test) {
  return test == "unit-test" ? "--self-test" : "--" + test;
}

/// What a bot printed, or one check that says why it printed no report.
Json checks_of(const Result<intelmq::Outcome>& outcome, const std::string& program) {
  if (!outcome) return Json::array().push(check("start", "error", program, outcome.error().text));
  const auto read = Json::parse(outcome->output);
  if (read && (*read)["checks"].is_array()) return (*read)["checks"];
  std::string text = without_prefix(outcome->errors, program);
  if (outcome->timed_out) text = "it was ended after its time was over; " + text;
  const bool configuration = outcome->code == 78 || outcome->code == 64;
  return Json::array().push(
      check("start", configuration ? "fail" : "error", program,
            text.empty() ? "it ended with " + std::to_string(outcome->code) : text));
}

Json prefixed(const Json& checks, const std::string& bot) {
  Json out = Json::array();
  for (Json each : checks.items()) {
    const std::string id = bot + "." + each["id"].text();
    out.push(each.set("id", id));
  }
  return out;
}

void append(Json& to, const Json& from) {
  for (const Json& each : from.items()) to.push(each);
}

}  // namespace

std::string_view verdict_of(const Json& checks) {
  constexpr std::string_view order[] = {"skip", "pass", "warn", "fail", "error"};
  std::size_t worst = 0;
  for (const Json& each : checks.items())
    for (std::size_t i = 0; i < std::size(order); ++i)
      if (each["status"].text() == order[i]) worst = std::max(worst, i);
  return order[worst];
}

Json SelfTests::report(const std::string& test, double started, Json checks) const {
  const std::string_view verdict = verdict_of(checks);
  return Json::object()
      .set("test", test)
      .set("status", verdict)
      .set("config_revision", s_.service.status()["config_revision"])
      .set("started", time_text(started))
      .set("duration_ms", std::floor((unix_time() - started) * 1000))
      .set("checks", std::move(checks));
}

void SelfTests::keep(const std::string& test, const std::string& bot, const Json& report) {
  last_[{test, bot}] = report;
}

std::vector<TestFacts> SelfTests::facts() const {
  std::vector<TestFacts> out;
  for (const auto& [key, report] : last_) {
    const bool whole = key.second.empty();
    if (!whole && (s_.service.all().size() > 1 || last_.contains({key.first, ""}))) continue;
    out.push_back({key.first, report["status"].text(), unix_time()});
  }
  return out;
}

void SelfTests::run(const std::string& test, const std::string& bot, const Json& options,
                    Then<Json> then) {
  const auto kept = [this, test, bot, then](Answer<Json> answer) {
    if (answer) keep(test, bot, *answer);
    then(std::move(answer));
  };
  if (test == "system-test") return run_system(bot, options, kept);
  const double started = unix_time();
  std::vector<const BotSetup*> bots;
  for (const BotSetup& each : s_.service.all())
    if (bot.empty() || each.id == bot) bots.push_back(&each);
  auto left = std::make_shared<std::size_t>(bots.size());
  auto found = std::make_shared<std::map<std::string, Json>>();
  const bool several = bots.size() > 1;
  for (const BotSetup* each : bots)
    run_program(
        test, *each, options,
        [this, test, started, left, found, several, kept, id = each->id](Answer<Json> checks) {
          (*found)[id] = checks ? *checks : Json::array();
          if (--*left > 0) return;
          Json all = Json::array();
          for (const BotSetup& known : s_.service.all())
            if (const auto own = found->find(known.id); own != found->end())
              append(all, several ? prefixed(own->second, known.id) : own->second);
          kept(report(test, started, std::move(all)));
        });
}

void SelfTests::run_program(const std::string& test, const BotSetup& bot, const Json& options,
                            Then<Json> then) {
  const Json overrides = s_.overrides ? s_.overrides(bot.id) : Json::object();
  Command command = s_.service.scratch(bot.id, overrides, {option_of(test), "--json"});
  command.limit = std::chrono::seconds(60);
  auto outcome = std::make_shared<Result<intelmq::Outcome>>(intelmq::Outcome{});
  const bool probe = options["write_probe"].boolean();
  s_.loop.work([command, outcome] { *outcome = run_process(command); },
               [outcome, then, probe, program = bot.describe["name"].text()] {
                 Json checks = checks_of(*outcome, program);
                 if (probe)
                   checks.push(check("write-probe", "skip", program,
                                     "a bot's connections are tested without writing",
                                     "use /api/v1/debug/inject to send an event through"));
                 then(std::move(checks));
               });
}

// --- the system test
// ------------------------------------------------------------------------------------------

Json SelfTests::static_checks(const Json& options) const {
  Plan plan;
  if (options["graph"].is_object()) {
    auto graph = graph_in(options["graph"]);
    if (!graph) return Json::array().push(check("graph", "error", "graph", graph.error().detail));
    plan.graph = std::move(*graph);
  } else {
    plan.graph = graph_of(s_.service.all());
  }
  const Catalogue catalogue = Catalogue::read(CataloguePlaces::of_this_process(), describe_program);
  Json out = Json::array();
  for (const Finding& finding : check_plan(plan, catalogue))
    out.push(
        check("graph." + std::string(finding.code),
              finding.severity == Severity::fail   ? "fail"
              : finding.severity == Severity::warn ? "warn"
                                                   : "pass",
              finding.bot, finding.message,
              finding.suggest.empty() ? "" : "it may be helped by " + join(finding.suggest, ", ")));
  if (out.items().empty()) out.push(check("graph", "pass", "pipeline", "the bots fit together"));
  return out;
}

Json SelfTests::observed_checks(const std::string& bot) const {
  Json out = Json::array();
  for (const BotFacts& facts : s_.facts().bots) {
    if (!bot.empty() && facts.id != bot) continue;
    for (const auto& [field, share] : facts.required_field_present) {
      const int percent = static_cast<int>(std::lround(share * 100));
      out.push(
          check("observed." + facts.id + "." + field,
                share == 0  ? "fail"
                : share < 1 ? "warn"
                            : "pass",
                facts.id,
                field + " was there in " + std::to_string(percent) + " % of the events looked at"));
    }
  }
  if (out.items().empty())
    out.push(check("observed", "skip", "fields",
                   "no events came yet, or the bots need no particular field"));
  return out;
}

void SelfTests::run_system(const std::string& bot, const Json& options, Then<Json> then) {
  const std::string level = options["level"].is_string() ? options["level"].text() : "full";
  const double started = unix_time();
  auto checks = std::make_shared<Json>(Json::array());
  const bool dry = level == "dry-run" || level == "full", full = level == "full";
  const bool observed = level == "observed" || full, fixed = level == "static" || full;
  const auto finish = [this, checks, started, then] {
    then(report("system-test", started, *checks));
  };
  const auto connections = [this, full, bot, checks, finish] {
    if (!full) return finish();
    run("connection-test", bot, Json::object(), [checks, finish](const Answer<Json>& answer) {
      if (answer) append(*checks, prefixed((*answer)["checks"], "connection"));
      finish();
    });
  };
  const auto rehearse = [this, dry, checks, connections] {
    if (!dry) return connections();
    process_example(s_, [checks, connections](const Answer<Json>& answer) {
      checks->push(answer ? check("dry-run", (*answer)["status"].text(), "pipeline",
                                  (*answer)["message"].text())
                          : check("dry-run", "fail", "pipeline", answer.error().detail));
      connections();
    });
  };
  if (observed) append(*checks, observed_checks(bot));
  if (!fixed) return rehearse();
  auto found = std::make_shared<Json>();
  // The catalogue asks programs: not on the loop. What it looks at does not change.
  s_.loop.work([this, found, options] { *found = static_checks(options); },
               [found, checks, rehearse] {
                 append(*checks, *found);
                 rehearse();
               });
}

// --- routes
// ------------------------------------------------------------------------------------------

void SelfTests::add_test(Router& router, const std::string& test) {
  const std::string path = "/api/v1/self-test/" + test;
  router.add(
      "GET", path, Scope::read,
      [this, test](const Request& request) {
        std::optional<Response> missing;
        chosen_bots(s_, request, missing);
        if (missing) return std::move(*missing);
        const auto found = last_.find({test, request.value("bot")});
        if (found == last_.end())
          return problem("not-found", test + " has not been run yet; POST to this path to run it");
        return Response::json(found->second);
      },
      Body::none, true);
  const auto start = [this, test](const std::shared_ptr<Request>& request, Responder respond) {
    std::optional<Response> missing;
    chosen_bots(s_, *request, missing);
    if (missing) return respond(std::move(*missing));
    std::vector<std::string_view> members;
    if (test == "connection-test") members = {"write_probe"};
    if (test == "system-test") members = {"level", "graph"};
    auto body = object_in(*request, members);
    if (!body) return respond(body.error().response());
    const auto wrong = [&](std::string pointer, std::string detail) {
      respond(Problem{
          "validation",
          "the body does not fit",
          {{std::move(pointer), "value", std::move(detail)}},
          Json::object(),
          {}}.response());
    };
    const Json& level = (*body)["level"];
    if (body->has("level") && level.text() != "static" && level.text() != "observed" &&
        level.text() != "dry-run" && level.text() != "full")
      return wrong("#/level", "expected static, observed, dry-run or full");
    if (body->has("write_probe") && !(*body)["write_probe"].is_boolean())
      return wrong("#/write_probe", "expected true or false");
    if (body->has("graph")) {
      if (auto graph = graph_in((*body)["graph"]); !graph) return respond(graph.error().response());
    }
    const std::string wanted = request->parameter("strict").value_or("false");
    if (wanted != "true" && wanted != "false")
      return respond(problem("malformed-request", "strict is true or false"));
    const bool strict = wanted == "true";
    const auto judged = [respond, strict](Response response) {
      // So that `curl -f` in a script sees it.
      if (strict && response.status == 200) {
        const auto read = Json::parse(response.body);
        const std::string& status = (*read)["status"].text();
        if (status == "fail" || status == "error") response.status = 503;
      }
      respond(std::move(response));
    };
    s_.operations.run(*request, judged, test,
                      [this, test, bot = request->value("bot"), body = *body](Then<Json> then) {
                        run(test, bot, body, std::move(then));
                      });
  };
  router.add(Route{"POST", path, Scope::test, Body::json, start, true, true});
}

void SelfTests::add_routes(Router& router) {
  router.add(
      "GET", "/api/v1/self-test", Scope::read,
      [this](const Request& request) {
        std::optional<Response> missing;
        chosen_bots(s_, request, missing);
        if (missing) return std::move(*missing);
        Json items = Json::array();
        for (const std::string_view test : tests)
          if (const auto found = last_.find({std::string(test), request.value("bot")});
              found != last_.end())
            items.push(found->second);
        return Response::json(Json::object().set("items", std::move(items)).set("next", Json()));
      },
      Body::none, true);
  for (const std::string_view test : tests) add_test(router, std::string(test));
}

}  // namespace intelmq::serve
