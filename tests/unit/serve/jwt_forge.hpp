// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <openssl/evp.h>

#include <memory>
#include <string>

#include "base/json.hpp"
#include "serve/base64url.hpp"

/// Makes keys and tokens, good ones and others, with OpenSSL alone.
namespace forge {

using Key = std::shared_ptr<EVP_PKEY>;

Key rsa(unsigned bits);
Key p256();
Key ed25519();
/// The public key as a JWK with these further members.
intelmq::Json jwk(const Key& key, const std::string& kid, const std::string& more = "{}");
/// A signature as JWS wants it; `salt`: of PS256.
std::string sign(const Key& key, const std::string& algorithm, const std::string& bytes,
                 int salt = 32);
/// ECDSA as OpenSSL writes it: DER.
std::string sign_der(const Key& key, const std::string& bytes);
std::string hmac(const std::string& secret, const std::string& bytes);
std::string public_pem(const Key& key);
/// The first two parts.
std::string head(const std::string& header, const std::string& claims);

}  // namespace forge
