// SPDX-License-Identifier: Apache-2.0
// What starts, ends and holds the bots.
#include "serve/clock.hpp"
#include "serve/sections.hpp"

namespace intelmq::serve {
namespace {

struct Verb {
  std::string_view name;
  std::vector<std::string_view> members;
};

/// Which members the body of each action has; times and switches are checked by `wrong_member`.
const Verb verbs[] = {{"start", {"force"}},
                      {"stop", {"drain", "deadline"}},
                      {"restart", {"drain", "only_failed", "deadline", "force"}},
                      {"reload", {"what"}},
                      {"pause", {"deadline", "reason"}},
                      {"resume", {"force"}},
                      {"drain", {"deadline"}}};

std::optional<FieldError> wrong_member(const std::string& name, const Json& value) {
  if (name == "drain" || name == "force" || name == "only_failed") {
    if (value.is_boolean()) return std::nullopt;
    return FieldError{"#/" + name, "type", "expected true or false"};
  }
  if (name == "deadline") {
    const auto limit = limit_of(Json::object().set("x", value), "x", std::chrono::milliseconds(-1));
    if (value.is_string() && limit.count() >= 0) return std::nullopt;
    return FieldError{"#/deadline", "value", "expected a time such as PT30S"};
  }
  if (name == "reason") {
    if (value.is_string() && value.text().size() <= 1000) return std::nullopt;
    return FieldError{"#/reason", "type", "expected a text of at most 1,000 bytes"};
  }
  if (!value.is_array()) return FieldError{"#/what", "type", "expected a list"};
  for (const Json& item : value.items())
    if (item.text() != "config" && item.text() != "data" && item.text() != "tls")
      return FieldError{"#/what", "value", "expected items out of config, data and tls"};
  return std::nullopt;
}

Answer<Json> options_in(const Request& request, const Verb& verb) {
  auto body = object_in(request, verb.members);
  if (!body) return body;
  Problem wrong{"validation", "the body does not fit", {}, Json::object(), {}};
  for (const auto& [name, value] : body->members())
    if (auto error = wrong_member(name, value)) wrong.errors.push_back(std::move(*error));
  if (!wrong.errors.empty()) return tl::unexpected(std::move(wrong));
  return body;
}

/// One bot of several can be held and reloaded, no more: those of a pipeline live together.
void act_on_bot(const Sections& s, const Verb& verb, const std::string& bot, const Json& options,
                Then<Json> then) {
  auto own_status = [&s, bot, then](Answer<Json> answer) {
    then(answer ? Answer<Json>(s.service.status(bot)) : std::move(answer));
  };
  if (s.service.all().size() == 1)
    return s.service.perform(verb.name, options, std::move(own_status));
  if (verb.name == "pause" || verb.name == "resume")
    return s.service.hold(bot, verb.name == "pause", std::move(then));
  if (verb.name == "reload") return s.service.perform("reload", options, std::move(own_status));
  then(refuse("state-conflict",
              "the bots of a pipeline start and end together; use /api/v1/lifecycle/" +
                  std::string(verb.name)));
}

void add_verb(Router& router, const Sections& s, const Verb& verb) {
  const auto handler = [&s, &verb](const std::shared_ptr<Request>& request, Responder respond) {
    std::optional<Response> missing;
    chosen_bots(s, *request, missing);
    if (missing) return respond(std::move(*missing));
    const auto options = options_in(*request, verb);
    if (!options) return respond(options.error().response());
    const std::string bot = request->value("bot");
    s.operations.run(*request, std::move(respond), std::string(verb.name),
                     [&s, &verb, bot, options = *options](Then<Json> then) {
                       if (!bot.empty()) return act_on_bot(s, verb, bot, options, std::move(then));
                       s.service.perform(verb.name, options, std::move(then));
                     });
  };
  router.add(Route{"POST", "/api/v1/lifecycle/" + std::string(verb.name), Scope::control,
                   Body::json, handler, true, true});
}

}  // namespace

void add_lifecycle_routes(Router& router, const Sections& s) {
  router.add("GET", "/api/v1/status", Scope::read,
             [&s](const Request&) { return Response::json(s.service.status()); });
  router.add("GET", "/api/v1/bots/{bot}/status", Scope::read, [&s](const Request& request) {
    const Json status = s.service.status(request.value("bot"));
    return status.is_null() ? problem("not-found", "there is no bot of that id")
                            : Response::json(status);
  });
  for (const Verb& verb : verbs) add_verb(router, s, verb);
  const auto desire = [&s](const std::shared_ptr<Request>& request, Responder respond) {
    std::optional<Response> missing;
    chosen_bots(s, *request, missing);
    if (missing) return respond(std::move(*missing));
    const auto body = object_in(*request, {"desired"});
    if (!body) return respond(body.error().response());
    const std::string wanted = (*body)["desired"].text();
    if (!desired_named(wanted))
      return respond(Problem{
          "validation",
          "the body does not fit",
          {{"#/desired", "value", "expected running, paused or stopped"}},
          Json::object(),
          {}}.response());
    const std::string bot = request->value("bot");
    if (!bot.empty() && s.service.all().size() > 1)
      return respond(problem(
          "state-conflict", "the bots of a pipeline live together; use /api/v1/lifecycle/desired"));
    s.operations.run(*request, std::move(respond), "desired", [&s, wanted, bot](Then<Json> then) {
      s.service.set_desired(wanted, [&s, bot, then](Answer<Json> answer) {
        then(answer && !bot.empty() ? Answer<Json>(s.service.status(bot)) : std::move(answer));
      });
    });
  };
  router.add(
      Route{"PUT", "/api/v1/lifecycle/desired", Scope::control, Body::json, desire, true, true});
}

}  // namespace intelmq::serve
