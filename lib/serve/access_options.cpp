// SPDX-License-Identifier: Apache-2.0
#include "serve/access_options.hpp"

#include "base/text.hpp"
#include "serve/front_rules.hpp"

namespace intelmq::serve {
namespace {

template <auto Member>
Parameter option(std::string_view name, std::string_view summary) {
  return param<Member>(name, summary, Need::optional, Group::bot);
}

}  // namespace

std::vector<Parameter> access_parameters() {
  using P = AccessOptions;
  return {
      option<&P::peer_roles>(
          "peer_roles",
          "Roles of those who come by a unix socket: uid:NUMBER=ROLE or gid:NUMBER=ROLE (the "
          "process's own group). Default: root and the user of serve are admin."),
      option<&P::certificate_roles>(
          "certificate_roles",
          "Roles by client certificate (see --tls-client-ca): san:NAME=ROLE for a DNS name, URI "
          "or mail address in it, subject:NAME=ROLE for its whole subject as in RFC 2253."),
      option<&P::oidc_issuer>("oidc_issuer",
                              "URL of the OpenID provider whose access tokens count, exactly as "
                              "in their iss."),
      option<&P::oidc_audience>("oidc_audience", "What their aud has to contain."),
      option<&P::oidc_algorithms>("oidc_algorithms", "Algorithms of their signatures that count."),
      option<&P::oidc_accept_plain_jwt>(
          "oidc_accept_plain_jwt",
          "Accept tokens of providers (Keycloak, Entra ID) that do not call them at+jwt."),
      option<&P::oidc_scope_pointer>(
          "oidc_scope_pointer",
          "Where tokens have roles, beside scope and scp: a JSON pointer such as "
          "/realm_access/roles."),
      option<&P::oidc_roles>("oidc_roles",
                             "What a scope or role of a token stands for here: VALUE=ROLE."),
      option<&P::oidc_max_stale>("oidc_max_stale",
                                 "How long the provider's keys count beyond their time while it "
                                 "cannot be reached."),
      option<&P::oidc_leeway>("oidc_leeway", "By how much clocks may differ; 5 minutes at most."),
      option<&P::oidc_max_lifetime>("oidc_max_lifetime",
                                    "Longest time that tokens may be valid for; 0: any."),
      option<&P::oidc_ca_file>("oidc_ca_file",
                               "PEM file of the authorities for the provider's certificate. "
                               "Default: the system's."),
      option<&P::token_file>(
          "token_file",
          "File of fixed tokens, a line each: SHA-256 of the token in hex, ROLE, label, and when "
          "it expires (RFC 3339, or never)."),
      option<&P::allow_host>("allow_host",
                             "Name or address under which clients may know this service, beside "
                             "the loopback's."),
      option<&P::request_rate>(
          "request_rate",
          "Requests per second, other than those that only read, that each of them "
          "may send; 0: any number."),
      option<&P::failed_login_rate>(
          "failed_login_rate",
          "Failed logins per minute from one address before it has to wait; 0: any number."),
      option<&P::audit_file>("audit_file", "File of the audit log. Default: STATE_DIR/audit.log."),
      option<&P::audit_optional>("audit_optional",
                                 "Allow changes also while the audit log cannot be written."),
      option<&P::dev>("dev",
                      "For development: the OpenID provider may be on the loopback by http.")};
}

bool has_authenticator(const AccessOptions& options, bool client_ca) {
  return options.oidc_issuer || options.token_file ||
         (client_ca && !options.certificate_roles.empty());
}

Result<std::vector<std::string>> allowed_hosts(const AccessOptions& options,
                                               const std::vector<std::string>& listeners) {
  std::vector<std::string> out;
  for (const std::string& given : options.allow_host) {
    // An IPv6 address may stand without brackets here.
    const bool v6 = given.find(':') != given.rfind(':') && !given.starts_with('[');
    auto host = host_of(v6 ? '[' + given + ']' : given);
    if (!host)
      return fail("--allow-host " + quote_for_message(given) + " is neither a name nor an address");
    out.push_back(std::move(*host));
  }
  for (const std::string& listener : listeners)
    if (listener.starts_with("tcp:"))
      if (auto host = host_of(listener.substr(4))) out.push_back(std::move(*host));
  return out;
}

Result<void> check_listener(const std::string& listen, bool tls, bool client_ca,
                            const AccessOptions& options, bool insecure) {
  if (insecure || !listen.starts_with("tcp:")) return {};
  const auto host = host_of(listen.substr(4));
  if (host && is_loopback(*host)) return {};
  if (!tls)
    return fail("--listen " + quote_for_message(listen) +
                " is reached by others and needs TLS: give --tls-certificate and --tls-key, or "
                "listen on 127.0.0.1 or a unix socket");
  if (!has_authenticator(options, client_ca))
    return fail("--listen " + quote_for_message(listen) +
                " is reached by others and needs a way to log in: give --oidc-issuer, "
                "--token-file, or --tls-client-ca with --certificate-roles");
  return {};
}

}  // namespace intelmq::serve
