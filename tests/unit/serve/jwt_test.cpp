// SPDX-License-Identifier: Apache-2.0
#include "serve/jwt.hpp"

#include <catch2/catch.hpp>
#include <map>

#include "base/sha256.hpp"
#include "jwt_forge.hpp"

using namespace intelmq;
using namespace intelmq::serve;

namespace {

constexpr double now = 1'800'000'000;

const std::map<std::string, forge::Key>& own_keys() {
  static const std::map<std::string, forge::Key> keys = {
      {"rsa", forge::rsa(2048)}, {"rsa2", forge::rsa(2048)}, {"small", forge::rsa(1024)},
      {"ec", forge::p256()},     {"ec2", forge::p256()},     {"ed", forge::ed25519()},
      {"enc", forge::rsa(2048)}, {"ps", forge::rsa(2048)},   {"twice", forge::rsa(2048)},
      {"wrap", forge::rsa(2048)}};
  return keys;
}

const forge::Key& key(const std::string& name) { return own_keys().at(name); }

std::vector<JsonWebKey> key_set() {
  static const std::string document = [] {
    Json list = Json::array();
    for (const char* name : {"rsa", "small", "ec", "ed", "twice", "twice"})
      list.push(forge::jwk(key(name), name));
    list.push(forge::jwk(key("enc"), "enc", R"({"use": "enc"})"));
    list.push(forge::jwk(key("ps"), "ps", R"({"alg": "PS256", "use": "sig"})"));
    list.push(forge::jwk(key("wrap"), "wrap", R"({"key_ops": ["wrapKey"]})"));
    list.push(forge::jwk(key("ec"), "off-curve",
                         R"({"y": "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAE"})"));
    list.push(*Json::parse(R"({"kid": "oct", "kty": "oct", "k": "c2VjcmV0"})"));
    list.push(
        *Json::parse(R"({"kid": "p384", "kty": "EC", "crv": "P-384", "x": "AA", "y": "AA"})"));
    return Json::object().set("keys", std::move(list)).dump();
  }();
  return *read_key_set(document);
}

JwtRules strict_rules() {
  JwtRules rules;
  rules.issuer = "https://id.example";
  rules.audience = "urn:intelmq";
  return rules;
}

const std::string rs_head = R"({"alg":"RS256","typ":"at+jwt","kid":"rsa"})";

/// Claims of a good token, with members replaced by `change`; null takes one away.
std::string claims(const std::string& change = "{}") {
  Json out = *Json::parse(R"({"iss":"https://id.example","aud":"urn:intelmq","exp":1800000300,
    "iat":1800000000,"nbf":1800000000,"sub":"joe","client_id":"tool","jti":"1","scope":"intelmq.read intelmq.test"})");
  const Json changes = *Json::parse(change);
  for (const auto& [name, value] : changes.members()) out.set(name, value);
  Json left = Json::object();
  for (const auto& [name, value] : out.members())
    if (!value.is_null()) left.set(name, value);
  return left.dump();
}

std::string with(const std::string& head, const std::string& signature) {
  return head + "." + encode_base64url(signature);
}

std::string token(const std::string& header, const std::string& payload,
                  const std::string& by = "rsa", const std::string& algorithm = "RS256") {
  const std::string head = forge::head(header, payload);
  return with(head, forge::sign(key(by), algorithm, head));
}

/// Why it is refused: "reason: detail"; "good" if it is not.
std::string verdict(const std::string& text, const JwtRules& rules = strict_rules(),
                    const std::string& certificate = "", double at = now) {
  const auto checked = check_jwt(text, key_set(), rules, certificate, at);
  return checked ? "good" : checked.error().reason + ": " + checked.error().detail;
}

std::string reason(const std::string& text, const JwtRules& rules = strict_rules(),
                   const std::string& certificate = "") {
  const std::string whole = verdict(text, rules, certificate);
  return whole.substr(0, whole.find(':'));
}

}  // namespace

TEST_CASE("jwt: good tokens of all algorithms") {
  CHECK(verdict(token(rs_head, claims())) == "good");
  CHECK(verdict(token(R"({"alg":"PS256","typ":"application/AT+JWT","kid":"ps"})", claims(), "ps",
                      "PS256")) == "good");
  CHECK(verdict(token(R"({"alg":"ES256","typ":"at+jwt","kid":"ec"})", claims(), "ec", "ES256")) ==
        "good");
  CHECK(verdict(token(R"({"alg":"EdDSA","typ":"at+jwt","kid":"ed"})", claims(), "ed", "EdDSA")) ==
        "good");
  CHECK(verdict(token(R"({"alg":"ES256","typ":"at+jwt"})", claims(), "ec", "ES256"))
            .starts_with("good") == false);
  CHECK(verdict(token(R"({"alg":"EdDSA","typ":"at+jwt"})", claims(), "ed", "EdDSA")) ==
        "good");  // the only one that fits
  CHECK(verdict(token(rs_head, claims(R"({"aud":["x","urn:intelmq"]})"))) == "good");
  CHECK(verdict(token(rs_head, claims(R"({"exp":1799999950})"))) == "good");  // within the leeway
  const auto checked = check_jwt(token(rs_head, claims()), key_set(), strict_rules(), "", now);
  CHECK((*checked)["sub"].text() == "joe");
  CHECK(grants_of(*checked, "") == std::vector<std::string>{"intelmq.read", "intelmq.test"});
}

TEST_CASE("jwt: signatures that are none") {
  const std::string none = forge::head(R"({"alg":"none","typ":"at+jwt"})", claims());
  CHECK(reason(none + ".") == "malformed");
  CHECK(reason(none + ".AA") == "algorithm");
  CHECK(reason(with(forge::head(R"({"alg":"None","typ":"at+jwt","kid":"rsa"})", claims()), "x")) ==
        "algorithm");
  // The public key as the secret of an HMAC.
  for (const std::string& secret :
       {forge::public_pem(key("rsa")), forge::jwk(key("rsa"), "rsa").dump()}) {
    const std::string head = forge::head(R"({"alg":"HS256","typ":"at+jwt","kid":"rsa"})", claims());
    CHECK(reason(with(head, forge::hmac(secret, head))) == "algorithm");
    JwtRules rules = strict_rules();
    rules.algorithms.emplace_back("HS256");  // cannot be configured; even so the key's type decides
    CHECK(reason(with(head, forge::hmac(secret, head)), rules) == "unsuitable-key");
    const std::string oct = forge::head(R"({"alg":"HS256","typ":"at+jwt","kid":"oct"})", claims());
    CHECK(reason(with(oct, forge::hmac("secret", oct)), rules) == "unknown-key");
  }
  const std::string good = token(rs_head, claims());
  CHECK(reason(good.substr(0, good.size() - 4) + "AAAA") == "signature");
  CHECK(reason(token(rs_head, claims(), "rsa2")) == "signature");
  const std::string head = forge::head(rs_head, claims());
  CHECK(reason(head + "." + token(rs_head, claims(R"({"sub":"eve"})")).substr(head.size() + 1)) !=
        "good");
  CHECK(reason(with(head, std::string(256, '\0'))) == "signature");
  CHECK(reason(with(head, std::string(1, '\0') + forge::sign(key("rsa"), "RS256", head))) ==
        "signature");
  CHECK(reason(head + "." + good.substr(good.rfind('.') + 1) + ".x") == "malformed");
  // One algorithm's signature under another's name.
  CHECK(reason(token(R"({"alg":"PS256","typ":"at+jwt","kid":"rsa"})", claims(), "rsa", "RS256")) ==
        "signature");
  CHECK(reason(token(rs_head, claims(), "rsa", "PS256")) == "signature");
}

TEST_CASE("jwt: ES256, PS256 and EdDSA as they must be") {
  const std::string es = forge::head(R"({"alg":"ES256","typ":"at+jwt","kid":"ec"})", claims());
  CHECK(reason(with(es, forge::sign_der(key("ec"), es))) == "signature");
  CHECK(reason(with(es, std::string(64, '\0'))) == "signature");  // r = s = 0
  CHECK(reason(with(es, std::string(65, '\1'))) == "signature");
  CHECK(reason(with(es, forge::sign(key("ec2"), "ES256", es))) == "signature");
  const std::string off =
      forge::head(R"({"alg":"ES256","typ":"at+jwt","kid":"off-curve"})", claims());
  CHECK(reason(with(off, forge::sign(key("ec"), "ES256", off))) == "signature");
  const std::string ps = forge::head(R"({"alg":"PS256","typ":"at+jwt","kid":"ps"})", claims());
  CHECK(reason(with(ps, forge::sign(key("ps"), "PS256", ps, 32))) == "good");
  for (const int salt : {0, 20, 31, 33, 64}) {
    INFO(salt);
    CHECK(reason(with(ps, forge::sign(key("ps"), "PS256", ps, salt))) == "signature");
  }
  const std::string ed = forge::head(R"({"alg":"EdDSA","typ":"at+jwt","kid":"ed"})", claims());
  const std::string signature = forge::sign(key("ed"), "EdDSA", ed);
  CHECK(reason(with(ed, signature)) == "good");
  CHECK(reason(with(ed, signature + "x")) == "signature");
  CHECK(reason(with(ed, std::string(64, '\0'))) == "signature");
}

TEST_CASE("jwt: keys") {
  const auto header = [](const std::string& more, const std::string& algorithm = "RS256") {
    return R"({"alg":")" + algorithm + R"(","typ":"at+jwt")" + more + "}";
  };
  CHECK(reason(token(header(""), claims())) == "unsuitable-key");  // several fit
  CHECK(reason(token(header(R"(,"kid":"nobody")"), claims())) == "unknown-key");
  CHECK(reason(token(header(R"(,"kid":"")"), claims())) == "malformed");
  CHECK(reason(token(header(R"(,"kid":7)"), claims())) == "malformed");
  CHECK(reason(token(header(R"(,"kid":"rsa","kid":"rsa")"), claims())) == "malformed");
  CHECK(reason(token(header(R"(,"kid":"twice")"), claims(), "twice")) == "unsuitable-key");
  CHECK(reason(token(header(R"(,"kid":"small")"), claims(), "small")) == "unsuitable-key");
  CHECK(reason(token(header(R"(,"kid":"enc")"), claims(), "enc")) == "unsuitable-key");
  CHECK(reason(token(header(R"(,"kid":"wrap")"), claims(), "wrap")) == "unsuitable-key");
  CHECK(reason(token(header(R"(,"kid":"ps")"), claims(), "ps")) ==
        "unsuitable-key");  // is for PS256
  CHECK(reason(token(header(R"(,"kid":"ec")"), claims())) == "unsuitable-key");
  CHECK(reason(token(header(R"(,"kid":"p384")", "ES256"), claims(), "ec", "ES256")) ==
        "unknown-key");
  CHECK(check_jwt(token(header(R"(,"kid":"nobody")"), claims()), key_set(), strict_rules(), "", now)
            .error()
            .unknown_key);
  // Keys that the token brings along are not looked at.
  for (const std::string name : {"jwk", "jku", "x5u", "x5c"}) {
    const std::string value =
        name == "jwk" ? forge::jwk(key("rsa2"), "rsa").dump() : "\"https://evil.example\"";
    CHECK(reason(token(header(",\"kid\":\"rsa\",\"" + name + "\":" + value), claims(), "rsa2")) ==
          "signature");
    CHECK(reason(token(header(",\"kid\":\"rsa\",\"" + name + "\":" + value), claims())) == "good");
  }
}

TEST_CASE("jwt: key sets") {
  CHECK(key_set().size() == 10);  // oct and P-384 are of no use here
  CHECK_FALSE(read_key_set("[]"));
  CHECK_FALSE(read_key_set("{"));
  CHECK_FALSE(read_key_set(R"({"keys":[],"keys":[]})"));
  CHECK(read_key_set(R"({"keys":[]})")->empty());
  std::string many = R"({"keys":[{})";
  for (int i = 0; i < 64; ++i) many += ",{}";
  CHECK_FALSE(read_key_set(many + "]}"));
  const auto unsuitable = [](const std::string& more) {
    Json keys = Json::array();
    keys.push(forge::jwk(key("rsa"), "rsa", more));
    return read_key_set(Json::object().set("keys", keys).dump())->front().unsuitable;
  };
  CHECK(unsuitable("{}").empty());
  for (const char* more :
       {R"({"e":"AQ"})", R"({"e":"AA"})", R"({"e":"Ag"})", R"({"e":""})", R"({"n":"AAAA"})",
        R"({"n":"!"})", R"({"n":null})", R"({"use":"x"})", R"({"use":1})", R"({"key_ops":[]})"}) {
    INFO(more);
    CHECK_FALSE(unsuitable(more).empty());
  }
}

TEST_CASE("jwt: shapes") {
  const std::string good = token(rs_head, claims());
  const auto first = good.find('.'), last = good.rfind('.');
  CHECK(reason("") == "malformed");
  CHECK(reason("..") == "malformed");
  CHECK(reason(good.substr(0, last)) == "malformed");
  CHECK(reason(good + ".AAAA.AAAA") == "malformed");
  CHECK(reason(good.substr(0, first) + "=" + good.substr(first)) == "malformed");
  CHECK(reason(good + "=") == "malformed");
  CHECK(reason(good + "\n") == "malformed");
  CHECK(reason(" " + good) == "malformed");
  CHECK(reason(good.substr(0, last) + "+" + good.substr(last)) == "malformed");
  std::string tail = good;  // 256 bytes leave 4 bits, which must be zero
  tail.back() = static_cast<char>(tail.back() + 1);
  CHECK(reason(tail) == "malformed");
  CHECK(reason(token(R"({"alg":"RS256","typ":"at+jwt","kid":"rsa"} x)", claims())) == "malformed");
  CHECK(reason(token("[]", claims())) == "malformed");
  CHECK(reason(token(rs_head, "\"joe\"")) == "malformed");
  std::string twice = claims();
  twice.insert(1, R"("sub":"eve",)");
  CHECK(reason(token(rs_head, twice)) == "malformed");
  CHECK(reason(token(rs_head, claims(R"({"a":[[[[[[[1]]]]]]]})"))) == "good");         // 8 deep
  CHECK(reason(token(rs_head, claims(R"({"a":[[[[[[[[1]]]]]]]]})"))) == "malformed");  // 9 deep
  CHECK(reason(token(rs_head, claims("{\"a\":\"" + std::string(16 << 10, 'x') + "\"}"))) ==
        "malformed");
  CHECK(reason(token(rs_head, "{\"iss\":\"\xff\"}")) == "malformed");
}

TEST_CASE("jwt: types") {
  const auto typed = [](const std::string& type) {
    return R"({"alg":"RS256","kid":"rsa")" + type + "}";
  };
  for (const char* type : {"", R"(,"typ":"JWT")", R"(,"typ":"dpop+jwt")", R"(,"typ":"at+jwtx")",
                           R"(,"typ":7)", R"(,"typ":"logout+jwt")"})
    CHECK(reason(token(typed(type), claims())) == "type");
  JwtRules plain = strict_rules();
  plain.accept_plain = true;
  CHECK(reason(token(typed(R"(,"typ":"JWT")"), claims(R"({"client_id":null,"azp":"tool"})")),
               plain) == "good");
  CHECK(reason(token(typed(""), claims()), plain) == "good");
  CHECK(reason(token(typed(R"(,"typ":"dpop+jwt")"), claims()), plain) == "type");
  for (const char* id_token :
       {R"({"nonce":"1"})", R"({"at_hash":"1"})", R"({"c_hash":"1"})", R"({"scope":null})"})
    CHECK(reason(token(typed(R"(,"typ":"JWT")"), claims(id_token)), plain) == "type");
  CHECK(reason(token(typed(R"(,"typ":"at+jwt","crit":["exp"])"), claims())) == "critical");
  CHECK(reason(token(typed(R"(,"typ":"at+jwt","crit":[])"), claims())) == "critical");
  CHECK(reason(token(typed(R"(,"typ":"at+jwt","b64":false)"), claims())) == "critical");
}

TEST_CASE("jwt: claims") {
  const auto changed = [](const std::string& change) {
    return reason(token(rs_head, claims(change)));
  };
  for (const char* issuer : {R"("https://id.example/")", R"("https://ID.example")", "null", "1",
                             R"(["https://id.example"])"})
    CHECK(changed(std::string("{\"iss\":") + issuer + "}") == "issuer");
  for (const char* audience : {R"("urn:intelmq2")", "[]", "null", R"(["x"])",
                               R"(["urn:intelmq",1])", R"({"a":"urn:intelmq"})"})
    CHECK(changed(std::string("{\"aud\":") + audience + "}") == "audience");
  CHECK(changed(R"({"exp":1799999939})") == "expired");
  CHECK(changed(R"({"exp":null})") == "claims");
  CHECK(changed(R"({"exp":"1800000300"})") == "claims");
  CHECK(changed(R"({"exp":-1e300})") == "expired");
  CHECK(changed(R"({"nbf":1800000061})") == "not-yet-valid");
  CHECK(changed(R"({"nbf":"x"})") == "claims");
  CHECK(changed(R"({"iat":1800000061})") == "not-yet-valid");
  CHECK(changed(R"({"iat":null})") == "claims");
  CHECK(changed(R"({"sub":null})") == "claims");
  CHECK(changed(R"({"sub":""})") == "claims");
  CHECK(changed(R"({"sub":1})") == "claims");
  CHECK(changed(R"({"client_id":null})") == "claims");
  JwtRules brief = strict_rules();
  brief.max_lifetime = std::chrono::seconds(299);
  CHECK(reason(token(rs_head, claims()), brief) == "lifetime");
}

TEST_CASE("jwt: tokens bound to a key") {
  const std::string certificate(32, 'c');
  const std::string bound =
      token(rs_head, claims("{\"cnf\":{\"x5t#S256\":\"" + encode_base64url(certificate) + "\"}}"));
  CHECK(reason(bound, strict_rules(), certificate) == "good");
  CHECK(reason(bound) == "binding");
  CHECK(reason(bound, strict_rules(), std::string(32, 'd')) == "binding");
  for (const char* other : {R"({"cnf":{"jkt":"x"}})", R"({"cnf":{"kid":"x"}})", R"({"cnf":{}})",
                            R"({"cnf":"x"})", R"({"cnf":{"x5t#S256":1}})"})
    CHECK(reason(token(rs_head, claims(other)), strict_rules(), certificate) == "binding");
}

TEST_CASE("jwt: grants by pointer") {
  const Json claims = *Json::parse(
      R"({"scope":"a  b","scp":["c",1],"realm_access":{"roles":["d"]},"x/y":{"~":"e f"}})");
  CHECK(grants_of(claims, "/realm_access/roles") == std::vector<std::string>{"a", "b", "c", "d"});
  CHECK(grants_of(claims, "/x~1y/~0") == std::vector<std::string>{"a", "b", "c", "e", "f"});
  CHECK(grants_of(claims, "/nothing/there").size() == 3);
  CHECK(find_by_pointer(claims, "/scp/0").text() == "c");
  CHECK(find_by_pointer(claims, "/scp/9").is_null());
  CHECK(find_by_pointer(claims, "scp").is_null());
}
