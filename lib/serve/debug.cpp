// SPDX-License-Identifier: Apache-2.0
// Looking at events: only with --debug-api, for events hold personal data.
#include "serve/debug.hpp"

#include <stdlib.h>
#include <unistd.h>

#include <cmath>
#include <filesystem>

#include "base/file.hpp"
#include "base/text.hpp"
#include "pipeline/catalogue.hpp"
#include "pipeline/report.hpp"
#include "serve/clock.hpp"
#include "serve/taps.hpp"

namespace intelmq::serve {
namespace {

constexpr std::chrono::seconds longest_rehearsal{20};
constexpr std::size_t most_messages = 100;

/// One bot of a rehearsal, with all that it needs away from the loop.
struct Rehearsed {
  std::string id;
  Command command;
  std::string place;  ///< A directory for what it writes.
  std::vector<std::string> paths;
};

Json::Array events_in(std::string_view lines) {
  Json::Array out;
  for (const std::string_view line : split(lines, '\n'))
    if (auto event = Json::parse(line)) out.push_back(std::move(*event));
  return out;
}

/// A bot that keeps something on disk must not touch it: it gets a file of its own.
void keep_state_apart(const BotSetup& bot, const std::string& place, Json& overrides) {
  const std::string& where = bot.describe["state"]["path"].text();
  constexpr std::string_view prefix = "parameter:";
  if (where.starts_with(prefix))
    overrides.set(where.substr(prefix.size()), "file:" + place + "/state");
}

Rehearsed rehearsal_of(const Sections& s, const BotSetup& bot, const std::string& place) {
  Rehearsed out;
  out.id = bot.id;
  out.place = place + "/" + bot.id;
  Json overrides = s.overrides ? s.overrides(bot.id) : Json::object();
  Json destinations = Json::array();
  destinations.push("-");
  for (const Json& path : bot.describe["paths"].items()) {
    if (path.text() == "_default" || path.text() == "*") continue;
    out.paths.push_back(path.text());
    destinations.push(path.text() + "=file:" + out.place + "/" + path.text());
  }
  overrides.set("source", "-");
  if (bot.describe["kind"].text() != "output")
    overrides.set("destination", std::move(destinations));
  keep_state_apart(bot, out.place, overrides);
  out.command = s.service.scratch(bot.id, overrides, {});
  out.command.limit = longest_rehearsal;
  out.command.most_output = 16u << 20;
  return out;
}

/// Which members an event gained, changed and lost.
Json difference(const Json& before, const Json& after) {
  Json added = Json::object(), changed = Json::object(), removed = Json::array();
  for (const auto& [name, value] : after.members()) {
    if (!before.has(name))
      added.set(name, value);
    else if (!(before[name] == value))
      changed.set(name, value);
  }
  for (const auto& [name, value] : before.members())
    if (!after.has(name)) removed.push(name);
  return Json::object()
      .set("added", std::move(added))
      .set("changed", std::move(changed))
      .set("removed", std::move(removed));
}

Json log_lines(const std::string& errors, const std::string& bot) {
  Json out = Json::array();
  for (const std::string_view line : split(errors, '\n'))
    if (!trim(line).empty())
      out.push(Json::object().set("bot", bot).set("text", std::string(line.substr(0, 1000))));
  return out;
}

/// On a worker: one bot after the other.
Answer<Json> run_all(const std::vector<Rehearsed>& bots, const Json::Array& events) {
  std::string lines;
  for (const Json& event : events) lines += event.dump() + '\n';
  Json outputs = Json::object(), log = Json::array(), each = Json::array();
  const double started = unix_time();
  for (const Rehearsed& bot : bots) {
    std::error_code ignored;
    std::filesystem::create_directories(bot.place, ignored);
    Command command = bot.command;
    command.input = lines;
    const double begun = unix_time();
    const auto outcome = run_process(command);
    if (!outcome) return refuse("upstream-failed", outcome.error().text);
    if (outcome->timed_out)
      return refuse("bot-timeout", bot.id + " did not end within " +
                                       std::to_string(longest_rehearsal.count()) + " seconds");
    const Json own = log_lines(outcome->errors, bot.id);
    for (const Json& line : own.items()) log.push(line);
    each.push(Json::object()
                  .set("id", bot.id)
                  .set("exit_code", outcome->code)
                  .set("duration_ms", std::floor((unix_time() - begun) * 1000)));
    if (outcome->code != 0 && outcome->code != 65)
      return refuse("upstream-failed", bot.id + " ended with exit code " +
                                           std::to_string(outcome->code) + ": " +
                                           outcome->errors.substr(0, 500));
    for (const std::string& path : bot.paths)
      if (const auto text = read_file(bot.place + "/" + path)) outputs.set(path, events_in(*text));
    lines = outcome->output;
  }
  Json::Array left = events_in(lines);
  Json differences = Json::array();
  if (left.size() == events.size())
    for (std::size_t i = 0; i < left.size(); ++i) differences.push(difference(events[i], left[i]));
  outputs.set("_default", std::move(left));
  return Json::object()
      .set("outputs", std::move(outputs))
      .set("diff", std::move(differences))
      .set("logs", std::move(log))
      .set("bots", std::move(each))
      .set("duration_ms", std::floor((unix_time() - started) * 1000));
}

Answer<Json::Array> messages_in(const Json& body) {
  const Json& messages = body["messages"];
  Problem wrong{"validation", "the body does not fit", {}, Json::object(), {}};
  if (!messages.is_array() || messages.items().empty() || messages.items().size() > most_messages)
    wrong.errors.push_back({"#/messages", "value", "expected a list of 1 to 100 events"});
  for (std::size_t i = 0; i < messages.items().size(); ++i)
    if (!messages.items()[i].is_object())
      wrong.errors.push_back({"#/messages/" + std::to_string(i), "type", "expected an event"});
  if (body.has("dry") && !(body["dry"].is_boolean() && body["dry"].boolean()))
    wrong.errors.push_back(
        {"#/dry", "value", "expected true: events for the queue go to /api/v1/debug/inject"});
  if (!wrong.errors.empty()) return tl::unexpected(std::move(wrong));
  return messages.items();
}

void process(const Sections& s, const std::shared_ptr<Request>& request, Responder respond) {
  std::optional<Response> missing;
  chosen_bots(s, *request, missing);
  if (missing) return respond(std::move(*missing));
  auto body = object_in(*request, {"messages", "dry"});
  if (!body) return respond(body.error().response());
  auto messages = messages_in(*body);
  if (!messages) return respond(messages.error().response());
  process_events(s, request->value("bot"), *messages, [respond](Answer<Json> answer) {
    respond(answer ? Response::json(*answer) : answer.error().response());
  });
}

/// One event into the source, as if it had been collected.
void inject(const Sections& s, const std::shared_ptr<Request>& request, Responder respond) {
  if (!request->actor.scopes.has(Scope::admin))
    return respond(problem("insufficient-scope", "this needs intelmq.admin as well"));
  auto body = object_in(*request, {"message"});
  if (!body) return respond(body.error().response());
  if (!(*body)["message"].is_object())
    return respond(Problem{
        "validation",
        "the body does not fit",
        {{"#/message", "type", "expected an event"}},
        Json::object(),
        {}}.response());
  const std::string source = source_of(s);
  if (source.empty() || source == "-")
    return respond(problem("state-conflict",
                           "the first bot reads standard input; an event can only "
                           "be put into a queue"));
  write_to_queue(s, source, (*body)["message"].dump() + '\n', std::move(respond));
}

void message_in_hand(const Sections& s, const std::shared_ptr<Request>& request,
                     Responder respond) {
  std::optional<Response> missing;
  const auto bots = chosen_bots(s, *request, missing);
  if (missing) return respond(std::move(*missing));
  s.service.ask(bots.front()->id, Json::object().set("op", "message"), std::chrono::seconds(5),
                [respond](Answer<Json> answer) {
                  if (!answer) return respond(answer.error().response());
                  const Json& message = answer->has("message") ? (*answer)["message"] : *answer;
                  if (message.is_null())
                    return respond(problem("not-found", "the bot has no message in hand"));
                  respond(Response::json(message));
                });
}

void check_pipeline(const Sections& s, const std::shared_ptr<Request>& request, Responder respond) {
  auto body = object_in(*request, {"bots", "edges"});
  if (!body) return respond(body.error().response());
  auto graph = graph_in(*body);
  if (!graph) return respond(graph.error().response());
  auto plan = std::make_shared<Plan>();
  plan->graph = std::move(*graph);
  auto report = std::make_shared<Json>();
  s.loop.work(
      [plan, report] {
        const Catalogue catalogue =
            Catalogue::read(CataloguePlaces::of_this_process(), describe_program);
        *report = report_json(*plan, check_plan(*plan, catalogue));
      },
      [report, respond] { respond(Response::json(*report)); });
}

}  // namespace

void process_events(const Sections& s, const std::string& bot, const Json::Array& events,
                    Then<Json> then) {
  std::string place = s.state_directory + "/run/rehearsal-XXXXXX";
  if (!mkdtemp(place.data()))
    return then(
        refuse("insufficient-storage", s.state_directory + "/run: no directory can be made"));
  std::vector<Rehearsed> bots;
  for (const BotSetup& each : s.service.all())
    if (bot.empty() || each.id == bot) bots.push_back(rehearsal_of(s, each, place));
  auto answer = std::make_shared<Answer<Json>>(Json());
  s.loop.work(
      [bots = std::move(bots), events, answer, place] {
        *answer = run_all(bots, events);
        std::error_code ignored;
        std::filesystem::remove_all(place, ignored);
      },
      [answer, then] { then(std::move(*answer)); });
}

void process_example(const Sections& s, Then<Json> then) {
  const BotSetup& first = s.service.all().front();
  if (first.describe["kind"].text() == "collector")
    return then(Json::object()
                    .set("status", "skip")
                    .set("message", "a collector takes no events, it would fetch its feed"));
  Json event = Json::object();
  event.set("feed.name", "system-test")
      .set("time.source", "2020-01-01T00:00:00+00:00")
      .set("source.ip", "192.0.2.1")
      .set("source.fqdn", "example.com")
      .set("source.url", "http://example.com/")
      .set("classification.type", "test");
  if (first.describe["kind"].text() == "parser")
    event = Json::object().set("__type", "Report").set("raw", "").set("feed.name", "system-test");
  process_events(s, "", {event}, [then](Answer<Json> answer) {
    if (!answer) return then(std::move(answer));
    std::size_t left = 0;
    for (const auto& [path, events] : (*answer)["outputs"].members()) left += events.items().size();
    then(Json::object()
             .set("status", "pass")
             .set("message", "a made-up event went through; " + std::to_string(left) + " left"));
  });
}

Answer<Graph> graph_in(const Json& body) {
  Graph out;
  Problem wrong{"validation", "the graph does not fit", {}, Json::object(), {}};
  const auto error = [&](std::string pointer, std::string detail) {
    wrong.errors.push_back({std::move(pointer), "value", std::move(detail)});
  };
  const Json& bots = body["bots"];
  if (!bots.is_array() || bots.items().empty() || bots.items().size() > 500)
    error("#/bots", "expected a list of 1 to 500 bots");
  const auto place_of = [&](const Json& id) -> std::optional<std::size_t> {
    for (std::size_t i = 0; i < out.nodes.size(); ++i)
      if (id.is_string() && out.nodes[i].id == id.text()) return i;
    return std::nullopt;
  };
  for (std::size_t i = 0; i < bots.items().size() && wrong.errors.size() < 20; ++i) {
    const Json& bot = bots.items()[i];
    const std::string at = "#/bots/" + std::to_string(i);
    if (!bot["id"].is_string() || bot["id"].text().empty()) {
      error(at + "/id", "expected a name");
      continue;
    }
    if (place_of(bot["id"])) error(at + "/id", "the name is there twice");
    Node node;
    node.id = node.label = bot["id"].text();
    auto sheet = Sheet::read(bot["describe"]);
    if (!sheet) {
      error(at + "/describe", sheet.error().text);
      continue;
    }
    node.program = sheet->program;
    node.bot.emplace();
    node.bot->sheet = std::move(*sheet);
    out.nodes.push_back(std::move(node));
  }
  for (std::size_t i = 0; i < body["edges"].items().size() && wrong.errors.size() < 20; ++i) {
    const Json& edge = body["edges"].items()[i];
    const auto from = place_of(edge["from"]), to = place_of(edge["to"]);
    const std::string at = "#/edges/" + std::to_string(i);
    if (!from) error(at + "/from", "expected the id of a bot");
    if (!to) error(at + "/to", "expected the id of a bot");
    if (from && to)
      out.edges.push_back(
          {*from, *to, edge["path"].is_string() ? edge["path"].text() : "_default"});
  }
  if (!wrong.errors.empty()) return tl::unexpected(std::move(wrong));
  return out;
}

void add_debug_routes(Router& router, const Sections& s) {
  const auto route = [&](std::string method, std::string path, Scope scope, Body body,
                         auto&& handler, bool per_bot) {
    const bool audited = method != "GET";
    router.add(Route{std::move(method), std::move(path), scope, body,
                     [&s, handler](const std::shared_ptr<Request>& request, Responder respond) {
                       handler(s, request, std::move(respond));
                     },
                     audited, per_bot});
  };
  route("POST", "/api/v1/pipeline/check", Scope::read, Body::json, check_pipeline, false);
  if (!s.debug_api) return;
  route("POST", "/api/v1/debug/process", Scope::data, Body::json, process, true);
  route("GET", "/api/v1/debug/tap", Scope::data, Body::none, tap, true);
  route("GET", "/api/v1/debug/message", Scope::data, Body::none, message_in_hand, true);
  route("POST", "/api/v1/debug/inject", Scope::data, Body::json, inject, false);
}

}  // namespace intelmq::serve
