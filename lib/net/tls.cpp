// SPDX-License-Identifier: Apache-2.0
#include "net/tls.hpp"

#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/x509v3.h>

#include <cstring>

namespace intelmq {

std::string tls_reason() {
  const unsigned long code = ERR_get_error();
  ERR_clear_error();
  if (code == 0) return "the connection was closed";
  char text[256];
  ERR_error_string_n(code, text, sizeof text);
  const char* last = std::strrchr(text, ':');
  return last ? last + 1 : text;
}

Result<void> prepare_tls(ssl_ctx_st* context, const Endpoint& endpoint) {
  SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION);
  SSL_CTX_set_mode(context, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER);
  SSL_CTX_set_verify(context, endpoint.verify ? SSL_VERIFY_PEER : SSL_VERIFY_NONE, nullptr);
  const bool trusted = endpoint.ca_file.empty()
                           ? SSL_CTX_set_default_verify_paths(context) == 1
                           : SSL_CTX_load_verify_file(context, endpoint.ca_file.c_str()) == 1;
  if (!trusted) return fail(endpoint.ca_file + ": no certificates in it: " + tls_reason());
  if (!endpoint.certificate.empty()) {
    const std::string& key = endpoint.key.empty() ? endpoint.certificate : endpoint.key;
    if (SSL_CTX_use_certificate_chain_file(context, endpoint.certificate.c_str()) != 1)
      return fail(endpoint.certificate + ": no certificate: " + tls_reason());
    if (SSL_CTX_use_PrivateKey_file(context, key.c_str(), SSL_FILETYPE_PEM) != 1)
      return fail(key + ": no key that fits the certificate: " + tls_reason());
  }
  const char* const host = endpoint.expected().c_str();
  X509_VERIFY_PARAM* const expected = SSL_CTX_get0_param(context);
  in6_addr address;  // room for either kind
  if (inet_pton(AF_INET, host, &address) == 1 || inet_pton(AF_INET6, host, &address) == 1)
    X509_VERIFY_PARAM_set1_ip_asc(expected, host);
  else
    X509_VERIFY_PARAM_set1_host(expected, host, 0);
  return {};
}

}  // namespace intelmq
