// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "base/text.hpp"
#include "serve/alerts.hpp"
#include "serve/formats.hpp"
#include "serve/health.hpp"
#include "serve/metrics.hpp"
#include "serve/monitoring.hpp"
#include "serve/pages.hpp"
#include "serve/stats.hpp"

namespace intelmq::serve {
namespace {

using SharedRequest = std::shared_ptr<Request>;

Response no_bot(const Request& request) {
  return problem("not-found", "there is no bot " + quote_for_message(request.value("bot")));
}

/// A GET of the service and of each bot.
void add_view(Router& router, Monitoring& monitoring, const char* path, bool per_bot,
              Response (*show)(Monitoring&, const Facts&, const Request&)) {
  router.add(
      "GET", path, Scope::read,
      [&monitoring, show](const Request& request) {
        const Facts facts = monitoring.parts.facts();
        const std::string& bot = request.value("bot");
        const bool known =
            bot.empty() || std::any_of(facts.bots.begin(), facts.bots.end(),
                                       [&](const BotFacts& one) { return one.id == bot; });
        return known ? show(monitoring, facts, request) : no_bot(request);
      },
      Body::none, per_bot);
}

Response show_health(Monitoring& monitoring, const Facts& facts, const Request& request) {
  return health(facts, monitoring.check(facts), request.value("bot"));
}

Response show_stats(Monitoring&, const Facts& facts, const Request& request) {
  return Response::json(stats_json(facts, request.value("bot")));
}

Response show_alerts(Monitoring& monitoring, const Facts& facts, const Request& request) {
  return Response::json(alerts_json(monitoring.check(facts), request.value("bot")));
}

Response show_thresholds(Monitoring& monitoring, const Facts&, const Request& request) {
  return Response::json(monitoring.thresholds.of(request.value("bot")).json());
}

Response show_checkmk(Monitoring& monitoring, const Facts& facts, const Request& request) {
  const std::string host = request.parameter("piggyback").value_or("");
  if (request.parameter("piggyback") && !is_checkmk_host(host))
    return problem("malformed-request", "piggyback is " + quote_for_message(host) +
                                            "; a host's name may have A-Z, a-z, 0-9, '.' and '-'");
  return Response::text(checkmk_section(facts, monitoring.check(facts), host));
}

Response show_nagios(Monitoring& monitoring, const Facts& facts, const Request& request) {
  const PluginResult result = plugin_result(facts, monitoring.check(facts), request.value("bot"));
  return Response::text(result.line() + "\n").with("X-Plugin-Exit", std::to_string(result.exit));
}

/// The body as JSON; nothing: it was answered why not.
std::optional<Json> body_of(const Request& request, const Responder& respond) {
  auto body = Json::parse(request.body);
  if (body) return std::move(*body);
  respond(problem("malformed-request", "the body is no JSON: " + body.error().text));
  return std::nullopt;
}

void put_thresholds(Monitoring& monitoring, const SharedRequest& request,
                    const Responder& respond) {
  const std::string& bot = request->value("bot");
  const Facts facts = monitoring.parts.facts();
  if (!bot.empty() && std::none_of(facts.bots.begin(), facts.bots.end(),
                                   [&](const BotFacts& one) { return one.id == bot; }))
    return respond(no_bot(*request));
  const auto body = body_of(*request, respond);
  if (!body) return;
  auto parsed = Thresholds::parse(*body);
  if (!parsed) return respond(parsed.error().response());
  const auto changed = std::make_shared<ThresholdBook>();
  monitoring.threshold_writer.change(
      [&monitoring, changed, bot, thresholds = std::move(*parsed)] {
        *changed = monitoring.thresholds;
        changed->set(bot, thresholds);
        return changed->text();
      },
      [&monitoring, changed, bot, respond](const Result<void>& written) {
        if (!written) return respond(problem("insufficient-storage", written.error().text));
        monitoring.thresholds = std::move(*changed);
        respond(Response::json(monitoring.thresholds.of(bot).json()));
      });
}

// callbacks

constexpr const char* callbacks_path = "/api/v1/monitoring/callbacks";
constexpr const char* callback_path = "/api/v1/monitoring/callbacks/{id}";

using CallbackHandler = void (*)(Callbacks&, const Callbacks::Shared&, const SharedRequest&,
                                 const Responder&);

/// A route of one callback, which is there.
void add_callback_route(Router& router, Monitoring& monitoring, const char* method,
                        const std::string& path, Scope scope, Body body, CallbackHandler handler) {
  Route route;
  route.method = method;
  route.pattern = path;
  route.scope = scope;
  route.body = body;
  route.audited = route.method != "GET";
  route.handler = [&monitoring, handler](const SharedRequest& request, const Responder& respond) {
    const std::string& id = request->value("id");
    const Callbacks::Shared callback = monitoring.callbacks.find(id);
    if (!callback)
      return respond(problem("not-found", "there is no callback " + quote_for_message(id)));
    handler(monitoring.callbacks, callback, request, respond);
  };
  router.add(std::move(route));
}

void post_callback(Monitoring& monitoring, const SharedRequest& request, const Responder& respond) {
  const auto body = body_of(*request, respond);
  if (!body) return;
  monitoring.callbacks.put("", *body, [respond](Answer<Callbacks::Shared> made) {
    if (!made) return respond(made.error().response());
    respond(Response::json((*made)->json(), 201)
                .with("Location", std::string(callbacks_path) + "/" + (*made)->id));
  });
}

void get_callback(Callbacks&, const Callbacks::Shared& callback, const SharedRequest&,
                  const Responder& respond) {
  respond(Response::json(callback->json()));
}

void put_callback(Callbacks& callbacks, const Callbacks::Shared& callback,
                  const SharedRequest& request, const Responder& respond) {
  const auto body = body_of(*request, respond);
  if (!body) return;
  callbacks.put(callback->id, *body, [respond](Answer<Callbacks::Shared> made) {
    respond(made ? Response::json((*made)->json()) : made.error().response());
  });
}

void delete_callback(Callbacks& callbacks, const Callbacks::Shared& callback, const SharedRequest&,
                     const Responder& respond) {
  callbacks.remove(callback->id, [respond](const Answer<void>& done) {
    respond(done ? Response::empty() : done.error().response());
  });
}

void test_callback(Callbacks& callbacks, const Callbacks::Shared& callback, const SharedRequest&,
                   const Responder& respond) {
  callbacks.test(callback, [respond](const Delivery& delivery) {
    if (delivery.delivered) return respond(Response::json(delivery.json()));
    Problem failed{"upstream-failed", delivery.detail, {}, Json::object(), {}};
    failed.members.set("delivery", delivery.json());
    respond(failed.response());
  });
}

void get_deliveries(Callbacks&, const Callbacks::Shared& callback, const SharedRequest& request,
                    const Responder& respond) {
  respond(paged(*request, callback->deliveries.begin(), callback->deliveries.end(),
                [](const Delivery& delivery) { return delivery.json(); }));
}

void add_callback_routes(Router& router, Monitoring& monitoring) {
  router.add("GET", callbacks_path, Scope::read, [&monitoring](const Request& request) {
    const auto& all = monitoring.callbacks.all();
    return paged(request, all.begin(), all.end(),
                 [](const auto& entry) { return entry.second->json(); });
  });
  Route post;
  post.method = "POST";
  post.pattern = callbacks_path;
  post.scope = Scope::config;
  post.body = Body::json;
  post.audited = true;
  post.handler = [&monitoring](const SharedRequest& request, const Responder& respond) {
    post_callback(monitoring, request, respond);
  };
  router.add(std::move(post));
  const std::string one = callback_path;
  add_callback_route(router, monitoring, "GET", one, Scope::read, Body::none, get_callback);
  add_callback_route(router, monitoring, "PUT", one, Scope::config, Body::json, put_callback);
  add_callback_route(router, monitoring, "DELETE", one, Scope::config, Body::none, delete_callback);
  add_callback_route(router, monitoring, "POST", one + "/test", Scope::config, Body::json,
                     test_callback);
  add_callback_route(router, monitoring, "GET", one + "/deliveries", Scope::read, Body::none,
                     get_deliveries);
}

// probes

using Probe = Response (*)(const Facts&, const ProbeQuery&, bool paused_is_ready);

void add_probe(Router& router, Monitoring& monitoring, const char* path, Probe probe) {
  router.add("GET", path, Scope::none, [&monitoring, probe](const Request& request) {
    const auto query = ProbeQuery::read(request, request.actor.scopes.has(Scope::read));
    if (!query) return problem("malformed-request", query.error().text);
    return probe(monitoring.parts.facts(), *query, monitoring.parts.paused_is_ready);
  });
}

}  // namespace

void add_monitoring_routes(Router& router, Monitoring& monitoring) {
  add_view(router, monitoring, "/api/v1/health", true, show_health);
  add_view(router, monitoring, "/api/v1/stats", true, show_stats);
  add_view(router, monitoring, "/api/v1/alerts", true, show_alerts);
  add_view(router, monitoring, "/api/v1/monitoring/thresholds", true, show_thresholds);
  add_view(router, monitoring, "/api/v1/monitoring/checkmk", false, show_checkmk);
  add_view(router, monitoring, "/api/v1/monitoring/nagios", true, show_nagios);
  Route put;
  put.method = "PUT";
  put.pattern = "/api/v1/monitoring/thresholds";
  put.scope = Scope::config;
  put.body = Body::json;
  put.audited = true;
  put.per_bot = true;
  put.handler = [&monitoring](const SharedRequest& request, const Responder& respond) {
    put_thresholds(monitoring, request, respond);
  };
  router.add(std::move(put));
  add_callback_routes(router, monitoring);
}

void add_probe_routes(Router& router, Monitoring& monitoring) {
  add_probe(router, monitoring, "/livez",
            [](const Facts&, const ProbeQuery& query, bool) { return livez(query); });
  add_probe(router, monitoring, "/startupz", [](const Facts& facts, const ProbeQuery& query, bool) {
    return startupz(facts, query);
  });
  add_probe(router, monitoring, "/readyz", readyz);
  router.add("GET", "/metrics", Scope::none, [&monitoring](const Request& request) {
    const bool open = wants_openmetrics(request.header("accept"));
    return Response::text(metrics(monitoring.parts.facts(), monitoring.parts.http, open),
                          std::string(open ? openmetrics_type : prometheus_type))
        .with("Vary", "Accept");
  });
  router.add("GET", "/api", Scope::none, [](const Request&) {
    return Response::json(Json::object().set(
        "versions",
        Json::array().push(
            Json::object().set("version", "v1").set("href", "/api/v1").set("status", "current"))));
  });
}

}  // namespace intelmq::serve
