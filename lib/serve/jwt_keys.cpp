// SPDX-License-Identifier: Apache-2.0
#include <bit>
#include <optional>

#include "base/text.hpp"
#include "serve/base64url.hpp"
#include "serve/jwt.hpp"

namespace intelmq::serve {
namespace {

constexpr int depth = 8;
constexpr std::size_t most_keys = 64;
constexpr std::size_t least_modulus = 2048 / 8, most_modulus = 8192 / 8;

/// The bytes of a member that is base64url; empty: absent, or it is not.
std::string bytes_of(const Json& key, std::string_view name) {
  const Json& member = key[name];
  return member.is_string() ? decode_base64url(member.text()).value_or("") : "";
}

std::string text_of(const Json& key, std::string_view name) {
  return key[name].is_string() ? key[name].text() : "";
}

/// Why the key's own words forbid to verify with it.
std::string forbidden(const Json& key) {
  if (key.has("use") && text_of(key, "use") != "sig") return "is not for signatures (use)";
  if (!key.has("key_ops")) return "";
  for (const Json& each : key["key_ops"].items())
    if (each.is_string() && each.text() == "verify") return "";
  return "may not verify (key_ops)";
}

std::string check_rsa(const std::string& modulus, const std::string& exponent) {
  if (modulus.empty() || modulus[0] == 0) return "has a modulus with leading zeros, or none";
  const std::size_t bits =
      (modulus.size() - 1) * 8 +
      static_cast<std::size_t>(std::bit_width(static_cast<unsigned char>(modulus[0])));
  if (bits < least_modulus * 8) return "is RSA of " + std::to_string(bits) + " bits, not 2048";
  if (modulus.size() > most_modulus) return "is RSA of more than 8192 bits";
  const bool odd = !exponent.empty() && (exponent.back() & 1) != 0;
  if (!odd || exponent.size() > 8 || exponent == std::string(1, '\1')) return "has a bad exponent";
  return "";
}

Json public_part(const Json& key, std::initializer_list<const char*> names) {
  Json out = Json::object();
  for (const char* name : names) out.set(name, key[name]);
  return out;
}

std::optional<JsonWebKey> read_key(const Json& key) {
  JsonWebKey out;
  out.id = text_of(key, "kid");
  out.algorithm = text_of(key, "alg");
  out.unsuitable = forbidden(key);
  const std::string type = text_of(key, "kty"), curve = text_of(key, "crv");
  if (type == "RSA") {
    const std::string modulus = bytes_of(key, "n");
    if (out.unsuitable.empty()) out.unsuitable = check_rsa(modulus, bytes_of(key, "e"));
    out.bytes = modulus.size();
    out.document = public_part(key, {"kty", "n", "e"}).dump();
    return out;
  }
  if (type == "EC" && curve == "P-256") {
    out.type = JsonWebKey::Type::p256;
    if (bytes_of(key, "x").size() != 32 || bytes_of(key, "y").size() != 32)
      out.unsuitable = "has coordinates that are not 32 bytes";
    out.document = public_part(key, {"kty", "crv", "x", "y"}).dump();
    return out;
  }
  if (type == "OKP" && curve == "Ed25519") {
    out.type = JsonWebKey::Type::ed25519;
    out.raw = bytes_of(key, "x");
    if (out.raw.size() != 32) out.unsuitable = "has no 32 bytes";
    return out;
  }
  return std::nullopt;
}

}  // namespace

Result<std::vector<JsonWebKey>> read_key_set(std::string_view document) {
  const auto parsed = Json::parse_strict(document, depth);
  if (!parsed) return fail("the key set is " + parsed.error().text);
  const Json& keys = (*parsed)["keys"];
  if (!keys.is_array()) return fail("the key set has no array \"keys\"");
  if (keys.items().size() > most_keys)
    return fail("the key set has more than " + std::to_string(most_keys) + " keys");
  std::vector<JsonWebKey> out;
  for (const Json& key : keys.items())
    if (auto read = read_key(key)) out.push_back(std::move(*read));
  return out;
}

}  // namespace intelmq::serve
