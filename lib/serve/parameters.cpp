// SPDX-License-Identifier: Apache-2.0
#include "serve/parameters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <limits>

#include "base/text.hpp"
#include "serve/pages.hpp"
#include "serve/parameter_schema.hpp"
#include "serve/parameter_work.hpp"

namespace intelmq::serve {
namespace {

using Work = std::shared_ptr<ParameterWork>;
using Asked = std::shared_ptr<Request>;

constexpr std::string_view base = "/api/v1/parameters";

Response not_found(std::string detail) { return problem("not-found", std::move(detail)); }

Json number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

std::optional<std::uint64_t> as_number(std::string_view text) {
  std::uint64_t out = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), out);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return out;
}

/// Collects what each bot says, then answers once.
struct Gathering {
  ParameterTargets targets;
  Json parameters = Json::object(), origin = Json::object();  // {"ID": {...}}
  std::size_t open = 0;
  std::optional<Problem> problem;
  std::function<void(Gathering&)> done;

  void take(const std::string& id, Answer<Json> answer) {
    if (answer)
      parameters.set(id, (*answer)["parameters"]), origin.set(id, (*answer)["origin"]);
    else if (!problem)
      problem = answer.error();
    if (--open == 0) done(*this);
  }
};

/// Only what is not as the program has it by itself.
Json configured(const Json& answer) {
  Json parameters = Json::object();
  Json origin = Json::object();
  for (const auto& [name, from] : answer["origin"].members()) {
    if (from.text() == "default") continue;
    parameters.set(name, answer["parameters"][name]);
    origin.set(name, from);
  }
  return Json::object().set("parameters", parameters).set("origin", origin);
}

Json defaults(const Json& schema) {
  Json parameters = Json::object();
  Json origin = Json::object();
  for (const auto& [name, own] : schema["properties"].members()) {
    parameters.set(name, own["default"]);
    origin.set(name, "default");
  }
  return Json::object().set("parameters", parameters).set("origin", origin);
}

void gather(const Work& work, ParameterTargets targets, const std::string& view,
            std::function<void(Gathering&)> done) {
  auto all = std::make_shared<Gathering>();
  all->targets = std::move(targets);
  all->done = std::move(done);
  all->open = all->targets.bots.size();
  const Configuration& configuration = work->deps.configuration;
  const auto& bots = all->targets.bots;
  for (const ParameterTarget& bot : bots) {
    if (view == "default") {
      all->take(bot.id, defaults(bot.schema));
    } else if (view == "configured") {
      work->show(bot, configuration.overrides(bot.id), [all, id = bot.id](Answer<Json> answer) {
        if (answer) answer = configured(*answer);
        all->take(id, std::move(answer));
      });
    } else {
      work->show(bot, configuration.handed(bot.id),
                 [all, id = bot.id](Answer<Json> answer) { all->take(id, std::move(answer)); });
    }
  }
}

Response tagged(const Work& work, const Json& body) {
  return Response::json(body).with("ETag", work->deps.configuration.etag());
}

void get_all(const Work& work, const Asked& request, const Responder& respond) {
  auto targets = work->targets(*request);
  if (!targets) return respond(targets.error().response());
  const std::string view = request->parameter("view").value_or("effective");
  if (view != "effective" && view != "configured" && view != "default")
    return respond(problem("malformed-request", "view is effective, configured or default."));
  gather(work, std::move(*targets), view, [work, respond](Gathering& all) {
    if (all.problem) return respond(all.problem->response());
    respond(tagged(work, Json::object()
                             .set("revision", number(work->deps.configuration.revision()))
                             .set("parameters", all.targets.folded(all.parameters))
                             .set("origin", all.targets.folded(all.origin))));
  });
}

void get_schema(const Work& work, const Asked& request, const Responder& respond) {
  const auto targets = work->targets(*request);
  if (!targets) return respond(targets.error().response());
  if (targets->plain) return respond(Response::json(targets->bots.front().schema));
  Json properties = Json::object();
  for (const ParameterTarget& bot : targets->bots) properties.set(bot.id, bot.schema);
  respond(Response::json(Json::object()
                             .set("$schema", "https://json-schema.org/draft/2020-12/schema")
                             .set("type", "object")
                             .set("additionalProperties", false)
                             .set("properties", std::move(properties))));
}

/// The document of a request by bots; wrong members are among the errors.
Json by_bot(const ParameterTargets& targets, const Json& document,
            std::vector<FieldError>& errors) {
  Json out = Json::object();
  if (!document.is_object()) {
    errors.push_back({"#", "type", "expected object"});
    return out;
  }
  const Json all = targets.spread(document);
  std::vector<std::string> ids;
  for (const ParameterTarget& bot : targets.bots) ids.push_back(bot.id);
  for (const auto& [id, values] : all.members()) {
    if (!targets.find(id))
      errors.push_back({pointer_to("#", id), "unknown",
                        "there is no such bot; a document names bots, and below each of them its "
                        "parameters" +
                            did_you_mean(nearest(id, std::span<const std::string>{ids}))});
    else if (!values.is_object())
      errors.push_back({targets.find(id)->pointer, "type", "expected object"});
    else
      out.set(id, values);
  }
  return out;
}

ParameterOrder order(const Work& work, const Asked& request, Responder respond,
                     ParameterTargets targets, std::string why) {
  ParameterOrder out;
  out.work = work;
  out.request = request;
  out.respond = std::move(respond);
  out.targets = std::move(targets);
  out.why = std::move(why);
  return out;
}

void write_all(const Work& work, const Asked& request, const Responder& respond) {
  auto targets = work->targets(*request);
  if (!targets) return respond(targets.error().response());
  if (auto no = why_no_change(*work, *request)) return respond(no->response());
  const auto body = json_body(*request);
  if (!body) return respond(body.error().response());
  std::vector<FieldError> errors;
  const Json given = by_bot(*targets, *body, errors);
  if (!errors.empty()) return respond(validation_problem(std::move(errors)).response());
  const bool whole = request->method == "PUT";
  ParameterOrder out = order(work, request, respond, *targets, whole ? "put" : "patch");
  for (const ParameterTarget& bot : targets->bots) {
    const Json& before = work->deps.configuration.overrides(bot.id);
    const Json values =
        unredacted(bot.schema, before, given.has(bot.id) ? given[bot.id] : Json::object());
    if (auto wrong = check_parameters(bot.schema, values, bot.pointer); !wrong.empty())
      errors.insert(errors.end(), wrong.begin(), wrong.end());
    if (whole || given.has(bot.id)) out.after.set(bot.id, whole ? values : merged(before, values));
  }
  if (!errors.empty()) return respond(validation_problem(std::move(errors)).response());
  change_parameters(std::move(out));
}

/// The only bot of the request and a name that it has, or the answer has been given.
std::optional<ParameterTargets> one_parameter(const Work& work, const Request& request,
                                              const Responder& respond) {
  auto targets = work->targets(request);
  if (!targets) {
    respond(targets.error().response());
    return std::nullopt;
  }
  const std::string& name = request.value("name");
  if (!targets->plain) {
    respond(not_found("With several bots, use /api/v1/bots/{bot}/parameters/" + name + "."));
    return std::nullopt;
  }
  std::vector<std::string> names;
  const Json& properties = targets->bots.front().schema["properties"];
  for (const auto& [known, own] : properties.members()) names.push_back(known);
  if (properties.has(name)) return std::move(*targets);
  respond(not_found("There is no parameter " + quote_for_message(name) +
                    did_you_mean(nearest(name, std::span<const std::string>{names})) + "."));
  return std::nullopt;
}

void get_one(const Work& work, const Asked& request, const Responder& respond) {
  auto targets = one_parameter(work, *request, respond);
  if (!targets) return;
  gather(work, std::move(*targets), "effective", [work, request, respond](Gathering& all) {
    if (all.problem) return respond(all.problem->response());
    const std::string& name = request->value("name");
    const ParameterTarget& bot = all.targets.bots.front();
    respond(tagged(work, Json::object()
                             .set("revision", number(work->deps.configuration.revision()))
                             .set("name", name)
                             .set("value", all.parameters[bot.id][name])
                             .set("origin", all.origin[bot.id][name])
                             .set("schema", bot.schema["properties"][name])));
  });
}

void write_one(const Work& work, const Asked& request, const Responder& respond) {
  auto targets = one_parameter(work, *request, respond);
  if (!targets) return;
  if (auto no = why_no_change(*work, *request)) return respond(no->response());
  const bool removed = request->method == "DELETE";
  const auto body =
      removed ? Answer<Json>(Json::object().set("value", Json())) : json_body(*request);
  if (!body) return respond(body.error().response());
  std::vector<FieldError> errors;
  for (const auto& [name, value] : body->members())
    if (name != "value") errors.push_back({pointer_to("#", name), "unknown", "send `value` alone"});
  if (!body->has("value")) errors.push_back({"#/value", "required", "has to be given"});
  const ParameterTarget& bot = targets->bots.front();
  const std::string& name = request->value("name");
  const Json& before = work->deps.configuration.overrides(bot.id);
  const Json patch = unredacted(bot.schema, before, Json::object().set(name, (*body)["value"]));
  for (FieldError& error : check_parameters(bot.schema, patch, "#")) {
    error.pointer.replace(0, pointer_to("#", name).size(), "#/value");
    errors.push_back(std::move(error));
  }
  if (!errors.empty()) return respond(validation_problem(std::move(errors)).response());
  ParameterOrder out = order(work, request, respond, *targets, removed ? "delete" : "put one");
  // Set as a whole: a merge would keep members of an object from before.
  Json after = before;
  for (const auto& [key, value] : patch.members()) after.set(key, value);
  out.after.set(bot.id, without_nulls(after));
  out.no_content = removed;
  change_parameters(std::move(out));
}

Json error_list(const std::vector<FieldError>& errors, const std::string& pointer) {
  Json out = Json::array();
  for (const FieldError& error : errors)
    if (error.pointer == pointer || error.pointer.starts_with(pointer + '/'))
      out.push(Json::object()
                   .set("pointer", error.pointer)
                   .set("code", error.code)
                   .set("detail", error.detail));
  return out;
}

Json verdict(const ParameterTargets& targets, const Json& given,
             const std::vector<FieldError>& errors) {
  Json list = Json::array();
  std::size_t told = 0;
  for (const auto& [id, values] : given.members()) {
    const ParameterTarget& bot = *targets.find(id);
    for (const auto& [name, value] : values.members()) {
      Json wrong = error_list(errors, pointer_to(bot.pointer, name));
      told += wrong.items().size();
      Json one = Json::object();
      if (!targets.plain) one.set("bot", id);
      list.push(one.set("name", name)
                    .set("value", redacted(bot.schema, name, value))
                    .set("errors", std::move(wrong))
                    .set("recommended", recommended(bot.schema, name))
                    .set("reload", reload_of(bot.schema, name)));
    }
  }
  Json out = Json::object().set("valid", errors.empty()).set("parameters", std::move(list));
  // What is wrong with the whole, or with a parameter that was not sent.
  if (told < errors.size()) out.set("errors", error_list(errors, "#"));
  return out;
}

void validate(const Work& work, const Asked& request, const Responder& respond) {
  const auto targets = work->targets(*request);
  if (!targets) return respond(targets.error().response());
  const auto body = json_body(*request);
  if (!body) return respond(body.error().response());
  std::vector<FieldError> errors;
  const Json given = by_bot(*targets, *body, errors);
  if (!errors.empty()) return respond(validation_problem(std::move(errors)).response());
  Json after = Json::object();
  for (const auto& [id, values] : given.members()) {
    const ParameterTarget& bot = *targets->find(id);
    const Json& before = work->deps.configuration.overrides(id);
    const Json full = unredacted(bot.schema, before, values);
    for (FieldError& error : check_parameters(bot.schema, full, bot.pointer))
      errors.push_back(std::move(error));
    after.set(id, merged(before, full));
  }
  if (!errors.empty()) return respond(Response::json(verdict(*targets, given, errors)));
  work->try_out(*targets, after,
                [targets = *targets, given, respond](Answer<std::vector<FieldError>> found) {
                  if (!found) return respond(found.error().response());
                  respond(Response::json(verdict(targets, given, *found)));
                });
}

/// A record as it may be shown.
Json revision_shown(const ParameterTargets& all, const Json& record, bool whole) {
  Json out = Json::object();
  for (const auto& [name, value] : record.members())
    if (name != "bots") out.set(name, value);
  if (!whole) return out;
  Json parameters = Json::object();
  for (const auto& [id, values] : record["bots"].members()) {
    const ParameterTarget* bot = all.find(id);
    parameters.set(id, redacted(bot ? bot->schema : Json(), values));
  }
  return out.set("parameters", std::move(parameters));
}

void list_revisions(const Work& work, const Asked& request, const Responder& respond) {
  const auto wanted = page_wanted(*request);
  if (!wanted)
    return respond(problem("malformed-request",
                           "limit is a number from 1 to 500, cursor the "
                           "`next` of the page before."));
  const std::size_t limit = wanted->most;
  const std::uint64_t before =
      request->parameter("cursor") ? wanted->first : std::numeric_limits<std::int64_t>::max();
  auto found = std::make_shared<std::vector<Json>>();
  work->deps.loop.work(
      [found, work, limit, before] {
        *found = work->deps.configuration.revisions(before, limit + 1);
      },
      [found, work, respond, limit] {
        const bool more = found->size() > limit;
        if (more) found->pop_back();
        Json items = Json::array();
        for (const Json& record : *found) items.push(revision_shown({}, record, false));
        const Json next = more ? Json(found->back()["revision"].text()) : Json();
        respond(tagged(work, Json::object().set("items", std::move(items)).set("next", next)));
      });
}

/// The record of the revision that the path names, read beside the loop.
void with_revision(const Work& work, const Asked& request, const Responder& respond,
                   std::function<void(const Json&)> then) {
  const auto wanted = as_number(request->value("revision"));
  auto found = std::make_shared<std::optional<Json>>();
  work->deps.loop.work(
      [found, work, wanted] {
        if (wanted) *found = work->deps.configuration.revision(*wanted);
      },
      [found, request, respond, then = std::move(then)] {
        if (*found) return then(**found);
        respond(not_found("There is no revision " + quote_for_message(request->value("revision")) +
                          " (any more: the last 100 are kept)."));
      });
}

void get_revision(const Work& work, const Asked& request, const Responder& respond) {
  with_revision(work, request, respond, [work, respond](const Json& record) {
    respond(Response::json(revision_shown(work->all(), record, true)));
  });
}

void restore_revision(const Work& work, const Asked& request, const Responder& respond) {
  if (auto no = why_no_change(*work, *request)) return respond(no->response());
  with_revision(work, request, respond, [work, request, respond](const Json& record) {
    const ParameterTargets all = work->all();
    ParameterOrder out =
        order(work, request, respond, all, "restore of " + record["revision"].text());
    for (const ParameterTarget& bot : all.bots) {
      const Json& values = record["bots"][bot.id];
      out.after.set(bot.id, values.is_object() ? values : Json::object());
    }
    change_parameters(std::move(out));
  });
}

}  // namespace

std::shared_ptr<ParameterWork> add_parameter_routes(Router& router, ParameterDeps deps) {
  Work work = std::make_shared<ParameterWork>(deps);
  using Function = void (*)(const Work&, const Asked&, const Responder&);
  const auto add = [&](std::string method, std::string_view more, Function function,
                       Body body = Body::none, bool per_bot = true) {
    const bool reads = method == "GET";
    const bool changes = !reads && more != "/validate";
    router.add(Route{std::move(method), std::string(base) + std::string(more),
                     reads ? Scope::read : Scope::config, body,
                     [work, function](const Asked& request, const Responder& respond) {
                       function(work, request, respond);
                     },
                     changes, per_bot});
  };
  add("GET", "", get_all);
  add("PUT", "", write_all, Body::json);
  add("PATCH", "", write_all, Body::merge);
  add("GET", "/schema", get_schema);
  add("POST", "/validate", validate, Body::json);
  add("GET", "/revisions", list_revisions, Body::none, false);
  add("GET", "/revisions/{revision}", get_revision, Body::none, false);
  add("POST", "/revisions/{revision}/restore", restore_revision, Body::json, false);
  add("GET", "/{name}", get_one);
  add("PUT", "/{name}", write_one, Body::json);
  add("DELETE", "/{name}", write_one);
  return work;
}

}  // namespace intelmq::serve
