// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/result.hpp"
#include "spec/parameter.hpp"

namespace intelmq::serve {

/// Who may ask, and what is written down about it; the table of parameters is in
/// access_options.cpp.
struct AccessOptions {
  std::optional<std::string> oidc_issuer, oidc_audience;
  std::vector<std::string> oidc_algorithms = {"RS256", "PS256", "ES256", "EdDSA"};
  bool oidc_accept_plain_jwt = false;
  std::optional<std::string> oidc_scope_pointer;
  std::vector<std::string> oidc_roles = {};
  Duration oidc_max_stale = std::chrono::hours(24);
  Duration oidc_leeway = std::chrono::seconds(60);
  Duration oidc_max_lifetime = std::chrono::seconds(0);
  std::optional<std::string> oidc_ca_file;
  std::vector<std::string> peer_roles = {};
  std::vector<std::string> certificate_roles = {};
  std::optional<std::string> token_file;
  std::vector<std::string> allow_host = {};
  std::int64_t request_rate = 200;
  std::int64_t failed_login_rate = 30;
  std::optional<std::string> audit_file;
  bool audit_optional = false;
  bool dev = false;
};

std::vector<Parameter> access_parameters();

/// Whether people can log in from elsewhere. `client_ca`: client certificates are checked.
bool has_authenticator(const AccessOptions& options, bool client_ca);

/// The names that a Host header may have, as `Front` wants them: those given, and of the listeners.
/// Error: names the value.
Result<std::vector<std::string>> allowed_hosts(const AccessOptions& options,
                                               const std::vector<std::string>& listeners);

/// Whether the API may listen there: beyond the loopback TLS and an authenticator are needed,
/// unless `insecure` says that it does not matter. Error: what is missing; exit code 78.
Result<void> check_listener(const std::string& listen, bool tls, bool client_ca,
                            const AccessOptions& options, bool insecure);

}  // namespace intelmq::serve
