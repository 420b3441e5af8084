// SPDX-License-Identifier: Apache-2.0
#include "serve/health.hpp"

#include <algorithm>
#include <cmath>

#include "base/text.hpp"
#include "serve/clock.hpp"

namespace intelmq::serve {
namespace {

constexpr std::string_view health_type = "application/health+json";

/// The key of the draft, "component:measurement".
std::string key_of(const Check& check, const Facts& facts) {
  if (check.name == "data_age") return check.subject + ":age";
  if (check.name == "data_update") return check.subject + ":update";
  if (check.name == "self_test") return check.subject + ":result";
  if (check.name == "queue_depth") return "queue:depth";
  if (check.name == "queue_growth") return "queue:growth";
  if (check.name == "queue_connection") {
    for (const QueueFacts& queue : facts.queues)
      if (check.subject.rfind(queue.name, 0) == 0)
        return queue.url.substr(0, queue.url.find(':')) + ":connection";
    return "queue:connection";
  }
  if (check.name == "security") return "serve:security";
  if (check.name == "service") return "serve:" + check.subject;
  if (check.name == "bot_state") return "bot:state";
  if (check.name == "bot_restarts") return "bot:restarts";
  if (check.name == "bot_ready") return "bot:ready";
  return "bot:" + std::string(check.name);  // heartbeat, error_rate, no_data
}

Json check_json(const Check& check, const Facts& facts) {
  Json out = Json::object();
  out.set("componentId", check.subject);
  if (check.value) {
    const bool whole = *check.value == std::floor(*check.value) && std::abs(*check.value) < 1e15;
    out.set("observedValue", whole ? Json(static_cast<std::int64_t>(*check.value)) : *check.value);
    if (!check.unit.empty()) out.set("observedUnit", check.unit);
  }
  out.set("status", name_of(check.status));
  out.set("time", time_text(facts.now));
  out.set("output", check.symptom);
  if (check.since > 0) out.set("since", time_text(check.since));
  if (!check.ignored.empty()) out.set("ignored", check.ignored);
  return out;
}

Response health_response(const Json& body, Status status, int warn_status) {
  Response out = Response::json(body, status == Status::fail   ? 503
                                      : status == Status::warn ? warn_status
                                                               : 200);
  out.type = health_type;
  return out;
}

/// One thing that must be so for a probe to pass.
struct Condition {
  std::string name;
  Status status;
  std::string text;
};

Response probe(const std::vector<Condition>& conditions, const ProbeQuery& query) {
  Status worst = Status::pass;
  Json checks = Json::object();
  for (const Condition& condition : conditions) {
    const bool excluded = std::find(query.exclude.begin(), query.exclude.end(), condition.name) !=
                          query.exclude.end();
    if (!excluded) worst = std::max(worst, condition.status);
    Json one = Json::object().set("status", name_of(condition.status));
    if (!condition.text.empty()) one.set("output", condition.text);
    if (excluded) one.set("excluded", true);
    checks.set(condition.name + ":state", Json::array().push(std::move(one)));
  }
  Json body = Json::object().set("status", name_of(worst));
  if (query.verbose) body.set("checks", std::move(checks));
  return health_response(body, worst, query.warn_status);
}

Condition lifecycle(const Facts& facts, bool paused_is_ready) {
  const bool ready = facts.state == "running" || facts.state == "reloading" ||
                     (paused_is_ready && (facts.state == "paused" || facts.state == "pausing"));
  return {"lifecycle", ready ? Status::pass : Status::fail, "the service is " + facts.state};
}

Condition bots_ready(const Facts& facts, bool paused_is_ready) {
  for (const BotFacts& bot : facts.bots) {
    const bool held = paused_is_ready && (bot.state == "paused" || bot.state == "pausing");
    if (!bot.ready && !held)
      return {"bots", Status::fail, "bot " + bot.id + " is not ready: " + bot.state};
  }
  return {"bots", Status::pass, ""};
}

Condition queues_reachable(const Facts& facts) {
  for (const QueueFacts& queue : facts.queues)
    if (!queue.reachable)
      return {"queues", Status::fail, "queue " + queue.name + " cannot be reached"};
  return {"queues", Status::pass, ""};
}

Condition data_usable(const Facts& facts) {
  Condition out{"data", Status::pass, ""};
  for (const DataFacts& data : facts.data) {
    const bool unusable = data.state == "missing" || data.state == "expired";
    const bool old = data.state == "ageing" || data.state == "stale";
    const Status status = unusable && data.required ? Status::fail
                          : unusable || old         ? Status::warn
                                                    : Status::pass;
    if (status <= out.status) continue;
    out.status = status;
    out.text = data.name + " is " + data.state;
  }
  return out;
}

}  // namespace

Response health(const Facts& facts, const std::vector<Check>& checks, std::string_view bot) {
  const Status worst = worst_of(checks, bot);
  Json body = Json::object();
  body.set("status", name_of(worst));
  body.set("version", "1");
  body.set("releaseId", facts.version);
  body.set("serviceId", facts.instance);
  body.set("description", bot.empty() ? facts.service : facts.service + ": " + std::string(bot));
  std::vector<std::pair<std::string, Json>> groups;
  for (const Check& check : checks) {
    if (!concerns(check, bot)) continue;
    const std::string key = key_of(check, facts);
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const auto& entry) { return entry.first == key; });
    if (group == groups.end()) group = groups.insert(groups.end(), {key, Json::array()});
    group->second.push(check_json(check, facts));
  }
  Json list = Json::object();
  for (auto& [key, group] : groups) list.set(key, std::move(group));
  body.set("checks", std::move(list));
  return health_response(body, worst, 200);
}

Result<ProbeQuery> ProbeQuery::read(const Request& request, bool verbose_allowed) {
  ProbeQuery out;
  for (const auto& [name, value] : request.query) {
    if (name == "exclude") {
      for (std::string& part : split_names(value)) out.exclude.push_back(std::move(part));
    } else if (name == "verbose") {
      out.verbose = verbose_allowed;
    } else if (name == "warn") {
      if (value != "200" && value != "429")
        return fail("warn is " + quote_for_message(value) + "; it may be 200 or 429");
      out.warn_status = value == "429" ? 429 : 200;
    }
  }
  return out;
}

Response livez(const ProbeQuery& query) { return probe({{"loop", Status::pass, ""}}, query); }

Response startupz(const Facts& facts, const ProbeQuery& query) {
  return probe({{"startup", facts.startup_done ? Status::pass : Status::fail, ""}}, query);
}

Response readyz(const Facts& facts, const ProbeQuery& query, bool paused_is_ready) {
  return probe({lifecycle(facts, paused_is_ready), bots_ready(facts, paused_is_ready),
                queues_reachable(facts), data_usable(facts)},
               query);
}

}  // namespace intelmq::serve
