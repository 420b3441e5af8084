// SPDX-License-Identifier: Apache-2.0
#include "serve/front.hpp"

#include <algorithm>
#include <exception>

#include "base/text.hpp"
#include "serve/front_rules.hpp"

namespace intelmq::serve {
namespace {

using std::string_view;

constexpr std::size_t longest_path = 512;  // of an audit record

Problem make(string_view code, std::string detail) {
  return {code, std::move(detail), {}, Json::object(), {}};
}

/// The header Allow for the methods a path has.
std::string allow(std::vector<std::string> methods) {
  if (std::find(methods.begin(), methods.end(), "GET") != methods.end())
    methods.emplace_back("HEAD");
  methods.emplace_back("OPTIONS");
  std::sort(methods.begin(), methods.end());
  methods.erase(std::unique(methods.begin(), methods.end()), methods.end());
  return join(methods, ", ");
}

/// Whom limits for failed logins count.
std::string origin_of(const Request& request) {
  if (request.peer.uid) return "uid:" + std::to_string(*request.peer.uid);
  return address_group(request.peer.address);
}

std::string name_of(const Actor& actor) {
  return actor.kind.empty() ? "nobody" : actor.kind + ":" + actor.name;
}

Json describe(const Actor& actor) {
  Json out = Json::object();
  if (actor.kind.empty()) return out;
  out.set("kind", actor.kind).set("name", actor.name);
  if (!actor.client.empty()) out.set("client_id", actor.client);
  if (!actor.issuer.empty()) out.set("iss", actor.issuer);
  if (!actor.token_digest.empty()) out.set("jti_sha256", actor.token_digest);
  return out;
}

bool is_answer_only(const Request& request) { return request.method == "GET"; }

}  // namespace

/// One request on its way. If a handler loses it, the audit log is told.
struct Front::Exchange {
  Exchange(Front& in, std::shared_ptr<Request> what, Responder answer)
      : front{in}, request{std::move(what)}, respond{std::move(answer)} {}
  Exchange(const Exchange&) = delete;
  Exchange& operator=(const Exchange&) = delete;
  ~Exchange() {
    if (intended && !answered)
      front.audit(*request, "outcome", Json::object().set("result", "lost"), {});
  }
  Front& front;
  std::shared_ptr<Request> request;
  Responder respond;
  const Route* route = nullptr;
  bool intended = false, answered = false;
};

Front::Front(const Router& router, Access* access, Audit* audit, Log& log, Options options)
    : router_{router},
      access_{access},
      audit_{audit},
      log_{log},
      options_{std::move(options)},
      requests_{options_.requests_per_second, 2 * options_.requests_per_second},
      failures_{options_.failed_logins_per_minute / 60, options_.failed_logins_per_minute},
      denials_{1, 60} {}

std::variant<const Route*, Front::Refusal> Front::rules(Request& request) const {
  if (!options_.any_host)
    if (auto wrong = check_host(request, options_.hosts)) return Refusal{*wrong, true};
  if (auto wrong = check_site(request)) return Refusal{*wrong, true};
  const bool options = request.method == "OPTIONS";
  if (options && request.path == "*")
    return Refusal{{}, false, {}, allow({"DELETE", "GET", "PATCH", "POST", "PUT"})};
  auto found = router_.find(request);
  if (auto* methods = std::get_if<std::vector<std::string>>(&found)) {
    if (methods->empty())
      return Refusal{make("not-found", "There is no " + quote_for_message(request.path) + ".")};
    if (options) return Refusal{{}, false, {}, allow(std::move(*methods))};
    Problem other = make("method-not-allowed", quote_for_message(request.path) + " has no method " +
                                                   quote_for_message(request.method) + ".");
    other.headers.emplace_back("Allow", allow(std::move(*methods)));
    return Refusal{std::move(other)};
  }
  const Route* route = std::get<const Route*>(found);
  if (auto wrong = check_content(request, route->body)) return Refusal{*wrong};
  // What succeeds without a body is told of in the other type alone.
  if (!is_answer_only(request) && !accepts(request, "application/json") &&
      !accepts(request, "application/problem+json"))
    return Refusal{not_acceptable("application/json")};
  return route;
}

HttpServer::Admission Front::admit(const Request& head) {
  Request request = head;
  const auto found = rules(request);
  if (const auto* refusal = std::get_if<Refusal>(&found)) return {false, refuse(request, *refusal)};
  const Route& route = *std::get<const Route*>(found);
  if (route.body != Body::file) return {};
  // Before a large body is taken from anybody it must be known who sends it.
  if (auto late = late_login(request)) return {false, refuse(request, {std::move(*late)})};
  const auto identity = identify(request);
  if (!identity) {
    access_->refresh([] {});
    return {false, refuse(request, {unknown_keys()})};
  }
  request.actor = identity->actor;
  if (auto refusal = allowed(request, route.scope, *identity))
    return {false, refuse(request, *refusal)};
  return {true, std::nullopt};
}

void Front::handle(const std::shared_ptr<Request>& request, const Responder& respond) {
  const auto found = rules(*request);
  if (const auto* refusal = std::get_if<Refusal>(&found))
    return respond(refuse(*request, *refusal));
  const auto exchange = std::make_shared<Exchange>(*this, request, respond);
  exchange->route = std::get<const Route*>(found);
  if (auto late = late_login(*request)) return respond(refuse(*request, {std::move(*late)}));
  if (auto identity = identify(*request)) return identified(exchange, *identity);
  access_->refresh([this, exchange] {
    Identity unknown;
    unknown.unknown = true;
    identified(exchange, identify(*exchange->request).value_or(unknown));
  });
}

std::optional<Identity> Front::identify(const Request& request) {
  if (access_) return access_->identify(request);
  Identity local;
  if (!request.peer.loopback) return local;
  local.actor.kind = "peer";
  local.actor.name =
      request.peer.uid ? "uid:" + std::to_string(*request.peer.uid) : request.peer.address;
  local.actor.scopes = Scopes::all();
  return local;
}

/// A credential from where too many wrong ones came lately is not even looked at.
std::optional<Problem> Front::late_login(const Request& request) {
  if (!request.has_header("authorization") || failures_.has(origin_of(request)))
    return std::nullopt;
  Problem late = make("rate-limited", "Too many credentials from this address were refused.");
  late.headers.emplace_back("Retry-After", std::to_string(failures_.wait()));
  return late;
}

Problem Front::unknown_keys() {
  Problem out = make("identity-unavailable", "The keys of the identity provider are not there.");
  out.headers.emplace_back("Retry-After", "5");
  return out;
}

Problem Front::challenge(const Request& request, string_view code, std::string detail,
                         std::string parameters) const {
  Problem out = make(code, std::move(detail));
  const std::string url = access_ ? access_->metadata_url(request) : "";
  if (!url.empty())
    parameters +=
        (parameters.empty() ? "resource_metadata=\"" : ", resource_metadata=\"") + url + '"';
  out.headers.emplace_back("WWW-Authenticate",
                           parameters.empty() ? "Bearer" : "Bearer " + parameters);
  return out;
}

std::optional<Front::Refusal> Front::allowed(const Request& request, Scope scope,
                                             const Identity& identity) {
  if (!identity.reason.empty()) {
    failures_.take(origin_of(request));
    if (options_.login_failed) options_.login_failed(identity.reason);
  }
  if (scope == Scope::none) return std::nullopt;
  if (identity.unknown) return Refusal{unknown_keys()};
  if (identity.actor.kind.empty()) {
    // One text whatever was wrong, so that nobody learns from it; the audit log knows more.
    if (identity.reason.empty())
      return Refusal{
          challenge(request, "unauthenticated", "Nobody may do this without logging in.", ""), true,
          identity.detail.empty() ? "no credentials" : identity.detail};
    return Refusal{challenge(request, "unauthenticated", "The credentials are not valid.",
                             "error=\"invalid_token\", error_description=\"The credentials are "
                             "not valid\""),
                   true, identity.detail};
  }
  // Reading is bounded by the connections that one address may have.
  if (request.method != "GET" && !requests_.take(name_of(identity.actor))) {
    Problem many = make("rate-limited", "Too many requests of " + name_of(identity.actor) + ".");
    many.headers.emplace_back("Retry-After", std::to_string(requests_.wait()));
    return Refusal{std::move(many)};
  }
  if (scope == Scope::any || identity.actor.scopes.has(scope)) return std::nullopt;
  const std::string name(serve::name_of(scope));
  return Refusal{challenge(request, "insufficient-scope", "This needs the scope " + name + ".",
                           "error=\"insufficient_scope\", scope=\"" + name + '"'),
                 true, "has no " + name};
}

void Front::identified(const Shared& exchange, const Identity& identity) {
  Request& request = *exchange->request;
  request.actor = identity.actor;
  auto refusal = allowed(request, exchange->route->scope, identity);
  const Body body = exchange->route->body;
  if (!refusal && (body == Body::json || body == Body::merge))
    if (auto wrong = check_json(request)) refusal = Refusal{std::move(*wrong)};
  if (refusal) return exchange->respond(refuse(request, *refusal));
  if (!exchange->route->audited) return run(exchange);
  audit(request, "intent", Json::object().set("decision", "allow"), [exchange](bool written) {
    Front& front = exchange->front;
    if (!written && !front.options_.audit_optional)
      return exchange->respond(front.refuse(
          *exchange->request,
          {make("audit-unavailable", "The audit log cannot be written: nothing was done.")}));
    exchange->intended = true;
    front.run(exchange);
  });
}

void Front::run(const Shared& exchange) {
  try {
    exchange->route->handler(exchange->request, [exchange](Response response) {
      exchange->front.answer(exchange, std::move(response));
    });
  } catch (const std::exception& error) {
    log_.error("request " + exchange->request->id + ": " + error.what());
    answer(exchange, problem("internal", "The log has more under the id of this request."));
  }
}

void Front::answer(const Shared& exchange, Response response) {
  if (exchange->answered) return;
  exchange->answered = true;
  const Request& request = *exchange->request;
  if (is_answer_only(request) && response.status == 200 && !accepts(request, response.type))
    response = not_acceptable(response.type).response();
  note(request, response.status);
  if (!exchange->route->audited) return exchange->respond(std::move(response));
  Json outcome = Json::object().set("status", response.status);
  for (const auto& [name, value] : request.audit.members()) outcome.set(name, value);
  auto kept = std::make_shared<Response>(std::move(response));
  audit(request, "outcome", outcome,
        [exchange, kept](bool) { exchange->respond(std::move(*kept)); });
}

Response Front::refuse(const Request& request, const Refusal& refusal) {
  Response response = refusal.options.empty() ? refusal.what.response()
                                              : Response::empty().with("Allow", refusal.options);
  note(request, response.status);
  // Neither strangers nor readers may fill the audit log; who tries to change something is bounded
  // by the limit on requests.
  const bool known = !request.actor.kind.empty();
  if (!refusal.denied || ((!known || is_answer_only(request)) &&
                          !denials_.take(known ? name_of(request.actor) : origin_of(request))))
    return response;
  const std::string& why = refusal.why.empty() ? refusal.what.detail : refusal.why;
  audit(request, "denied",
        Json::object()
            .set("decision", "deny")
            .set("code", refusal.what.code)
            .set("reason", why)
            .set("status", response.status),
        {});
  return response;
}

void Front::note(const Request& request, int status) {
  if (options_.answered) options_.answered(request.method, request.route, status);
  std::string line = "request " + request.id + ": " + request.method + ' ' +
                     quote_for_message(request.path) + " of " +
                     quote_for_message(name_of(request.actor)) + " at " + request.peer.address +
                     ": " + std::to_string(status);
  if (const string_view trace = traceparent(request); !trace.empty())
    line += ", traceparent " + std::string(trace);
  if (is_answer_only(request) && status < 400)
    log_.debug(line);
  else
    log_.info(line);
}

void Front::audit(const Request& request, string_view phase, const Json& more,
                  std::function<void(bool)> then) {
  if (!audit_) {
    if (then) then(true);
    return;
  }
  Json record = Json::object();
  record.set("phase", phase)
      .set("request_id", request.id)
      .set("actor", describe(request.actor))
      .set("address", request.peer.address)
      .set("method", request.method)
      .set("path", request.path.substr(0, longest_path));
  if (const string_view trace = traceparent(request); !trace.empty())
    record.set("traceparent", trace);
  for (const auto& [name, value] : more.members()) record.set(name, value);
  audit_->write(std::move(record), [this, then = std::move(then)](const Result<void>& written) {
    const std::string trouble = written ? "" : written.error().text;
    if (trouble != audit_trouble_ && !written) log_.error("audit log: " + trouble);
    audit_trouble_ = trouble;
    if (then) then(written.has_value());
  });
}

}  // namespace intelmq::serve
