// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "base/result.hpp"
#include "net/stream.hpp"

struct ssl_ctx_st;

namespace intelmq {

/// Readies OpenSSL's context for connections to this server: TLS 1.2 at least, whom to trust, that
/// the certificate must be for this host, and our own. Error: names the file or the server.
Result<void> prepare_tls(ssl_ctx_st* context, const Endpoint& endpoint);

/// The oldest message in OpenSSL's queue, which is emptied.
std::string tls_reason();

}  // namespace intelmq
