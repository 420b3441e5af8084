// SPDX-License-Identifier: Apache-2.0
#include <openssl/bio.h>
#include <openssl/bn.h>
#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/ecdsa.h>
#include <openssl/hmac.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>

#include <stdexcept>
#include <vector>

#include "jwt_forge.hpp"

namespace forge {
namespace {

using intelmq::Json;
using intelmq::serve::encode_base64url;

void need(bool good, const char* what) {
  if (!good) throw std::runtime_error(what);
}

const unsigned char* bytes(const std::string& text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

std::string number(const Key& key, const char* name, std::size_t size = 0) {
  BIGNUM* value = nullptr;
  need(EVP_PKEY_get_bn_param(key.get(), name, &value) == 1, name);
  if (size == 0) size = static_cast<std::size_t>(BN_num_bytes(value));
  std::string out(size, '\0');
  BN_bn2binpad(value, reinterpret_cast<unsigned char*>(out.data()), static_cast<int>(size));
  BN_free(value);
  return out;
}

std::string digest_sign(const Key& key, const EVP_MD* digest, const std::string& text, int salt) {
  const std::shared_ptr<EVP_MD_CTX> context(EVP_MD_CTX_new(), EVP_MD_CTX_free);
  EVP_PKEY_CTX* options = nullptr;
  need(EVP_DigestSignInit(context.get(), &options, digest, nullptr, key.get()) == 1, "init");
  if (salt >= 0) {
    need(EVP_PKEY_CTX_set_rsa_padding(options, RSA_PKCS1_PSS_PADDING) == 1, "padding");
    need(EVP_PKEY_CTX_set_rsa_pss_saltlen(options, salt) == 1, "salt");
  }
  std::size_t size = 0;
  need(EVP_DigestSign(context.get(), nullptr, &size, bytes(text), text.size()) == 1, "size");
  std::string out(size, '\0');
  need(EVP_DigestSign(context.get(), reinterpret_cast<unsigned char*>(out.data()), &size,
                      bytes(text), text.size()) == 1,
       "sign");
  out.resize(size);
  return out;
}

}  // namespace

Key rsa(unsigned bits) { return {EVP_RSA_gen(bits), EVP_PKEY_free}; }
Key p256() { return {EVP_EC_gen("P-256"), EVP_PKEY_free}; }
Key ed25519() { return {EVP_PKEY_Q_keygen(nullptr, nullptr, "ED25519"), EVP_PKEY_free}; }

Json jwk(const Key& key, const std::string& kid, const std::string& more) {
  Json out = Json::object();
  out.set("kid", kid);
  switch (EVP_PKEY_get_base_id(key.get())) {
    case EVP_PKEY_RSA:
      out.set("kty", "RSA")
          .set("n", encode_base64url(number(key, OSSL_PKEY_PARAM_RSA_N)))
          .set("e", encode_base64url(number(key, OSSL_PKEY_PARAM_RSA_E)));
      break;
    case EVP_PKEY_EC:
      out.set("kty", "EC")
          .set("crv", "P-256")
          .set("x", encode_base64url(number(key, OSSL_PKEY_PARAM_EC_PUB_X, 32)))
          .set("y", encode_base64url(number(key, OSSL_PKEY_PARAM_EC_PUB_Y, 32)));
      break;
    default: {
      std::string raw(32, '\0');
      std::size_t size = raw.size();
      EVP_PKEY_get_raw_public_key(key.get(), reinterpret_cast<unsigned char*>(raw.data()), &size);
      out.set("kty", "OKP").set("crv", "Ed25519").set("x", encode_base64url(raw));
    }
  }
  const Json others = *Json::parse(more);
  for (const auto& [name, value] : others.members()) out.set(name, value);
  return out;
}

std::string sign_der(const Key& key, const std::string& text) {
  return digest_sign(key, EVP_sha256(), text, -1);
}

std::string sign(const Key& key, const std::string& algorithm, const std::string& text, int salt) {
  if (algorithm == "EdDSA") return digest_sign(key, nullptr, text, -1);
  if (algorithm == "PS256") return digest_sign(key, EVP_sha256(), text, salt);
  if (algorithm != "ES256") return digest_sign(key, EVP_sha256(), text, -1);
  const std::string der = sign_der(key, text);
  const unsigned char* at = bytes(der);
  ECDSA_SIG* pair = d2i_ECDSA_SIG(nullptr, &at, static_cast<long>(der.size()));
  std::string out(64, '\0');
  auto* to = reinterpret_cast<unsigned char*>(out.data());
  BN_bn2binpad(ECDSA_SIG_get0_r(pair), to, 32);
  BN_bn2binpad(ECDSA_SIG_get0_s(pair), to + 32, 32);
  ECDSA_SIG_free(pair);
  return out;
}

std::string hmac(const std::string& secret, const std::string& text) {
  std::string out(32, '\0');
  unsigned size = 0;
  HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), bytes(text), text.size(),
       reinterpret_cast<unsigned char*>(out.data()), &size);
  return out;
}

std::string public_pem(const Key& key) {
  const std::shared_ptr<BIO> out(BIO_new(BIO_s_mem()), BIO_free);
  PEM_write_bio_PUBKEY(out.get(), key.get());
  char* text = nullptr;
  const long size = BIO_get_mem_data(out.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

std::string head(const std::string& header, const std::string& claims) {
  return encode_base64url(header) + "." + encode_base64url(claims);
}

}  // namespace forge
