// SPDX-License-Identifier: Apache-2.0
#include "serve/problem.hpp"

#include <algorithm>

namespace intelmq::serve {

const std::vector<ProblemKind>& problem_kinds() {
  static const std::vector<ProblemKind> kinds = {
      {"malformed-request", 400, "The request is malformed",
       "The HTTP, the JSON (a key given twice counts) or the query cannot be understood."},
      {"unauthenticated", 401, "Credentials are missing or not valid",
       "Send a valid token as 'Authorization: Bearer', or use a client certificate or the unix "
       "socket. Why a token was refused is in the audit log alone."},
      {"insufficient-scope", 403, "The credentials do not allow this",
       "The header WWW-Authenticate names the scope that is needed."},
      {"host-not-allowed", 403, "The Host header names a host that this service is not",
       "Use a name or address that the service was started with (--allow-host)."},
      {"cross-site", 403, "The request comes from a page of another site",
       "Browsers may call this API from its own page only."},
      {"config-readonly", 403, "The configuration cannot be changed through the API",
       "The service was started with --config-readonly; change its files and reload."},
      {"not-found", 404, "There is no such thing",
       "The path, or the name or id in it, is unknown."},
      {"method-not-allowed", 405, "The resource does not have this method",
       "The header Allow lists those it has."},
      {"not-acceptable", 406, "The resource cannot be had in the form asked for",
       "Ask for application/json, or leave the header Accept out."},
      {"state-conflict", 409, "The action is not allowed in this state",
       "`state` and `desired` say where things stand, `allowed` what can be done."},
      {"operation-in-progress", 409, "Another operation is running",
       "Wait for the operation that `operation` names, or stop the service, which ends it."},
      {"reload-rolled-back", 409, "The new configuration did not work and was taken back",
       "The bots run with the configuration from before; `detail` says what failed."},
      {"conflict", 409, "The thing is in use, or exists already", "`detail` names it."},
      {"not-scalable", 409, "The bot cannot run in several instances", "`detail` says why."},
      {"partition-limit", 409, "More instances than the source can feed",
       "`detail` has the limit."},
      {"length-required", 411, "The body has neither a length nor chunks",
       "Send Content-Length, or Transfer-Encoding: chunked."},
      {"precondition-failed", 412, "The resource has changed meanwhile",
       "Read it again: If-Match has to be its ETag of now."},
      {"payload-too-large", 413, "The body is longer than allowed", "`limit` has the bytes."},
      {"uri-too-long", 414, "The request line is longer than allowed", "The limit is 8 KiB."},
      {"unsupported-media-type", 415, "The body is of a type that is not taken here",
       "Send application/json; PATCH takes application/merge-patch+json."},
      {"validation", 422, "The request is well formed, but its content is wrong",
       "`errors` names each wrong member by a pointer."},
      {"precondition-required", 428, "If-Match is required",
       "The service was started with --require-if-match: send the ETag that you read."},
      {"rate-limited", 429, "Too many requests", "The header Retry-After says when to come again."},
      {"headers-too-large", 431, "The head of the request is longer than allowed",
       "The limits are 16 KiB and 64 fields."},
      {"internal", 500, "Something went wrong inside", "Find `request_id` in the log."},
      {"not-supported-by-bot", 501, "The bot cannot do this",
       "GET /api/v1/describe lists its capabilities."},
      {"upstream-failed", 502, "A server that is needed for this answered badly, or not at all",
       "`detail` names it."},
      {"bot-unavailable", 503, "The bot does not run, or is not ready",
       "GET /api/v1/status says why."},
      {"audit-unavailable", 503, "The audit log cannot be written, so nothing may be changed",
       "Make room where the log lies."},
      {"identity-unavailable", 503, "It cannot be told who asks",
       "The keys of the identity provider cannot be had; GET /api/v1/health says why."},
      {"bot-timeout", 504, "The bot did not answer in time", "It may be waiting for a server."},
      {"insufficient-storage", 507, "There is no room for this", "`detail` names the directory."}};
  return kinds;
}

Response Problem::response() const {
  const auto& kinds = problem_kinds();
  auto kind = std::find_if(kinds.begin(), kinds.end(),
                           [this](const ProblemKind& k) { return k.code == code; });
  if (kind == kinds.end())
    kind = std::find_if(kinds.begin(), kinds.end(),
                        [](const ProblemKind& k) { return k.code == "internal"; });
  Json body = Json::object();
  body.set("type", "/api/v1/problems/" + std::string(kind->code))
      .set("title", kind->title)
      .set("status", kind->status)
      .set("detail", detail)
      .set("code", kind->code);
  if (!errors.empty()) {
    Json list = Json::array();
    for (const FieldError& error : errors)
      list.push(Json::object()
                    .set("pointer", error.pointer)
                    .set("code", error.code)
                    .set("detail", error.detail));
    body.set("errors", std::move(list));
  }
  for (const auto& [name, value] : members.members()) body.set(name, value);
  Response out = Response::json(body, kind->status);
  out.type = "application/problem+json";
  out.headers = headers;
  return out;
}

Response problem(std::string_view code, std::string detail) {
  return Problem{code, std::move(detail), {}, Json::object(), {}}.response();
}

}  // namespace intelmq::serve
