// SPDX-License-Identifier: Apache-2.0
// How many instances of the pipeline there are, and how many there should be.
#include <algorithm>
#include <cmath>

#include "serve/brokers.hpp"
#include "serve/sections.hpp"

namespace intelmq::serve {
namespace {

/// Why there can be only one; empty: there can be more.
std::string why_single(const Sections& s) {
  for (const BotSetup& bot : s.service.all()) {
    const std::string& mode = bot.describe["scaling"]["mode"].text();
    if (mode == "singleton")
      return bot.id + " is a singleton: a second one would do its work twice";
    if (mode == "partitioned")
      return bot.id + " remembers events of its own: instances would need the same events by key";
    if (mode == "shared-state") {
      const std::string& where = bot.describe["state"]["path"].text();
      const std::string name = where.substr(std::min(where.size(), std::size_t{10}));
      if (!bot.settings[name].text().starts_with("redis"))
        return bot.id + " keeps what it remembers in a place of its own; let it use Redis";
    }
  }
  const BotSetup& first = s.service.all().front();
  const std::string& source = first.settings["source"].text();
  const std::string type = place_of(source).broker.type;
  if (first.describe["kind"].text() == "collector")
    return first.id + " is a collector: a second one would collect the same";
  if (type == "stdio" || type == "file" || type == "dir")
    return "the source " + (source.empty() ? "-" : source) + " can be read by one at a time";
  return {};
}

Json document(const Sections& s) {
  const Facts facts = s.facts();
  const std::string single = why_single(s);
  const unsigned now = s.service.instances();
  const std::int64_t most = single.empty() ? s.max_instances : 1;
  double depth = 0, growth = 0, busiest = 0, rate = 0;
  std::string busy_bot;
  for (const QueueFacts& queue : facts.queues)
    if (queue.role == "source") {
      depth += static_cast<double>(queue.depth.value_or(0));
      growth += queue.growth;
    }
  for (const BotFacts& bot : facts.bots) {
    if (bot.busy >= busiest) {
      busiest = bot.busy;
      busy_bot = bot.id;
    }
    if (&bot == &facts.bots.front()) rate = bot.rate_1m;
  }
  const bool behind = growth > 0 && depth > 0 && busiest > 0.8;
  std::int64_t wanted = now;
  std::string why = "the queue does not grow, or the bots have time to spare";
  if (behind) {
    // What comes in is what goes out and what is left over.
    const double needed = rate > 0 ? (rate + growth) / rate : 2;
    wanted =
        std::clamp<std::int64_t>(static_cast<std::int64_t>(std::ceil(now * needed)), now, most);
    why = busy_bot + " works all the time and the queue grows by " +
          std::to_string(static_cast<std::int64_t>(std::ceil(growth))) + " messages per second";
    if (!single.empty()) why += "; but " + single;
  }
  return Json::object()
      .set("instances", static_cast<std::int64_t>(now))
      .set("max", most)
      .set("scalable", single.empty())
      .set("limits", single.empty() ? "stateless" : single)
      .set("signals", Json::object()
                          .set("queue_depth", depth)
                          .set("queue_growth_per_s", growth)
                          .set("utilisation", busiest)
                          .set("busy_bot", busy_bot.empty() ? Json() : Json(busy_bot)))
      .set("advice", Json::object()
                         .set("bottleneck", behind)
                         .set("suggest_instances", wanted)
                         .set("why", why));
}

void put(const Sections& s, const std::shared_ptr<Request>& request, Responder respond) {
  auto body = object_in(*request, {"instances"});
  if (!body) return respond(body.error().response());
  const auto wanted = (*body)["instances"].integer();
  if (!(*body)["instances"].is_number() || !wanted || *wanted < 1 || *wanted > 256)
    return respond(Problem{
        "validation",
        "the body does not fit",
        {{"#/instances", "value", "expected a number from 1 to 256"}},
        Json::object(),
        {}}.response());
  if (*wanted > 1) {
    if (const std::string why = why_single(s); !why.empty())
      return respond(problem("not-scalable", why));
  }
  if (*wanted > s.max_instances)
    return respond(problem("partition-limit", "this service may have " +
                                                  std::to_string(s.max_instances) +
                                                  " instances (--max-instances)"));
  s.operations.run(*request, std::move(respond), "scale", [&s, wanted = *wanted](Then<Json> then) {
    s.service.scale(static_cast<unsigned>(wanted), [&s, then](const Answer<Json>& answer) {
      then(answer ? Answer<Json>(document(s)) : answer);
    });
  });
}

}  // namespace

void add_scale_routes(Router& router, const Sections& s) {
  router.add("GET", "/api/v1/scale", Scope::read,
             [&s](const Request&) { return Response::json(document(s)); });
  router.add(Route{"PUT", "/api/v1/scale", Scope::control, Body::json,
                   [&s](const std::shared_ptr<Request>& request, Responder respond) {
                     put(s, request, std::move(respond));
                   },
                   true, false});
}

}  // namespace intelmq::serve
