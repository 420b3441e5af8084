// SPDX-License-Identifier: Apache-2.0
#include "serve/access.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <ctime>
#include <map>

#include "base/file.hpp"
#include "base/sha256.hpp"
#include "jwt_forge.hpp"
#include "serve/api_security.hpp"
#include "serve/clock.hpp"
#include "serve/grants.hpp"

using namespace intelmq;
using namespace intelmq::serve;

namespace {

const forge::Key& first_key() {
  static const forge::Key key = forge::p256();
  return key;
}
const forge::Key& second_key() {
  static const forge::Key key = forge::p256();
  return key;
}

std::string key_document(const forge::Key& key, const std::string& id) {
  return Json::object().set("keys", Json::array().push(forge::jwk(key, id))).dump();
}

std::string token(const forge::Key& key, const std::string& id, const std::string& scope) {
  const Json claims = Json::object()
                          .set("iss", "https://id.example/tenant")
                          .set("aud", "urn:intelmq")
                          .set("exp", unix_time() + 300)
                          .set("iat", unix_time())
                          .set("sub", "joe")
                          .set("client_id", "tool")
                          .set("scope", scope);
  const std::string head =
      forge::head(R"({"alg":"ES256","typ":"at+jwt","kid":")" + id + "\"}", claims.dump());
  return head + "." + encode_base64url(forge::sign(key, "ES256", head));
}

/// An issuer made of a map from URLs to answers, and a clock.
struct Fixture {
  Fixture() {
    options.oidc_issuer = "https://id.example/tenant";
    options.oidc_audience = "urn:intelmq";
    pages["https://id.example/tenant/.well-known/openid-configuration"] = {
        200, R"({"issuer":"https://id.example/tenant","jwks_uri":"https://id.example/keys"})", ""};
    pages["https://id.example/keys"] = {200, key_document(first_key(), "k1"), "max-age=600"};
  }
  Fetch fetcher() {
    return [this](const std::string& url) -> Result<FetchedPage> {
      asked.push_back(url);
      const auto found = pages.find(url);
      if (down || found == pages.end()) return fail(url + ": connection refused");
      return found->second;
    };
  }
  Work worker() {
    return [this](std::function<void()> job, std::function<void()> then) {
      if (hold) {
        held.push_back([job = std::move(job), then = std::move(then)] {
          job();
          then();
        });
        return;
      }
      job();
      then();
    };
  }
  std::string error() {
    const auto opened = Access::open(options, "one", fetcher(), worker(), log);
    return opened ? "" : opened.error().text;
  }
  void open() { access = std::move(*Access::open(options, "one", fetcher(), worker(), log)); }
  static Request request(const std::string& authorization = "") {
    Request out;
    out.peer.address = "192.0.2.1";
    out.headers = {{"Host", "intelmq.example"}};
    if (!authorization.empty()) out.headers.emplace_back("Authorization", authorization);
    return out;
  }
  static std::string text(const std::optional<Identity>& identity) {
    if (!identity) return "wait";
    if (identity->unknown) return "unknown";
    if (identity->actor.kind.empty())
      return identity->reason.empty() ? "nobody" : "refused: " + identity->reason;
    std::string out = identity->actor.kind + ":" + identity->actor.name;
    for (const auto& name : names_of(identity->actor.scopes)) out += " " + name.substr(8);
    return out;
  }
  std::string who(const Request& request) { return text(access->identify(request)); }

  AccessOptions options;
  std::map<std::string, FetchedPage> pages;
  std::vector<std::string> asked;
  std::vector<std::function<void()>> held;
  bool down = false, hold = false;
  Log log{-1, "test", LogLevel::error, LogForm::text};
  std::unique_ptr<Access> access;
  IssuerKeys::Clock::time_point now{};
};

std::string temporary(const std::string& text, mode_t mode = 0600) {
  std::string path = "/tmp/access-test-XXXXXX";
  const int fd = mkstemp(path.data());
  write_all(fd, text);
  fchmod(fd, mode);
  close(fd);
  return path;
}

}  // namespace

TEST_CASE("grants: roles, scopes, instances") {
  const auto text = [](const Result<Scopes>& scopes) {
    std::string out;
    for (const auto& name : names_of(*scopes)) out += name.substr(8) + " ";
    return out;
  };
  CHECK(text(read_scopes("viewer", "")) == "read ");
  CHECK(text(read_scopes("operator", "")) == "read test control ");
  CHECK(text(read_scopes("engineer", "")) == "read test control config state ");
  CHECK(text(read_scopes("analyst", "")) == "read data ");
  CHECK(text(read_scopes("admin", "")) == "read test control config data state admin ");
  CHECK(text(read_scopes("viewer+intelmq.state", "")) == "read state ");
  CHECK(text(read_scopes("intelmq.control:one", "one")) == "control ");
  CHECK(text(read_scopes("intelmq.control:two", "one")).empty());
  for (const char* bad : {"", "root", "Admin", "intelmq.all", "viewer+", "intelmq.readx"})
    CHECK_FALSE(read_scopes(bad, "one"));
  const auto granted = [&](const char* grant, const char* instance) {
    return text(scopes_of_grant(grant, instance));
  };
  CHECK(granted("intelmq.read", "one") == "read ");
  CHECK(granted("intelmq.read:one", "one") == "read ");
  for (const char* none : {"admin", "intelmq", "intelmq.reads", "intelmq.read:", "intelmq.read:two",
                           "intelmq.read:one:x", "INTELMQ.READ", "viewer"})
    CHECK(granted(none, "one").empty());
  CHECK(granted("intelmq.read:", "").empty());
}

TEST_CASE_METHOD(Fixture, "access: peers of a unix socket") {
  options = {};
  const auto peer = [](std::uint32_t uid, std::uint32_t gid) {
    Request out = request();
    out.peer = Peer{};
    out.peer.address = "unix";
    out.peer.loopback = true;
    out.peer.uid = uid;
    out.peer.gid = gid;
    return out;
  };
  open();
  CHECK(who(peer(0, 0)).ends_with("state admin"));
  CHECK(who(peer(geteuid(), 5)).ends_with("state admin"));
  CHECK(who(peer(54321, 0)) == "nobody");
  options.peer_roles = {"uid:7=operator", "gid:8=analyst"};
  open();
  CHECK(who(peer(7, 1)) == "peer:uid:7 read test control");
  CHECK(who(peer(7, 8)) == "peer:uid:7 read test control data");
  CHECK(who(peer(9, 8)) == "peer:uid:9 read data");
  CHECK(who(peer(0, 0)) == "nobody");
  for (const char* bad :
       {"uid:x=viewer", "user:joe=viewer", "uid:=viewer", "uid:7", "uid:7=boss", "=viewer"}) {
    options.peer_roles = {bad};
    INFO(error());
    CHECK(error().starts_with("--peer-roles "));
  }
}

TEST_CASE_METHOD(Fixture, "access: the loopback is open only if nothing is configured") {
  Request local = request();
  local.peer.address = "127.0.0.1";
  local.peer.loopback = true;
  options = {};
  open();
  CHECK(who(local).ends_with("state admin"));
  CHECK(who(request()) == "nobody");
  options.peer_roles = {"uid:7=operator"};
  open();
  CHECK(who(local) == "nobody");
  options = {};
  options.certificate_roles = {"san:x=viewer"};
  open();
  CHECK(who(local) == "nobody");
}

TEST_CASE_METHOD(Fixture, "access: client certificates") {
  options = {};
  options.certificate_roles = {"san:ops.example=operator", "subject:CN=joe", "O=Example=viewer",
                               "san:mailto:x=y=admin"};
  open();
  Request by = request();
  by.peer.tls = true;
  by.peer.certificate_sha256 = std::string(32, 'x');
  by.peer.certificate_subject = "CN=joe,O=Example";
  CHECK(who(by) == "mtls:CN=joe,O=Example read");
  by.peer.certificate_names = {"other.example", "ops.example"};
  CHECK(who(by) == "mtls:ops.example read test control");
  by.peer.certificate_subject = "CN=joe";
  by.peer.certificate_names = {"OPS.example"};
  CHECK(who(by) == "nobody");
  CHECK(who(request()) == "nobody");
  options.certificate_roles = {"ops.example=operator"};
  CHECK(error().starts_with("--certificate-roles "));
}

TEST_CASE_METHOD(Fixture, "access: fixed tokens") {
  options = {};
  options.token_file =
      temporary("# comment\n\n" + sha256_hex("secret") + " operator lab 2999-01-01T00:00:00Z\n" +
                sha256_hex("old") + "  viewer gone 2001-01-01T00:00:00Z\r\n" + sha256_hex("a.b.c") +
                " intelmq.read:one dots never\n");
  open();
  CHECK(who(request("Bearer secret")) == "token:lab read test control");
  CHECK(who(request("bearer  secret ")) == "token:lab read test control");
  CHECK(who(request("Bearer a.b.c")) == "token:dots read");
  CHECK(who(request("Bearer old")) == "refused: expired");
  CHECK(who(request("Bearer wrong")) == "refused: unknown-token");
  CHECK(who(request("Bearer " + sha256_hex("secret"))) == "refused: unknown-token");
  CHECK(who(request("Basic secret")) == "refused: scheme");
  CHECK(who(request("Bearer")) == "refused: scheme");
  Request twice = request("Bearer secret");
  twice.headers.emplace_back("authorization", "Bearer wrong");
  CHECK(who(twice) == "refused: malformed");
  // A bad token is not made good by where it comes from.
  Request root = request("Bearer wrong");
  root.peer.uid = 0;
  CHECK(who(root) == "refused: unknown-token");
  REQUIRE(atomic_write(*options.token_file, sha256_hex("new") + " viewer lab never\n"));
  REQUIRE(access->reload());
  CHECK(who(request("Bearer secret")) == "refused: unknown-token");
  CHECK(who(request("Bearer new")) == "token:lab read");
  for (const char* bad : {"x viewer a never", "deadbeef viewer a never"}) {
    REQUIRE(atomic_write(*options.token_file, bad));
    CHECK(access->reload().error().text.find(", line 1: ") != std::string::npos);
    CHECK(who(request("Bearer new")) == "token:lab read");
  }
  REQUIRE(atomic_write(*options.token_file, sha256_hex("x") + " viewer a tomorrow"));
  CHECK_FALSE(access->reload());
  chmod(options.token_file->c_str(), 0666);
  CHECK(error().find("others may write to it") != std::string::npos);
  unlink(options.token_file->c_str());
  CHECK(error().find("cannot be read") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "access: tokens of an OpenID provider") {
  options.oidc_roles = {"soc=analyst", "ops=operator"};
  open();
  CHECK(who(request("Bearer " + token(first_key(), "k1",
                                      "intelmq.read intelmq.control:one intelmq.admin:two x"))) ==
        "oidc:joe read control");
  CHECK(who(request("Bearer " + token(first_key(), "k1", "soc"))) == "oidc:joe read data");
  CHECK(who(request("Bearer " + token(first_key(), "k1", "admin viewer"))) == "oidc:joe");
  const auto identity = access->identify(request("Bearer " + token(first_key(), "k1", "")));
  CHECK(identity->actor.client == "tool");
  CHECK(identity->actor.issuer == "https://id.example/tenant");
  CHECK(identity->actor.token_digest.size() == 64);
  CHECK(who(request("Bearer abc")) == "refused: malformed");
  CHECK(who(request()) == "nobody");
  CHECK(access->metadata_url(request()) ==
        "http://intelmq.example/.well-known/oauth-protected-resource");
  Request odd = request();
  odd.headers = {{"Host", "a\"b"}};
  CHECK(access->metadata_url(odd).empty());
  CHECK((*access->metadata(request()))["authorization_servers"].items().front().text() ==
        "https://id.example/tenant");
  CHECK(access->status()["issuer_keys"]["keys"].items().size() == 1);
}

TEST_CASE_METHOD(Fixture, "access: keys that change") {
  open();
  CHECK(asked.size() == 2);
  pages["https://id.example/keys"].body = key_document(second_key(), "k2");
  const Request renewed = request("Bearer " + token(second_key(), "k2", "intelmq.read"));
  CHECK(who(renewed) == "refused: unknown-key");  // asked only just now
  CHECK(asked.size() == 2);
}

TEST_CASE_METHOD(Fixture, "access: without keys nobody comes in") {
  down = true;
  open();
  const Request good = request("Bearer " + token(first_key(), "k1", "intelmq.read"));
  CHECK(who(good) == "unknown");
  CHECK(access->warning().find("connection refused") != std::string::npos);
  down = false;
  hold = true;  // a fetch on its way: the request waits for it
  open();
  CHECK(who(good) == "wait");
  int called = 0;
  access->refresh([&] { ++called; });
  CHECK(called == 0);
  held.front()();
  CHECK(held.size() == 1);
  CHECK(called == 1);
  CHECK(who(good) == "oidc:joe read");
  CHECK(access->warning().empty());
}

TEST_CASE_METHOD(Fixture, "oidc: the cache of keys") {
  OidcOptions oidc{"https://id.example/tenant", false, std::chrono::hours(24)};
  IssuerKeys keys(oidc, fetcher(), worker(), log, [this] { return now; });
  CHECK_FALSE(keys.usable());
  CHECK(keys.may_fetch(false));
  keys.keep_fresh();
  CHECK(keys.usable());
  CHECK(keys.keys().size() == 1);
  CHECK_FALSE(keys.may_fetch(false));
  CHECK_FALSE(keys.may_fetch(true));
  now += std::chrono::seconds(30);
  CHECK(keys.may_fetch(true));
  CHECK_FALSE(keys.may_fetch(false));
  keys.keep_fresh();
  CHECK(asked.size() == 2);  // 10 minutes have not passed
  now += std::chrono::seconds(570);
  down = true;
  keys.keep_fresh();
  CHECK(asked.size() == 3);
  CHECK(keys.usable());  // old, but there
  CHECK(keys.warning().find("are old") != std::string::npos);
  keys.keep_fresh();
  CHECK(asked.size() == 3);
  now += std::chrono::hours(24);
  CHECK_FALSE(keys.usable());
  CHECK(keys.keys().empty());
  CHECK(keys.warning().find("nobody can log in") != std::string::npos);
  down = false;
  keys.keep_fresh();
  CHECK(keys.usable());
  CHECK(keys.warning().empty());
  // What does not make sense leaves the keys as they are.
  now += std::chrono::minutes(11);
  pages["https://id.example/keys"].body = R"({"keys":[]})";
  keys.keep_fresh();
  CHECK(keys.keys().size() == 1);
  CHECK(keys.warning().find("no key there can be used") != std::string::npos);
}

TEST_CASE_METHOD(Fixture, "oidc: discovery") {
  const auto fetch = [this](bool dev = false) {
    const auto got = fetch_keys({*options.oidc_issuer, dev, {}}, fetcher());
    return got ? "good" : got.error().text;
  };
  const std::string place = "https://id.example/tenant/.well-known/openid-configuration";
  const FetchedPage good = pages[place];
  CHECK(fetch() == "good");
  pages[place] = {404, "", ""};
  pages["https://id.example/.well-known/oauth-authorization-server/tenant"] = good;
  CHECK(fetch() == "good");
  pages.erase("https://id.example/.well-known/oauth-authorization-server/tenant");
  for (const int status : {301, 302, 500, 204}) {
    pages[place] = {status, good.body, ""};
    CHECK(fetch().find("the answer is " + std::to_string(status)) != std::string::npos);
  }
  for (const char* other :
       {R"("https://id.example/tenant/")", R"("https://id.example")", "null", "1"}) {
    pages[place] = {
        200, std::string(R"({"jwks_uri":"https://id.example/keys","issuer":)") + other + "}", ""};
    CHECK(fetch().find("has to be equal to it") != std::string::npos);
  }
  for (const char* uri : {"http://id.example/keys", "http://127.0.0.1/keys", "file:///etc/passwd",
                          "", "https://", "https://a@b/"}) {
    pages[place] = {
        200, R"({"issuer":"https://id.example/tenant","jwks_uri":")" + std::string(uri) + "\"}",
        ""};
    INFO(uri);
    CHECK(fetch().starts_with("jwks_uri of https://id.example/tenant"));
  }
  CHECK(metadata_urls("https://a.example/") ==
        std::vector<std::string>{"https://a.example/.well-known/openid-configuration",
                                 "https://a.example/.well-known/oauth-authorization-server"});
  CHECK(check_issuer_url("http://127.0.0.1:3000", true));
  CHECK_FALSE(check_issuer_url("http://127.0.0.1:3000", false));
  CHECK_FALSE(check_issuer_url("http://id.example", true));
  CHECK_FALSE(check_issuer_url("https://id.example/?a=b", false));
  CHECK(cache_time("public, max-age=3600").count() == 3600);
  CHECK(cache_time("max-age=1").count() == 300);
  CHECK(cache_time("Max-Age=99999999999999999999").count() == 86400);
  CHECK(cache_time("max-age=9999999").count() == 86400);
  CHECK(cache_time("no-store, max-age=3600").count() == 300);
  CHECK(cache_time("").count() == 300);
}

TEST_CASE_METHOD(Fixture, "access: what the configuration must not say") {
  options.oidc_audience.reset();
  CHECK(error().starts_with("--oidc-audience is missing"));
  options.oidc_audience = "x";
  for (const char* bad : {"none", "HS256", "RS256 ", "rs256", "ES384"}) {
    options.oidc_algorithms = {"RS256", bad};
    CHECK(error().starts_with("--oidc-algorithms "));
  }
  options.oidc_algorithms = {"RS256"};
  options.oidc_leeway = std::chrono::seconds(301);
  CHECK(error().starts_with("--oidc-leeway "));
  options.oidc_leeway = std::chrono::seconds(300);
  CHECK(error().empty());
  options.oidc_issuer = "http://id.example";
  CHECK(error().starts_with("--oidc-issuer "));
  options.oidc_issuer = "https://id.example";
  options.oidc_scope_pointer = "roles";
  CHECK(error().starts_with("--oidc-scope-pointer "));
}

TEST_CASE("access: who may listen beyond the loopback") {
  AccessOptions options;
  const auto check = [&](const char* listen, bool tls, bool client_ca = false,
                         bool insecure = false) {
    return check_listener(listen, tls, client_ca, options, insecure).has_value();
  };
  for (const char* near : {"unix:/run/x", "tcp:127.0.0.1:80", "tcp:[::1]:80", "tcp:localhost:80"})
    CHECK(check(near, false));
  for (const char* far :
       {"tcp:0.0.0.0:80", "tcp:[::]:80", "tcp:10.0.0.1:80", "tcp:intelmq.example:80", "tcp::80"}) {
    INFO(far);
    CHECK_FALSE(check(far, false));
    CHECK_FALSE(check(far, true));
    CHECK(check(far, false, false, true));
  }
  options.token_file = "x";
  CHECK(check("tcp:0.0.0.0:80", true));
  CHECK_FALSE(check("tcp:0.0.0.0:80", false));
  options.token_file.reset();
  options.certificate_roles = {"san:x=viewer"};
  CHECK_FALSE(check("tcp:0.0.0.0:80", true));
  CHECK(check("tcp:0.0.0.0:80", true, true));
  CHECK(access_parameters().size() == 19);
  options.allow_host = {"Intelmq.Example.:443", "2001:DB8::1", "[2001:db8::2]:80"};
  CHECK(
      *allowed_hosts(options, {"unix:/x", "tcp:10.0.0.1:80", "tcp:[::]:1"}) ==
      std::vector<std::string>{"intelmq.example", "2001:db8::1", "2001:db8::2", "10.0.0.1", "::"});
  options.allow_host = {"a:b"};
  CHECK_FALSE(allowed_hosts(options, {}));
}
