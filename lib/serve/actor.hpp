// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>

namespace intelmq::serve {

/// What a request may do. `none`: whoever is there, also unauthenticated (probes, discovery).
enum class Scope : std::uint8_t { none, any, read, test, control, config, data, state, admin };
/// "intelmq.read" and so on; empty for none and any.
std::string_view name_of(Scope scope);

/// A set of scopes.
class Scopes {
 public:
  Scopes() = default;
  Scopes(std::initializer_list<Scope> scopes) {
    for (const Scope scope : scopes) add(scope);
  }
  static Scopes all() {
    return {Scope::read, Scope::test,  Scope::control, Scope::config,
            Scope::data, Scope::state, Scope::admin};
  }
  void add(Scope scope) { bits_ |= 1u << static_cast<unsigned>(scope); }
  void add(Scopes others) { bits_ |= others.bits_; }
  bool has(Scope scope) const { return bits_ >> static_cast<unsigned>(scope) & 1; }
  bool empty() const { return bits_ == 0; }

 private:
  unsigned bits_ = 0;
};

/// Who asks, once that is known.
struct Actor {
  std::string kind;  ///< "peer", "mtls", "oidc", "token"; empty: nobody.
  std::string name;  ///< uid:0, the certificate's name, the token's `sub` or label.
  std::string client, issuer;
  std::string token_digest;  ///< SHA-256 in hex of the token's `jti`, for the audit log.
  Scopes scopes;
};

}  // namespace intelmq::serve
