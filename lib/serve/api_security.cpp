// SPDX-License-Identifier: Apache-2.0
#include "serve/api_security.hpp"

#include <charconv>

#include "base/text.hpp"
#include "serve/grants.hpp"
#include "serve/problem.hpp"

namespace intelmq::serve {
namespace {

constexpr std::size_t most_records = 500;

Json optional(const std::string& text) { return text.empty() ? Json() : Json(text); }

Response whoami(const Request& request) {
  Json scopes = Json::array();
  for (const std::string& name : names_of(request.actor.scopes)) scopes.push(name);
  return Response::json(Json::object()
                            .set("kind", request.actor.kind)
                            .set("name", request.actor.name)
                            .set("client_id", optional(request.actor.client))
                            .set("issuer", optional(request.actor.issuer))
                            .set("address", request.peer.address)
                            .set("scopes", std::move(scopes)));
}

/// What the query asks for; nothing: it makes no sense.
std::optional<AuditQuery> read_query(const Request& request) {
  AuditQuery out;
  const auto since = request.parameter("since");
  out.since = since.value_or("");
  out.actor = request.parameter("actor").value_or("");
  const std::string limit = request.parameter("limit").value_or("100");
  const auto [end, bad] = std::from_chars(limit.data(), limit.data() + limit.size(), out.limit);
  // Times are compared as texts, so they have to be of one kind.
  const bool time = !since || (out.since.size() >= 10 && out.since.size() <= 30 &&
                               out.since.find_first_not_of("0123456789-:.TZ") == std::string::npos);
  const bool number = bad == std::errc() && end == limit.data() + limit.size();
  if (!time || !number || out.limit < 1 || out.limit > most_records) return std::nullopt;
  return out;
}

void read_audit(Audit* audit, const Request& request, const Responder& respond) {
  if (!audit) return respond(problem("not-found", "There is no audit log."));
  auto query = read_query(request);
  if (!query)
    return respond(problem("malformed-request",
                           "Take since=2027-01-31T00:00:00Z, actor=NAME, limit=1 to 500."));
  audit->read(std::move(*query), [respond](Result<std::vector<Json>> records) {
    if (!records) return respond(problem("internal", "The audit log cannot be read."));
    Json items = Json::array();
    for (Json& record : *records) items.push(std::move(record));
    respond(Response::json(Json::object().set("items", std::move(items)).set("next", nullptr)));
  });
}

}  // namespace

void add_security_routes(Router& router, Access& access, Audit* audit) {
  router.add("GET", "/api/v1/whoami", Scope::any, whoami);
  router.add("GET", "/api/v1/auth", Scope::admin,
             [&access](const Request&) { return Response::json(access.status()); });
  router.add(Route{"GET", "/api/v1/audit", Scope::admin, Body::none,
                   [audit](const std::shared_ptr<Request>& request, const Responder& respond) {
                     read_audit(audit, *request, respond);
                   }});
  router.add("GET", "/.well-known/oauth-protected-resource", Scope::none,
             [&access](const Request& request) {
               const auto document = access.metadata(request);
               return document ? Response::json(*document)
                               : problem("not-found", "There is no OpenID provider.");
             });
}

}  // namespace intelmq::serve
