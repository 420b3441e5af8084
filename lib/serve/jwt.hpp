// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <tl/expected.hpp>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

namespace intelmq::serve {

/// A public key of an issuer (RFC 7517), checked as far as it can be without a token.
struct JsonWebKey {
  enum class Type : std::uint8_t { rsa, p256, ed25519 };
  std::string id;         ///< `kid`; empty: it has none.
  std::string algorithm;  ///< `alg`; empty: any that fits the type.
  Type type = Type::rsa;
  std::size_t bytes = 0;   ///< Of an RSA modulus.
  std::string unsuitable;  ///< Why it must not verify anything: "is for encryption"; empty: it may.
  std::string document;    ///< RSA and EC: the public members alone, as a JWK.
  std::string raw;         ///< Ed25519: 32 bytes.
};

/// The keys of a JWK set; those of kinds that are not used here are left out. Error: not a set.
Result<std::vector<JsonWebKey>> read_key_set(std::string_view document);

/// What a token must fulfil.
struct JwtRules {
  std::string issuer, audience;
  std::vector<std::string> algorithms = {"RS256", "PS256", "ES256", "EdDSA"};
  bool accept_plain = false;  ///< Also `typ: JWT`, if it looks like an access token.
  std::string scope_pointer;  ///< RFC 6901: where more grants are; empty: nowhere.
  std::chrono::seconds leeway{60};
  std::chrono::seconds max_lifetime{0};  ///< From iat to exp; 0: any.
};

/// The algorithms that may be allowed: no `none`, nothing with a shared secret.
const std::vector<std::string>& jwt_algorithms();

/// Why a token is refused.
struct JwtFailure {
  std::string reason;        ///< One of a few words: "expired".
  std::string detail;        ///< For the audit log alone.
  bool unknown_key = false;  ///< Its `kid` is none of the keys: perhaps there are newer ones.
};

/// Checks an access token (RFC 9068, RFC 8725) and gives its claims. `certificate`: SHA-256 of the
/// client's, 32 bytes or empty; `now`: Unix time.
tl::expected<Json, JwtFailure> check_jwt(std::string_view token,
                                         const std::vector<JsonWebKey>& keys, const JwtRules& rules,
                                         std::string_view certificate, double now);

/// What the claims grant: `scope`, `scp`, and what the pointer leads to.
std::vector<std::string> grants_of(const Json& claims, const std::string& scope_pointer);

/// The value that an RFC 6901 pointer leads to, or null. Error of the pointer itself: null too.
const Json& find_by_pointer(const Json& document, std::string_view pointer);

}  // namespace intelmq::serve
