// SPDX-License-Identifier: Apache-2.0
#include "serve/jwt_signature.hpp"

#include <cjose/cjose.h>
#include <openssl/evp.h>

#include <memory>

namespace intelmq::serve {
namespace {

constexpr std::size_t es256_size = 64, ed25519_size = 64;

/// cjose knows no EdDSA.
bool is_signed_ed25519(std::string_view signed_part, std::string_view signature,
                       const JsonWebKey& key) {
  const auto bytes = [](std::string_view text) {
    return reinterpret_cast<const unsigned char*>(text.data());
  };
  const std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)> own(
      EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, nullptr, bytes(key.raw), key.raw.size()),
      EVP_PKEY_free);
  const std::unique_ptr<EVP_MD_CTX, decltype(&EVP_MD_CTX_free)> context(EVP_MD_CTX_new(),
                                                                        EVP_MD_CTX_free);
  return own && context &&
         EVP_DigestVerifyInit(context.get(), nullptr, nullptr, nullptr, own.get()) == 1 &&
         EVP_DigestVerify(context.get(), bytes(signature), signature.size(), bytes(signed_part),
                          signed_part.size()) == 1;
}

}  // namespace

bool is_signed(std::string_view token, std::string_view signature, std::string_view algorithm,
               const JsonWebKey& key) {
  // Lengths first: one signature has one spelling.
  if (key.type == JsonWebKey::Type::rsa && signature.size() != key.bytes) return false;
  if (key.type == JsonWebKey::Type::p256 && signature.size() != es256_size) return false;
  if (algorithm == "EdDSA")
    return signature.size() == ed25519_size &&
           is_signed_ed25519(token.substr(0, token.rfind('.')), signature, key);
  cjose_err error{};
  const std::unique_ptr<cjose_jwk_t, decltype(&cjose_jwk_release)> own(
      cjose_jwk_import(key.document.data(), key.document.size(), &error), cjose_jwk_release);
  if (!own) return false;  // such as a point that is not on the curve
  const std::unique_ptr<cjose_jws_t, decltype(&cjose_jws_release)> jws(
      cjose_jws_import(token.data(), token.size(), &error), cjose_jws_release);
  return jws && cjose_jws_verify(jws.get(), own.get(), &error);
}

}  // namespace intelmq::serve
