// SPDX-License-Identifier: Apache-2.0
// The section of the API on external data.
#include <algorithm>
#include <cmath>

#include "base/sha256.hpp"
#include "base/text.hpp"
#include "serve/clock.hpp"
#include "serve/data_entry.hpp"
#include "serve/pages.hpp"
#include "serve/sections.hpp"

namespace intelmq::serve {
namespace {

Json text_or_null(const std::string& text) { return text.empty() ? Json() : Json(text); }

std::optional<Response> stale_tag(const Request& request, const std::string& tag, bool required) {
  const std::string_view wanted = request.header("If-Match");
  if (wanted.empty()) {
    if (!required) return std::nullopt;
    return problem("precondition-required", "send If-Match with the ETag that GET gave");
  }
  for (const std::string_view one : split(wanted, ','))
    if (trim(one) == "*" || trim(one) == tag) return std::nullopt;
  return problem("precondition-failed", "the policy has changed; its ETag is " + tag)
      .with("ETag", tag);
}

/// The switch `force` of an update's body.
Answer<bool> force_in(const Request& request) {
  const auto body = object_in(request, {"force"});
  if (!body) return tl::unexpected(body.error());
  const Json& force = (*body)["force"];
  if (force.is_null() || force.is_boolean()) return force.boolean();
  return tl::unexpected(Problem{"validation",
                                "the body does not fit",
                                {{"#/force", "type", "expected true or false"}},
                                Json::object(),
                                {}});
}

}  // namespace

std::string DataKeeper::Entry::etag() const {
  return '"' + sha256_hex(policy.document().dump()).substr(0, 16) + '"';
}

Json DataKeeper::document(const Entry& entry) const {
  const double now = unix_time();
  Json rule = Json::object();
  for (const auto& [name, limit] :
       {std::pair{"warn", entry.rule.warn}, {"max", entry.rule.max}, {"expire", entry.rule.expire}})
    if (limit.value.count() > 0) rule.set(name, limit.iso_text());
  const bool dated = entry.copy.there && entry.copy.build_time > 0;
  Json bots = Json::array();
  for (const std::string& bot : entry.bots) bots.push(bot);
  return Json::object()
      .set("name", entry.name)
      .set("bot", entry.bots.front())
      .set("bots", std::move(bots))
      .set("state", entry.busy ? std::string_view("updating") : name_of(entry.freshness(now)))
      .set("required", entry.rule.required)
      .set("build_time", dated ? time_text(entry.copy.build_time) : Json())
      .set("age_s", dated ? Json(static_cast<std::int64_t>(
                                std::max(0.0, std::floor(now - entry.copy.build_time))))
                          : Json())
      .set("rule", std::move(rule))
      .set("path", entry.path)
      .set("type", text_or_null(entry.copy.type))
      .set("bytes", entry.copy.there ? Json(static_cast<std::int64_t>(entry.copy.size)) : Json())
      .set("sha256", text_or_null(entry.copy.sha256))
      .set("last_check", time_text(entry.last_check))
      .set("last_update", time_text(entry.last_update))
      .set("next_check", entry.policy.automatic ? time_text(entry.next_check) : Json())
      .set("last_error",
           text_or_null(entry.last_error.empty() ? entry.copy.error : entry.last_error));
}

Response DataKeeper::list(const Request& request) const {
  const std::string& bot = request.value("bot");
  if (!bot.empty() && !bots_.find(bot))
    return problem("not-found", "there is no bot " + quote_for_message(bot));
  std::vector<std::shared_ptr<Entry>> wanted;
  for (const auto& entry : entries_)
    if (bot.empty() || std::count(entry->bots.begin(), entry->bots.end(), bot))
      wanted.push_back(entry);
  return paged(request, wanted.begin(), wanted.end(),
               [this](const auto& entry) { return document(*entry); });
}

Response DataKeeper::policy(const Entry& entry) const {
  return Response::json(entry.policy.document()).with("ETag", entry.etag());
}

void DataKeeper::set_policy(const std::shared_ptr<Entry>& entry, const Request& request,
                            Responder respond) {
  if (read_only_)
    return respond(problem("config-readonly", "the service was started with --config-readonly"));
  if (auto refused = stale_tag(request, entry->etag(), require_if_match_))
    return respond(std::move(*refused));
  const auto body = Json::parse(trim(request.body).empty() ? "{}" : request.body);
  if (!body)
    return respond(problem("malformed-request", "the body is no JSON: " + body.error().text));
  if (!body->is_object()) return respond(problem("validation", "the body has to be an object"));
  auto read = read_policy(*body, entry->rule);
  if (!read) return respond(read.error().response());
  const DataPolicy before = entry->policy;
  const bool had_own = entry->own_policy;
  const bool elsewhere = !(read->source == before.source);
  entry->policy = std::move(*read);
  entry->own_policy = true;
  if (elsewhere) entry->not_before = 0;
  save([this, entry, before, had_own, respond = std::move(respond)](bool good) {
    if (!good) {
      entry->policy = before;
      entry->own_policy = had_own;
      return respond(problem("insufficient-storage",
                             options_.state_directory + ": the policy cannot be saved"));
    }
    plan(*entry, std::min(entry->policy.interval, entry->policy.jitter).milliseconds());
    respond(policy(*entry));
  });
}

void DataKeeper::add_routes(Router& router, Operations& operations, bool read_only,
                            bool require_if_match) {
  read_only_ = read_only;
  require_if_match_ = require_if_match;
  using Shared = std::shared_ptr<Request>;
  using With = std::function<void(const std::shared_ptr<Entry>&, const Shared&, Responder)>;
  const auto on_entry = [this](With with) -> Handler {
    return [this, with = std::move(with)](const Shared& request, Responder respond) {
      const auto entry = find(request->value("name"));
      const std::string& bot = request->value("bot");
      if (!entry || (!bot.empty() && std::count(entry->bots.begin(), entry->bots.end(), bot) == 0))
        return respond(problem(
            "not-found", "there is no data called " + quote_for_message(request->value("name"))));
      with(entry, request, std::move(respond));
    };
  };
  router.add(
      "GET", "/api/v1/data", Scope::read, [this](const Request& request) { return list(request); },
      Body::none, true);
  router.add(Route{"GET", "/api/v1/data/{name}", Scope::read, Body::none,
                   on_entry([this](const auto& entry, const auto&, const Responder& respond) {
                     respond(Response::json(document(*entry)));
                   }),
                   false, true});
  router.add(Route{"POST", "/api/v1/data/{name}/check", Scope::config, Body::json,
                   on_entry([this, &operations](const auto& entry, const Shared& request,
                                                const Responder& respond) {
                     operations.run(*request, respond, "data-check",
                                    [this, entry](const Then<Json>& then) {
                                      act(entry, Action::check, 2, then);
                                    });
                   }),
                   true});
  router.add(Route{"POST", "/api/v1/data/{name}/update", Scope::config, Body::json,
                   on_entry([this, &operations](const auto& entry, const Shared& request,
                                                const Responder& respond) {
                     const auto force = force_in(*request);
                     if (!force) return respond(force.error().response());
                     operations.run(*request, respond, "data-update",
                                    [this, entry, force = *force](const Then<Json>& then) {
                                      act(entry, force ? Action::force : Action::update, 3, then);
                                    });
                   }),
                   true});
  router.add(Route{"GET", "/api/v1/data/{name}/policy", Scope::read, Body::none,
                   on_entry([this](const auto& entry, const auto&, const Responder& respond) {
                     respond(policy(*entry));
                   })});
  router.add(
      Route{"PUT", "/api/v1/data/{name}/policy", Scope::config, Body::json,
            on_entry([this](const auto& entry, const Shared& request, const Responder& respond) {
              set_policy(entry, *request, respond);
            }),
            true});
}

}  // namespace intelmq::serve
