// SPDX-License-Identifier: Apache-2.0
#include "serve/access.hpp"

#include <unistd.h>

#include <algorithm>
#include <utility>

#include "base/sha256.hpp"
#include "base/text.hpp"
#include "net/http.hpp"
#include "serve/clock.hpp"
#include "serve/front_rules.hpp"
#include "serve/grants.hpp"
#include "serve/token_file.hpp"

namespace intelmq::serve {
namespace {

constexpr std::chrono::minutes most_leeway{5};
constexpr std::string_view metadata_path = "/.well-known/oauth-protected-resource";

Identity refuse(std::string reason, std::string detail) {
  return {Actor{}, std::move(reason), std::move(detail), false};
}

/// The entries of a list of subjects, which the commas in them have cut to pieces.
std::vector<std::string> join_subjects(const std::vector<std::string>& pieces) {
  std::vector<std::string> out;
  for (const std::string& piece : pieces) {
    if (out.empty() || piece.starts_with("san:") || piece.starts_with("subject:"))
      out.push_back(piece);
    else
      out.back() += ',' + piece;
  }
  return out;
}

/// Scheme and Host of the request, as the client sees this service; empty: not by a name.
std::string origin_of(const Request& request) {
  const std::string_view host = trim(request.header("host"));
  const auto plain = [](char c) {
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
           std::string_view("-._:[]").find(c) != std::string_view::npos;
  };
  if (host.empty() || !std::all_of(host.begin(), host.end(), plain)) return "";
  return (request.peer.tls ? "https://" : "http://") + std::string(host);
}

/// What the configuration means, checked.
struct Rules {
  RoleMap peers, certificates, claims;
  std::optional<JwtRules> jwt;
  std::vector<FixedToken> tokens;
  bool open_loopback = false;  ///< Nothing is configured.
};

Result<JwtRules> read_jwt_rules(const AccessOptions& options) {
  JwtRules out;
  out.issuer = *options.oidc_issuer;
  if (auto good = check_issuer_url(out.issuer, options.dev); !good)
    return fail("--oidc-issuer " + good.error().text);
  if (!options.oidc_audience || options.oidc_audience->empty())
    return fail("--oidc-audience is missing: name what tokens for this service have in aud");
  out.audience = *options.oidc_audience;
  for (const std::string& each : options.oidc_algorithms)
    if (std::find(jwt_algorithms().begin(), jwt_algorithms().end(), each) == jwt_algorithms().end())
      return fail("--oidc-algorithms " + quote_for_message(each) + ": take some of " +
                  join(jwt_algorithms(), ", "));
  if (options.oidc_algorithms.empty()) return fail("--oidc-algorithms: name at least one");
  out.algorithms = options.oidc_algorithms;
  out.accept_plain = options.oidc_accept_plain_jwt;
  out.scope_pointer = options.oidc_scope_pointer.value_or("");
  if (!out.scope_pointer.empty() && out.scope_pointer.front() != '/')
    return fail("--oidc-scope-pointer " + quote_for_message(out.scope_pointer) +
                ": a JSON pointer begins with /");
  if (options.oidc_leeway > Duration(most_leeway))
    return fail("--oidc-leeway " + options.oidc_leeway.text() + ": 5m is the most");
  out.leeway = std::chrono::duration_cast<std::chrono::seconds>(options.oidc_leeway.value);
  out.max_lifetime =
      std::chrono::duration_cast<std::chrono::seconds>(options.oidc_max_lifetime.value);
  return out;
}

Result<RoleMap> read_peers(const AccessOptions& options, std::string_view instance) {
  auto out = read_role_map("--peer-roles", options.peer_roles, instance);
  if (!out) return out;
  for (const auto& [key, scopes] : *out) {
    const bool known = key.starts_with("uid:") || key.starts_with("gid:");
    const std::string_view number =
        std::string_view(key).substr(std::min<std::size_t>(4, key.size()));
    if (!known || number.empty() || number.find_first_not_of("0123456789") != number.npos)
      return fail("--peer-roles " + quote_for_message(key) +
                  ": write uid:NUMBER=ROLE or gid:NUMBER=ROLE");
  }
  if (!out->empty()) return out;
  (*out)["uid:0"] = Scopes::all();
  (*out)["uid:" + std::to_string(geteuid())] = Scopes::all();
  return out;
}

Result<Rules> read_rules(const AccessOptions& options, std::string_view instance) {
  Rules out;
  auto peers = read_peers(options, instance);
  if (!peers) return tl::unexpected(peers.error());
  const auto subjects = join_subjects(options.certificate_roles);
  auto certificates = read_role_map("--certificate-roles", subjects, instance);
  if (!certificates) return tl::unexpected(certificates.error());
  for (const auto& [key, scopes] : *certificates)
    if (!key.starts_with("san:") && !key.starts_with("subject:"))
      return fail("--certificate-roles " + quote_for_message(key) +
                  ": write san:NAME=ROLE or subject:NAME=ROLE");
  auto claims = read_role_map("--oidc-roles", options.oidc_roles, instance);
  if (!claims) return tl::unexpected(claims.error());
  out.peers = std::move(*peers);
  out.certificates = std::move(*certificates);
  out.claims = std::move(*claims);
  if (options.oidc_issuer) {
    auto jwt = read_jwt_rules(options);
    if (!jwt) return tl::unexpected(jwt.error());
    out.jwt = std::move(*jwt);
  }
  if (options.token_file) {
    auto tokens = read_token_file(*options.token_file, instance);
    if (!tokens) return tl::unexpected(tokens.error());
    out.tokens = std::move(*tokens);
  }
  out.open_loopback = options.peer_roles.empty() && options.certificate_roles.empty() &&
                      !options.oidc_issuer && !options.token_file;
  return out;
}

class ConfiguredAccess : public Access {
 public:
  ConfiguredAccess(AccessOptions options, std::string instance, Rules rules, Fetch fetch, Work work,
                   Log& log)
      : options_{std::move(options)}, instance_{std::move(instance)}, rules_{std::move(rules)} {
    if (!rules_.jwt) return;
    keys_.emplace(OidcOptions{rules_.jwt->issuer, options_.dev,
                              std::chrono::duration_cast<std::chrono::seconds>(
                                  options_.oidc_max_stale.value)},
                  std::move(fetch), std::move(work), log);
    keys_->keep_fresh();
  }

  std::optional<Identity> identify(const Request& request) override {
    if (keys_) keys_->keep_fresh();
    if (request.has_header("authorization") && (keys_ || options_.token_file))
      return by_token(request);
    if (request.peer.uid) return by_peer(request.peer);
    if (!request.peer.certificate_sha256.empty())
      if (auto known = by_certificate(request.peer)) return known;
    Identity out;
    if (rules_.open_loopback && request.peer.loopback)
      out.actor = Actor{"peer", request.peer.address, "", "", "", Scopes::all()};
    return out;
  }

  void refresh(std::function<void()> then) override {
    if (keys_)
      keys_->fetch(std::move(then));
    else
      then();
  }

  std::string metadata_url(const Request& request) const override {
    const std::string origin = keys_ ? origin_of(request) : "";
    return origin.empty() ? "" : origin + std::string(metadata_path);
  }

  std::optional<Json> metadata(const Request& request) const override {
    if (!keys_) return std::nullopt;
    Json scopes = Json::array();
    for (const std::string& name : names_of(Scopes::all())) scopes.push(name);
    return Json::object()
        .set("resource", options_.oidc_audience->starts_with("https://") ? *options_.oidc_audience
                                                                         : origin_of(request))
        .set("authorization_servers", Json::array().push(*options_.oidc_issuer))
        .set("scopes_supported", std::move(scopes))
        .set("bearer_methods_supported", Json::array().push("header"))
        .set("resource_name", "IntelMQ service " + instance_);
  }

  Json status() const override {
    Json settings = Json::object();
    for (const Parameter& parameter : access_parameters())
      settings.set(parameter.name, parameter.read(&options_));
    return Json::object()
        .set("options", std::move(settings))
        .set("open_to_loopback", rules_.open_loopback)
        .set("tokens", static_cast<std::int64_t>(rules_.tokens.size()))
        .set("issuer_keys", keys_ ? keys_->status() : Json());
  }

  std::string warning() const override { return keys_ ? keys_->warning() : ""; }

  Result<void> reload() override {
    if (!options_.token_file) return {};
    auto tokens = read_token_file(*options_.token_file, instance_);
    if (!tokens) return tl::unexpected(tokens.error());
    rules_.tokens = std::move(*tokens);
    return {};
  }

 private:
  std::optional<Identity> by_token(const Request& request) {
    if (std::count_if(request.headers.begin(), request.headers.end(), [](const auto& header) {
          return ascii_lower(header.first) == "authorization";
        }) != 1)
      return refuse("malformed", "more than one header Authorization");
    const std::string_view value = trim(request.header("authorization"));
    const std::size_t blank = value.find(' ');
    if (ascii_lower(value.substr(0, blank)) != "bearer" || blank == value.npos)
      return refuse("scheme", "the scheme of Authorization is not Bearer");
    const std::string_view token = trim(value.substr(blank));
    if (keys_ && (std::count(token.begin(), token.end(), '.') == 2 || !options_.token_file))
      return by_jwt(request, token);
    return by_fixed_token(token);
  }

  std::optional<Identity> by_jwt(const Request& request, std::string_view token) {
    auto claims =
        check_jwt(token, keys_->keys(), *rules_.jwt, request.peer.certificate_sha256, unix_time());
    if (!claims) {
      const JwtFailure& failure = claims.error();
      if (!failure.unknown_key) return refuse(failure.reason, failure.detail);
      if (keys_->may_fetch(true)) return std::nullopt;
      if (keys_->usable()) return refuse(failure.reason, failure.detail);
      Identity unknown;
      unknown.unknown = true;
      return unknown;
    }
    Identity out;
    out.actor.kind = "oidc";
    out.actor.name = (*claims)["sub"].text();
    for (const char* name : {"client_id", "azp", "appid"})
      if (out.actor.client.empty() && (*claims)[name].is_string())
        out.actor.client = (*claims)[name].text();
    out.actor.issuer = rules_.jwt->issuer;
    const Json& id = (*claims)["jti"];
    out.actor.token_digest = sha256_hex(id.is_string() ? std::string_view(id.text()) : token);
    for (const std::string& grant : grants_of(*claims, rules_.jwt->scope_pointer)) {
      out.actor.scopes.add(scopes_of_grant(grant, instance_));
      if (const auto found = rules_.claims.find(grant); found != rules_.claims.end())
        out.actor.scopes.add(found->second);
    }
    return out;
  }

  Identity by_fixed_token(std::string_view token) const {
    const FixedToken* found = find_token(rules_.tokens, token);
    if (!found) return refuse("unknown-token", "no such token in the file");
    if (found->expires != 0 && found->expires <= unix_time())
      return refuse("expired", "the token " + quote_for_message(found->label) + " has expired");
    Identity out;
    out.actor = Actor{"token", found->label, "", "", found->digest, found->scopes};
    return out;
  }

  Identity by_peer(const Peer& peer) const {
    Identity out;
    const std::string user = "uid:" + std::to_string(*peer.uid);
    bool known = false;
    const auto add = [&](const std::string& key) {
      const auto found = rules_.peers.find(key);
      if (found == rules_.peers.end()) return;
      known = true;
      out.actor.scopes.add(found->second);
    };
    add(user);
    if (peer.gid) add("gid:" + std::to_string(*peer.gid));
    if (!known) return refuse("", user + " has no role; see --peer-roles");
    out.actor.kind = "peer";
    out.actor.name = user;
    return out;
  }

  std::optional<Identity> by_certificate(const Peer& peer) const {
    if (rules_.certificates.empty()) return std::nullopt;
    Identity out;
    const auto add = [&](const std::string& key, const std::string& name) {
      const auto found = rules_.certificates.find(key + name);
      if (found == rules_.certificates.end()) return;
      if (out.actor.kind.empty()) out.actor.name = name;
      out.actor.kind = "mtls";
      out.actor.scopes.add(found->second);
    };
    for (const std::string& name : peer.certificate_names) add("san:", name);
    add("subject:", peer.certificate_subject);
    if (out.actor.kind.empty())
      return refuse("", quote_for_message(peer.certificate_subject) + " has no role");
    return out;
  }

  AccessOptions options_;
  std::string instance_;
  Rules rules_;
  std::optional<IssuerKeys> keys_;
};

}  // namespace

Result<std::unique_ptr<Access>> Access::open(const AccessOptions& options, std::string instance,
                                             Fetch fetch, Work work, Log& log) {
  auto rules = read_rules(options, instance);
  if (!rules) return tl::unexpected(rules.error());
  return std::make_unique<ConfiguredAccess>(options, std::move(instance), std::move(*rules),
                                            std::move(fetch), std::move(work), log);
}

Fetch http_fetcher(std::string ca_file, bool dev) {
  return [ca_file = std::move(ca_file), dev](const std::string& url) -> Result<FetchedPage> {
    HttpRequest request;
    request.url = url;
    request.headers = {{"Accept", "application/json"}};
    request.timeout = request.connect_timeout = std::chrono::seconds(5);
    request.max_body = 256 << 10;
    request.schemes = {"https"};
    if (dev) request.schemes.emplace_back("http");
    request.ca_file = ca_file;
    auto got = http_fetch(request);
    if (!got) return fail(got.error().text);
    return FetchedPage{got->status, std::move(got->body),
                       std::string(got->header("cache-control"))};
  };
}

}  // namespace intelmq::serve
