// SPDX-License-Identifier: Apache-2.0
#include "serve/jwt.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/text.hpp"
#include "serve/base64url.hpp"
#include "serve/jwt_signature.hpp"
#include "type/secret.hpp"

namespace intelmq::serve {
namespace {

using std::string_view;
using Refused = std::optional<JwtFailure>;

constexpr std::size_t longest = 16 << 10;
constexpr int depth = 8;

JwtFailure refuse(const char* reason, std::string detail) {
  return {reason, std::move(detail), false};
}

/// A token taken apart, nothing of it believed.
struct Parts {
  Json header, claims;
  std::string signature;
};

tl::expected<Json, JwtFailure> read_part(string_view part, const char* name) {
  const auto bytes = decode_base64url(part);
  if (!bytes)
    return tl::unexpected(refuse("malformed", std::string(name) + " is not strict base64url"));
  auto parsed = Json::parse_strict(*bytes, depth);
  if (!parsed)
    return tl::unexpected(refuse("malformed", std::string(name) + " is " + parsed.error().text));
  if (!parsed->is_object())
    return tl::unexpected(refuse("malformed", std::string(name) + " is not an object"));
  return std::move(*parsed);
}

tl::expected<Parts, JwtFailure> take_apart(string_view token) {
  if (token.size() > longest) return tl::unexpected(refuse("malformed", "longer than 16 KiB"));
  const auto parts = split(token, '.');
  if (parts.size() != 3)
    return tl::unexpected(
        refuse("malformed", "has " + std::to_string(parts.size()) + " parts, not 3"));
  auto header = read_part(parts[0], "the header");
  if (!header) return tl::unexpected(header.error());
  auto claims = read_part(parts[1], "the payload");
  if (!claims) return tl::unexpected(claims.error());
  auto signature = decode_base64url(parts[2]);
  if (!signature || signature->empty())
    return tl::unexpected(refuse("malformed", "the signature is not strict base64url"));
  return Parts{std::move(*header), std::move(*claims), std::move(*signature)};
}

/// "at+jwt", with or without "application/", in any case.
bool is_access_token(const Json& header) {
  const std::string type = ascii_lower(header["typ"].is_string() ? header["typ"].text() : "");
  return type == "at+jwt" || type == "application/at+jwt";
}

/// What stands for an access token where the provider does not type its tokens.
Refused check_plain(const Parts& token, const JwtRules& rules) {
  const Json& type = token.header["typ"];
  const std::string name = type.is_string() ? ascii_lower(type.text()) : "";
  const bool plain = !token.header.has("typ") || name == "jwt" || name == "application/jwt";
  if (!plain || !rules.accept_plain)
    return refuse("type", "typ is " + quote_for_message(type.dump()) + ", not at+jwt");
  for (const char* name_of_id_tokens : {"nonce", "at_hash", "c_hash"})
    if (token.claims.has(name_of_id_tokens))
      return refuse("type", std::string("looks like an ID token: it has ") + name_of_id_tokens);
  if (grants_of(token.claims, rules.scope_pointer).empty())
    return refuse("type", "a plain JWT without scopes or roles");
  return std::nullopt;
}

Refused check_header(const Parts& token, const JwtRules& rules) {
  const Json& algorithm = token.header["alg"];
  if (!algorithm.is_string() || std::find(rules.algorithms.begin(), rules.algorithms.end(),
                                          algorithm.text()) == rules.algorithms.end())
    return refuse("algorithm", "alg " + quote_for_message(algorithm.dump()) + " is not allowed");
  if (!is_access_token(token.header))
    if (auto wrong = check_plain(token, rules)) return wrong;
  if (token.header.has("crit")) return refuse("critical", "it has crit");
  if (token.header.has("b64") && !(token.header["b64"] == Json(true)))
    return refuse("critical", "b64 is not true");
  return std::nullopt;
}

/// The type of key that an algorithm takes. Nothing: one with a shared secret, or none at all.
std::optional<JsonWebKey::Type> type_for(string_view algorithm) {
  if (algorithm == "ES256") return JsonWebKey::Type::p256;
  if (algorithm == "EdDSA") return JsonWebKey::Type::ed25519;
  if (algorithm.starts_with("RS") || algorithm.starts_with("PS")) return JsonWebKey::Type::rsa;
  return std::nullopt;
}

/// The one key that the token may be signed with.
tl::expected<const JsonWebKey*, JwtFailure> choose_key(const Json& header,
                                                       const std::vector<JsonWebKey>& keys) {
  const bool named = header.has("kid");
  if (named && (!header["kid"].is_string() || header["kid"].text().empty()))
    return tl::unexpected(refuse("malformed", "kid is not a text"));
  const std::string& id = header["kid"].text();
  const std::string& algorithm = header["alg"].text();
  const JsonWebKey* found = nullptr;
  std::string why;
  for (const JsonWebKey& key : keys) {
    if (named && key.id != id) continue;
    std::string unsuitable = key.unsuitable;
    if (key.type != type_for(algorithm)) unsuitable = "is of another type than " + algorithm;
    if (!key.algorithm.empty() && key.algorithm != algorithm)
      unsuitable = "is for " + quote_for_message(key.algorithm) + " alone";
    if (!unsuitable.empty()) {
      why = "key " + quote_for_message(key.id) + ' ' + unsuitable;
      continue;
    }
    if (found) return tl::unexpected(refuse("unsuitable-key", "more than one key fits"));
    found = &key;
  }
  if (found) return found;
  if (!why.empty()) return tl::unexpected(refuse("unsuitable-key", std::move(why)));
  JwtFailure unknown = refuse("unknown-key", "no key " + quote_for_message(id));
  unknown.unknown_key = true;
  return tl::unexpected(std::move(unknown));
}

bool holds(const Json& audience, const std::string& ours) {
  if (audience.is_string()) return audience.text() == ours;
  bool found = false;
  for (const Json& each : audience.items()) {
    if (!each.is_string()) return false;
    found = found || each.text() == ours;
  }
  return found;
}

Refused check_times(const Json& claims, const JwtRules& rules, bool strict, double now) {
  const double leeway = static_cast<double>(rules.leeway.count());
  for (const char* name : {"exp", "nbf", "iat"})
    if (claims.has(name) && !claims[name].real())
      return refuse("claims", std::string(name) + " is not a number");
  const auto expires = claims["exp"].real();
  const auto issued = claims["iat"].real();
  if (!expires) return refuse("claims", "exp is missing");
  const auto text = [](double value) { return std::to_string(std::llround(value)); };
  if (!(*expires > now - leeway))
    return refuse("expired", "expired " + text(now - *expires) + " s ago");
  if (!(claims["nbf"].real().value_or(now) <= now + leeway))
    return refuse("not-yet-valid", "nbf is in the future");
  if (!(issued.value_or(now) <= now + leeway))
    return refuse("not-yet-valid", "iat is in the future");
  const auto most = static_cast<double>(rules.max_lifetime.count());
  if (!issued && (strict || most > 0)) return refuse("claims", "iat is missing");
  if (most > 0 && *expires - *issued > most)
    return refuse("lifetime", "is valid for longer than " + text(most) + " s");
  return std::nullopt;
}

Refused check_binding(const Json& claims, string_view certificate) {
  if (!claims.has("cnf")) return std::nullopt;
  const Json& bound = claims["cnf"];
  if (bound.has("jkt")) return refuse("binding", "DPoP-bound tokens are not supported");
  if (bound.members().size() != 1 || !bound["x5t#S256"].is_string())
    return refuse("binding", "cnf " + quote_for_message(bound.dump()) + " is not supported");
  if (certificate.empty()) return refuse("binding", "bound to a certificate, but there is none");
  if (!(Secret(encode_base64url(certificate)) == Secret(bound["x5t#S256"].text())))
    return refuse("binding", "bound to another certificate");
  return std::nullopt;
}

bool is_named(const Json& claims, const char* name) {
  return claims[name].is_string() && !claims[name].text().empty();
}

Refused check_claims(const Parts& token, const JwtRules& rules, string_view certificate,
                     double now) {
  const Json& claims = token.claims;
  const bool strict = is_access_token(token.header);
  if (!claims["iss"].is_string() || claims["iss"].text() != rules.issuer)
    return refuse("issuer", "iss is " + quote_for_message(claims["iss"].dump()));
  if (!holds(claims["aud"], rules.audience))
    return refuse("audience", "aud is " + quote_for_message(claims["aud"].dump()));
  if (auto wrong = check_times(claims, rules, strict, now)) return wrong;
  if (!is_named(claims, "sub")) return refuse("claims", "sub is missing");
  if (strict && !is_named(claims, "client_id")) return refuse("claims", "client_id is missing");
  return check_binding(claims, certificate);
}

void add_grants(const Json& from, std::vector<std::string>& out) {
  if (from.is_string())
    for (const string_view each : split(from.text(), ' '))
      if (!each.empty()) out.emplace_back(each);
  for (const Json& each : from.items())
    if (each.is_string()) out.push_back(each.text());
}

}  // namespace

const std::vector<std::string>& jwt_algorithms() {
  static const std::vector<std::string> all = {"RS256", "RS384", "RS512", "PS256",
                                               "PS384", "PS512", "ES256", "EdDSA"};
  return all;
}

tl::expected<Json, JwtFailure> check_jwt(string_view token, const std::vector<JsonWebKey>& keys,
                                         const JwtRules& rules, string_view certificate,
                                         double now) {
  auto parts = take_apart(token);
  if (!parts) return tl::unexpected(parts.error());
  if (auto wrong = check_header(*parts, rules)) return tl::unexpected(*wrong);
  const auto key = choose_key(parts->header, keys);
  if (!key) return tl::unexpected(key.error());
  if (!is_signed(token, parts->signature, parts->header["alg"].text(), **key))
    return tl::unexpected(refuse("signature", "the signature is wrong"));
  if (auto wrong = check_claims(*parts, rules, certificate, now)) return tl::unexpected(*wrong);
  return std::move(parts->claims);
}

std::vector<std::string> grants_of(const Json& claims, const std::string& scope_pointer) {
  std::vector<std::string> out;
  add_grants(claims["scope"], out);
  add_grants(claims["scp"], out);
  if (!scope_pointer.empty()) add_grants(find_by_pointer(claims, scope_pointer), out);
  return out;
}

const Json& find_by_pointer(const Json& document, string_view pointer) {
  static const Json nothing;
  const Json* at = &document;
  if (pointer.empty()) return *at;
  if (pointer.front() != '/') return nothing;
  for (const string_view part : split(pointer.substr(1), '/')) {
    std::string name;
    for (std::size_t i = 0; i < part.size(); ++i) {
      const bool escaped = part[i] == '~' && i + 1 < part.size();
      name += !escaped ? part[i] : part[++i] == '1' ? '/' : '~';
    }
    const auto index = Json::number(name).integer();
    if (at->is_object())
      at = &(*at)[name];
    else if (at->is_array() && index && *index >= 0 &&
             static_cast<std::size_t>(*index) < at->items().size())
      at = &at->items()[static_cast<std::size_t>(*index)];
    else
      return nothing;
  }
  return *at;
}

}  // namespace intelmq::serve
