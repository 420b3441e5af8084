// SPDX-License-Identifier: Apache-2.0
#include "serve/pipeline_api.hpp"

#include <algorithm>

#include "base/text.hpp"
#include "queue/url_options.hpp"
#include "serve/clock.hpp"
#include "serve/pages.hpp"

namespace intelmq::serve {
namespace {

Json::Array list_of(const Json& value) {
  if (value.is_array()) return value.items();
  if (value.is_null()) return {};
  Json::Array out;
  for (const std::string& item : split_names(value.text())) out.emplace_back(item);
  return out;
}

/// `PATH=URL` as its two parts; a URL alone is for `_default`.
std::pair<std::string, std::string> path_and_url(const std::string& text) {
  const std::size_t equals = text.find('='), colon = text.find_first_of(":?");
  if (equals == text.npos || (colon != text.npos && colon < equals)) return {"_default", text};
  return {text.substr(0, equals), text.substr(equals + 1)};
}

/// A stream is looked at as the group that the bot reads it as.
std::string with_group(const std::string& url, const BotSetup& bot) {
  if (url.find("-stream") == url.npos || url.find("group=") != url.npos) return url;
  return url + (url.find('?') == url.npos ? "?" : "&") + "group=" + bot.describe["name"].text();
}

std::string without_password(std::string url) {
  hide_passwords(url.data(), url.size());
  return url;
}

}  // namespace

PipelineApi::PipelineApi(const Sections& sections, std::shared_ptr<ParameterWork> work)
    : s_{sections},
      work_{std::move(work)},
      brokers_{sections.state_directory + "/brokers.json"},
      timer_{sections.loop.every(std::chrono::seconds(15), [this] { look({}); })} {}

/// As it holds now: what the API set goes before what the bot was started with.
Json PipelineApi::value_of(const BotSetup& bot, std::string_view parameter) const {
  const Json& set = work_->deps.configuration.overrides(bot.id);
  return set.has(parameter) && !set[parameter].is_null() ? set[parameter] : bot.settings[parameter];
}

std::vector<PipelineApi::End> PipelineApi::ends() const {
  std::vector<End> out;
  const auto& bots = s_.service.all();
  for (const BotSetup& bot : bots) {
    const bool first = &bot == &bots.front(), last = &bot == &bots.back();
    if (first && bot.describe["kind"].text() != "collector")
      out.push_back({&bot, "source", "", value_of(bot, "source").text()});
    if (bot.describe["kind"].text() == "output") continue;
    for (const Json& each : list_of(value_of(bot, "destination"))) {
      auto [path, url] = path_and_url(each.text());
      // Within the pipeline it goes to the next bot, by a pipe.
      if (!last && (url == "-" || url.empty())) continue;
      out.push_back({&bot, "destination", std::move(path), std::move(url)});
    }
  }
  return out;
}

Json PipelineApi::shown(const End& end) {
  const QueuePlace place = place_of(end.url);
  Json out = Json::object().set("broker", brokers_.name_of(place.broker));
  if (!place.queue.empty()) out.set("queue", place.queue);
  return out;
}

Json PipelineApi::pipeline() {
  Json source, destinations = Json::object(), chain = Json::array();
  for (const End& end : ends()) {
    if (end.parameter == "source") {
      source = shown(end);
      continue;
    }
    Json list = destinations.has(end.path) ? destinations[end.path] : Json::array();
    destinations.set(end.path, list.push(shown(end)));
  }
  for (const BotSetup& bot : s_.service.all()) chain.push(bot.id);
  return Json::object()
      .set("source", std::move(source))
      .set("destinations", std::move(destinations))
      .set("chain", std::move(chain));
}

std::optional<std::string> PipelineApi::url_of(const Json& end, const std::string& pointer,
                                               bool source, const std::string& before,
                                               std::vector<FieldError>& errors) {
  const auto wrong = [&](std::string where, std::string code, std::string detail) {
    errors.push_back({pointer + where, std::move(code), std::move(detail)});
    return std::nullopt;
  };
  if (!end.is_object()) return wrong("", "type", "expected {\"broker\": NAME, \"queue\": NAME}");
  for (const auto& [name, value] : end.members())
    if (name != "broker" && name != "queue")
      return wrong("/" + name, "unknown", "there is no member " + quote_for_message(name));
  const Broker* const broker = brokers_.find(end["broker"].text());
  if (!broker)
    return wrong("/broker", "value",
                 "there is no broker " + quote_for_message(end["broker"].text()) +
                     "; see /api/v1/pipeline/brokers");
  // Options of the reader stay as they are where the broker stays.
  const QueuePlace old = place_of(before);
  const std::string options = old.broker.type == broker->type ? old.options : "";
  const auto url = broker->url(end["queue"].text(), source, options);
  if (!url) return wrong("/queue", "value", url.error().text);
  return *url;
}

Json PipelineApi::destinations_with(const BotSetup& bot, const std::string& path,
                                    const Json& urls) const {
  Json out = Json::array();
  for (const Json& each : list_of(value_of(bot, "destination")))
    if (path_and_url(each.text()).first != path) out.push(each);
  for (const Json& url : urls.items())
    out.push(path == "_default" ? url : Json(path + "=" + url.text()));
  return out;
}

void PipelineApi::change(const std::shared_ptr<Request>& request, Responder respond,
                         std::vector<std::pair<std::string, Json>> values, std::string why) {
  ParameterOrder order;
  order.work = work_;
  order.request = request;
  order.targets = work_->all();
  order.why = std::move(why);
  for (auto& [bot, set] : values) {
    Json after = work_->deps.configuration.overrides(bot);
    if (!after.is_object()) after = Json::object();
    for (const auto& [name, value] : set.members()) after.set(name, value);
    order.after.set(bot, std::move(after));
  }
  if (auto refused = why_no_change(*work_, *request)) return respond(refused->response());
  order.respond = [this, request, respond = std::move(respond)](Response response) {
    if (response.status != 200 && response.status != 202 && response.status != 204)
      return respond(std::move(response));
    Response out = get(*request);
    if (request->method == "DELETE") out = Response::empty();
    respond(std::move(out));
    look({});
  };
  // Whether it can be reached is known before anything is stopped for it.
  auto failures = std::make_shared<std::string>();
  std::vector<std::string> urls;
  for (const auto& [bot, set] : values)
    for (const auto& [name, value] : set.members())
      for (const Json& each : name == "source" ? Json::Array{value} : value.items())
        urls.push_back(path_and_url(each.text()).second);
  s_.loop.work(
      [urls, failures] {
        for (const std::string& url : urls) {
          if (url == "-" || url_scheme(url) == "file" || url_scheme(url) == "dir") continue;
          if (auto state = queue_state(url); !state && failures->empty())
            *failures = state.error().text;
        }
      },
      [failures, order = std::move(order)]() mutable {
        if (!failures->empty()) return order.respond(problem("upstream-failed", *failures));
        change_parameters(std::move(order));
      });
}

Response PipelineApi::get(const Request& request) {
  const std::string etag = work_->deps.configuration.etag();
  const auto tagged = [&](const Json& body) { return Response::json(body).with("ETag", etag); };
  const std::string& path = request.value("path");
  const std::string& bot = request.value("bot");
  if (request.path.ends_with("/pipeline")) return tagged(pipeline());
  Json list = Json::array();
  for (const End& end : ends()) {
    if (!bot.empty() && end.bot->id != bot) continue;
    if (path.empty() && end.parameter == "source") return tagged(shown(end));
    if (!path.empty() && end.parameter == "destination" && end.path == path) list.push(shown(end));
  }
  return tagged(path.empty() ? Json() : list);
}

void PipelineApi::put(const std::shared_ptr<Request>& request, Responder respond) {
  auto body = object_in(*request, {"source", "destinations", "chain"});
  if (!body) return respond(body.error().response());
  std::vector<FieldError> errors;
  const BotSetup &first = s_.service.all().front(), &last = s_.service.all().back();
  Json firsts = Json::object(), lasts = Json::object();
  if (body->has("chain") && !((*body)["chain"] == pipeline()["chain"]))
    errors.push_back({"#/chain", "value", "the bots are those that serve was started with"});
  if (body->has("source"))
    if (auto url =
            url_of((*body)["source"], "#/source", true, value_of(first, "source").text(), errors))
      firsts.set("source", *url);
  const Json& destinations = (*body)["destinations"];
  if (body->has("destinations") && !destinations.is_object())
    errors.push_back({"#/destinations", "type", "expected an object of paths"});
  Json all = value_of(last, "destination");
  for (const auto& [path, list] : destinations.members()) {
    Json urls = Json::array();
    if (!list.is_array()) errors.push_back({"#/destinations/" + path, "type", "expected a list"});
    for (std::size_t i = 0; i < list.items().size(); ++i)
      if (auto url = url_of(list.items()[i], "#/destinations/" + path + "/" + std::to_string(i),
                            false, "", errors))
        urls.push(*url);
    Json kept = Json::array();
    for (const Json& each : list_of(all))
      if (path_and_url(each.text()).first != path) kept.push(each);
    for (const Json& url : urls.items())
      kept.push(path == "_default" ? url : Json(path + "=" + url.text()));
    all = std::move(kept);
  }
  if (!errors.empty())
    return respond(
        Problem{"validation", "the body does not fit", std::move(errors), Json::object(), {}}
            .response());
  if (!destinations.members().empty()) lasts.set("destination", all);
  std::vector<std::pair<std::string, Json>> values;
  if (&first == &last) {
    for (const auto& [name, value] : lasts.members()) firsts.set(name, value);
    values.emplace_back(first.id, firsts);
  } else {
    values.emplace_back(first.id, firsts);
    values.emplace_back(last.id, lasts);
  }
  change(request, std::move(respond), std::move(values), "the pipeline was changed");
}

// --- queues
// ------------------------------------------------------------------------------------------

void PipelineApi::look(std::function<void()> then) {
  if (then) waiting_.push_back(std::move(then));
  if (looking_) return;
  looking_ = true;
  auto found = std::make_shared<std::vector<QueueFacts>>();
  auto oldest = std::make_shared<std::vector<double>>();
  std::vector<std::string> urls;
  for (const End& end : ends()) {
    const QueuePlace place = place_of(end.url);
    if (place.broker.type == "stdio") continue;
    QueueFacts facts;
    facts.name = place.queue;
    facts.url = without_password(end.url);
    facts.role = end.parameter;
    facts.path = end.path;
    found->push_back(std::move(facts));
    urls.push_back(with_group(end.url, *end.bot));
  }
  oldest->resize(found->size(), -1);
  s_.loop.work(
      [found, oldest, urls] {
        for (std::size_t i = 0; i < urls.size(); ++i) {
          const auto state = queue_state(urls[i]);
          QueueFacts& facts = (*found)[i];
          facts.reachable = state.has_value();
          if (!state) facts.error = state.error().text;
          if (state) facts.depth = state->waiting;
          if (state && state->oldest_s) (*oldest)[i] = *state->oldest_s;
        }
      },
      [this, found, oldest] {
        const double now = unix_time(), passed = now - looked_;
        for (QueueFacts& facts : *found)
          for (const QueueFacts& before : queues_)
            if (before.url == facts.url && before.role == facts.role && before.depth &&
                facts.depth && looked_ > 0 && passed >= 1)
              facts.growth =
                  (static_cast<double>(*facts.depth) - static_cast<double>(*before.depth)) / passed;
        queues_ = std::move(*found);
        oldest_ = std::move(*oldest);
        looked_ = now;
        looking_ = false;
        const auto waiting = std::move(waiting_);
        waiting_.clear();
        for (const auto& each : waiting) each();
      });
}

void PipelineApi::clear(const std::shared_ptr<Request>& request, Responder respond) {
  auto body = object_in(*request, {"name"});
  if (!body) return respond(body.error().response());
  const std::string name = request->value("name");
  if ((*body)["name"].text() != name)
    return respond(Problem{
        "validation",
        "nothing was cleared",
        {{"#/name", "value", "expected the name of the queue once more"}},
        Json::object(),
        {}}.response());
  std::string url;
  for (const End& end : ends())
    if (place_of(end.url).queue == name) url = with_group(end.url, *end.bot);
  if (url.empty())
    return respond(problem("not-found", "the service has no queue " + quote_for_message(name)));
  s_.operations.run(
      *request, std::move(respond), "clear",
      [this, url](Then<Json> then) {
        auto state = std::make_shared<Result<QueueState>>(QueueState{});
        s_.loop.work(
            [url, state] { *state = clear_queue(url); },
            [state, then] {
              if (!*state) return then(refuse("upstream-failed", state->error().text));
              then(Json::object().set("cleared", static_cast<std::int64_t>((*state)->cleared)));
            });
      },
      {}, 202);
}

void PipelineApi::add_queue_routes(Router& router) {
  const auto list = [this](const std::shared_ptr<Request>& request, Responder respond) {
    if (!page_wanted(*request))
      return respond(problem("malformed-request", "limit is a number from 1 to 500"));
    look([this, request, respond = std::move(respond)] {
      std::vector<Json> items;
      for (std::size_t i = 0; i < queues_.size(); ++i) {
        const QueueFacts& facts = queues_[i];
        Json item = Json::object();
        item.set("name", facts.name).set("role", facts.role).set("url", facts.url);
        if (!facts.path.empty()) item.set("path", facts.path);
        item.set("reachable", facts.reachable)
            .set("error", facts.error.empty() ? Json() : Json(facts.error))
            .set("depth", facts.depth ? Json(static_cast<std::int64_t>(*facts.depth)) : Json())
            .set("growth_per_s", facts.growth)
            .set("oldest_age_s", oldest_[i] >= 0 ? Json(oldest_[i]) : Json());
        items.push_back(std::move(item));
      }
      respond(paged(*request, items.begin(), items.end(), [](const Json& item) { return item; }));
    });
  };
  router.add(Route{"GET", "/api/v1/pipeline/queues", Scope::read, Body::none, list, false, false});
  router.add(Route{"DELETE", "/api/v1/pipeline/queues/{name}/messages", Scope::admin, Body::json,
                   [this](const std::shared_ptr<Request>& request, Responder respond) {
                     clear(request, std::move(respond));
                   },
                   true, false});
}

// --- brokers
// ------------------------------------------------------------------------------------------

bool PipelineApi::in_use(const std::string& broker) {
  for (const End& end : ends())
    if (brokers_.name_of(place_of(end.url).broker) == broker) return true;
  return false;
}

void PipelineApi::test_broker(const std::shared_ptr<Request>& request, Responder respond) {
  pipeline();  // gives names to all that is in use
  const Broker* const broker = brokers_.find(request->value("name"));
  if (!broker) return respond(problem("not-found", "there is no such broker"));
  const auto url = broker->url("intelmq-connection-test", true, "");
  const double started = unix_time();
  auto state = std::make_shared<Result<QueueState>>(QueueState{});
  const std::string target = url ? without_password(*url) : "";
  const auto answer = [this, state, respond, started, target] {
    const bool ok = state->has_value();
    const double took = (unix_time() - started) * 1000;
    Json check = Json::object();
    check.set("id", "broker")
        .set("status", ok ? "pass" : "fail")
        .set("target", target)
        .set("message", ok ? std::string("it answers") : state->error().text)
        .set("duration_ms", took);
    respond(Response::json(Json::object()
                               .set("test", "connection-test")
                               .set("status", ok ? "pass" : "fail")
                               .set("config_revision", s_.service.status()["config_revision"])
                               .set("started", time_text(started))
                               .set("duration_ms", took)
                               .set("checks", Json::array().push(std::move(check)))));
  };
  if (!url) {
    *state = fail(url.error().text);
    return answer();
  }
  s_.loop.work([url = *url, state] { *state = queue_state(url); }, answer);
}

void PipelineApi::add_broker_routes(Router& router) {
  const auto named = [](const std::string& name, const Broker& broker) {
    Json out = Json::object().set("name", name);
    const Json shown = broker.document(false);
    for (const auto& [key, value] : shown.members()) out.set(key, value);
    return out;
  };
  router.add("GET", "/api/v1/pipeline/brokers", Scope::read, [this, named](const Request& request) {
    pipeline();
    return paged(request, brokers_.all().begin(), brokers_.all().end(),
                 [named](const auto& each) { return named(each.first, each.second); });
  });
  router.add("GET", "/api/v1/pipeline/brokers/{name}", Scope::read,
             [this, named](const Request& request) {
               pipeline();
               const Broker* const broker = brokers_.find(request.value("name"));
               if (!broker) return problem("not-found", "there is no such broker");
               return Response::json(named(request.value("name"), *broker))
                   .with("ETag", work_->deps.configuration.etag());
             });
  const auto put = [this, named](const std::shared_ptr<Request>& request, Responder respond) {
    const auto body = Json::parse(request->body);
    if (!body || !body->is_object())
      return respond(problem("validation", "the body has to be an object"));
    auto broker = read_broker(*body);
    if (!broker) return respond(broker.error().response());
    if (auto refused = why_no_change(*work_, *request)) return respond(refused->response());
    const std::string& name = request->value("name");
    pipeline();
    const bool known = brokers_.find(name) != nullptr, used = known && in_use(name);
    // Every end that names it gets the new URL.
    std::vector<std::pair<std::string, Json>> values;
    std::vector<FieldError> errors;
    if (used) {
      for (const BotSetup& bot : s_.service.all()) {
        Json set = Json::object(), destinations = Json::array();
        bool moved = false;
        for (const End& end : ends()) {
          if (end.bot != &bot) continue;
          const QueuePlace place = place_of(end.url);
          const bool its = brokers_.name_of(place.broker) == name;
          const auto url = its ? broker->url(place.queue, end.parameter == "source", place.options)
                               : Result<std::string>(end.url);
          if (!url) errors.push_back({"#", "value", url.error().text});
          if (!url || (!its && end.parameter == "source")) continue;
          if (end.parameter == "source")
            set.set("source", *url);
          else
            destinations.push(end.path == "_default" ? *url : end.path + "=" + *url);
          moved = moved || (its && end.parameter == "destination");
        }
        if (moved) set.set("destination", destinations);
        if (!set.members().empty()) values.emplace_back(bot.id, set);
      }
    }
    if (!errors.empty())
      return respond(
          Problem{"validation", "the broker does not fit", std::move(errors), Json::object(), {}}
              .response());
    const auto keep = [this, name, broker = *broker, known, named](const Responder& answer) {
      if (auto done = brokers_.set(name, broker); !done)
        return answer(problem("insufficient-storage", done.error().text));
      answer(Response::json(named(name, broker), known ? 200 : 201)
                 .with("Location", "/api/v1/pipeline/brokers/" + name)
                 .with("ETag", work_->deps.configuration.etag()));
    };
    if (values.empty()) return keep(respond);
    change(
        request,
        [keep, respond](Response response) {
          if (response.status >= 400) return respond(std::move(response));
          keep(respond);
        },
        std::move(values), "the broker " + name + " was changed");
  };
  router.add(
      Route{"PUT", "/api/v1/pipeline/brokers/{name}", Scope::config, Body::json, put, true, false});
  router.add("DELETE", "/api/v1/pipeline/brokers/{name}", Scope::config,
             [this](const Request& request) {
               pipeline();
               const std::string& name = request.value("name");
               if (!brokers_.find(name)) return problem("not-found", "there is no such broker");
               if (auto refused = why_no_change(*work_, request)) return refused->response();
               if (in_use(name)) return problem("conflict", "the pipeline uses it");
               if (auto done = brokers_.remove(name); !done)
                 return problem("insufficient-storage", done.error().text);
               return Response::empty();
             });
  router.add(Route{"POST", "/api/v1/pipeline/brokers/{name}/test", Scope::test, Body::json,
                   [this](const std::shared_ptr<Request>& request, Responder respond) {
                     test_broker(request, std::move(respond));
                   },
                   false, false});
}

// --- ends
// ------------------------------------------------------------------------------------------

void PipelineApi::add_end_routes(Router& router) {
  const auto checked_get = [this](const Request& request) {
    std::optional<Response> missing;
    chosen_bots(s_, request, missing);
    return missing ? std::move(*missing) : get(request);
  };
  const auto bot_of = [this](const Request& request, bool source) -> const BotSetup* {
    const std::string& bot = request.value("bot");
    if (!bot.empty()) return s_.service.find(bot);
    return source ? &s_.service.all().front() : &s_.service.all().back();
  };
  const std::string source_path = "/api/v1/pipeline/source",
                    destination_path = "/api/v1/pipeline/destinations/{path}";
  router.add("GET", source_path, Scope::read, checked_get, Body::none, true);
  router.add("GET", destination_path, Scope::read, checked_get, Body::none, true);
  const auto put_source = [this, bot_of](const std::shared_ptr<Request>& request,
                                         Responder respond) {
    const BotSetup* const bot = bot_of(*request, true);
    if (!bot) return respond(problem("not-found", "there is no such bot"));
    if (bot != &s_.service.all().front() || bot->describe["kind"].text() == "collector")
      return respond(problem("conflict", bot->id + " has no source of its own"));
    pipeline();
    const auto body = Json::parse(request->body);
    std::vector<FieldError> errors;
    const auto url =
        url_of(body ? *body : Json(), "#", true, value_of(*bot, "source").text(), errors);
    if (!url)
      return respond(
          Problem{"validation", "the body does not fit", errors, Json::object(), {}}.response());
    change(request, std::move(respond), {{bot->id, Json::object().set("source", *url)}},
           "the source was changed");
  };
  const auto put_paths = [this, bot_of](const std::shared_ptr<Request>& request,
                                        Responder respond) {
    const BotSetup* const bot = bot_of(*request, false);
    if (!bot) return respond(problem("not-found", "there is no such bot"));
    if (bot->describe["kind"].text() == "output")
      return respond(problem("conflict", bot->id + " has no destinations"));
    pipeline();
    const std::string path = request->value("path");
    Json urls = Json::array();
    if (request->method == "PUT") {
      const auto body = Json::parse(request->body);
      std::vector<FieldError> errors;
      if (!body || !body->is_array()) errors.push_back({"#", "type", "expected a list of ends"});
      for (std::size_t i = 0; body && i < body->items().size(); ++i)
        if (auto url = url_of(body->items()[i], "#/" + std::to_string(i), false, "", errors))
          urls.push(*url);
      if (!errors.empty())
        return respond(
            Problem{"validation", "the body does not fit", errors, Json::object(), {}}.response());
    } else if (path == "_default") {
      return respond(problem("conflict", "events without a path need _default"));
    } else if (get(*request).body == "[]\n") {
      return respond(problem("not-found", "the path leads nowhere as it is"));
    }
    change(request, std::move(respond),
           {{bot->id, Json::object().set("destination", destinations_with(*bot, path, urls))}},
           "the destinations of " + path + " were changed");
  };
  router.add(Route{"PUT", source_path, Scope::config, Body::json, put_source, true, true});
  router.add(Route{"PUT", destination_path, Scope::config, Body::list, put_paths, true, true});
  router.add(Route{"DELETE", destination_path, Scope::config, Body::none, put_paths, true, true});
}

void PipelineApi::add_routes(Router& router) {
  router.add("GET", "/api/v1/pipeline", Scope::read,
             [this](const Request& request) { return get(request); });
  router.add(Route{"PUT", "/api/v1/pipeline", Scope::config, Body::json,
                   [this](const std::shared_ptr<Request>& request, Responder respond) {
                     pipeline();
                     put(request, std::move(respond));
                   },
                   true, false});
  add_end_routes(router);
  add_broker_routes(router);
  add_queue_routes(router);
}

}  // namespace intelmq::serve
