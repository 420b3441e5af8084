// SPDX-License-Identifier: Apache-2.0
#include "serve/front.hpp"

#include <unistd.h>

#include <catch2/catch.hpp>
#include <stdexcept>

#include "serve/front_rules.hpp"

using namespace intelmq;
using namespace intelmq::serve;

namespace {

/// Stands in for the real one: "Bearer NAME" is NAME with the scopes given to it.
struct FakeAccess : Access {
  std::optional<Identity> identify(const Request& request) override {
    if (lacks_keys) return std::nullopt;
    Identity out;
    const auto header = request.header("authorization");
    if (header == "Bearer bad") {
      out.reason = "expired";
      out.detail = "expired 5 s ago";
    } else if (header.starts_with("Bearer ")) {
      out.actor = Actor{"token", std::string(header.substr(7)), "", "", "", scopes};
    }
    return out;
  }
  void refresh(std::function<void()> then) override {
    ++refreshed;
    if (!down) lacks_keys = false;
    then();
  }
  std::string metadata_url(const Request&) const override { return "http://localhost/meta"; }
  std::optional<Json> metadata(const Request&) const override { return std::nullopt; }
  Json status() const override { return {}; }
  std::string warning() const override { return ""; }
  Result<void> reload() override { return {}; }
  Scopes scopes = {Scope::read};
  bool lacks_keys = false, down = false;
  int refreshed = 0;
};

/// Keeps the records instead of writing them.
struct FakeAudit : Audit {
  void write(Json record, std::function<void(Result<void>)> then) override {
    if (full) return then ? then(fail("disk full")) : void();
    records.push_back(std::move(record));
    if (then) then({});
  }
  void read(AuditQuery, std::function<void(Result<std::vector<Json>>)> then) override {
    then(records);
  }
  void reopen() override {}
  std::vector<Json> records;
  bool full = false;
};

struct Fixture {
  Fixture() {
    router.add("GET", "/api/v1/status", Scope::read,
               [](const Request&) { return Response::json(Json::object()); });
    router.add("GET", "/livez", Scope::none, [](const Request&) { return Response::text("ok"); });
    router.add("GET", "/api/v1/whoami", Scope::any,
               [](const Request&) { return Response::json(Json::object()); });
    router.add(
        "POST", "/api/v1/lifecycle/stop", Scope::control,
        [this](const Request& request) {
          ++stopped;
          body = request.body;
          return Response::json(Json::object());
        },
        Body::json);
    router.add(
        "PATCH", "/api/v1/parameters", Scope::config,
        [](const Request&) { return Response::empty(); }, Body::merge);
    router.add(
        "PUT", "/api/v1/state/dumps/{id}/content", Scope::state,
        [](const Request&) { return Response::empty(); }, Body::file);
    router.add("GET", "/boom", Scope::none,
               [](const Request&) -> Response { throw std::runtime_error("no"); });
    router.add(Route{"POST", "/lost", Scope::control, Body::json,
                     [](const std::shared_ptr<Request>&, const Responder&) {}, true, false});
    access.scopes = Scopes::all();
    make();
  }
  void make(Front::Options options = {}) {
    options.answered = [this](std::string_view, std::string_view route, int code) {
      counted.emplace_back(std::string(route) + " " + std::to_string(code));
    };
    options.login_failed = [this](std::string_view reason) { failed.emplace_back(reason); };
    front = std::make_unique<Front>(router, use_access ? &access : nullptr, &audit, log,
                                    std::move(options));
  }
  Request request(std::string method, std::string path, Headers headers = {},
                  std::string text = "") const {
    Request out;
    out.method = std::move(method);
    out.target = out.path = std::move(path);
    out.headers = std::move(headers);
    if (!out.has_header("host")) out.headers.emplace_back("Host", "localhost:8080");
    if (!out.has_header("authorization") && !anonymous)
      out.headers.emplace_back("Authorization", "Bearer joe");
    out.body = std::move(text);
    out.peer.address = "127.0.0.1";
    out.peer.loopback = true;
    out.id = "r1";
    return out;
  }
  Response send(Request request) {
    std::optional<Response> got;
    front->handle(std::make_shared<Request>(std::move(request)),
                  [&](Response response) { got = std::move(response); });
    return got ? *got : Response{0, {}, {}, {}, {}, {}};
  }
  Response send(std::string method, std::string path, Headers headers = {}, std::string text = "") {
    return send(request(std::move(method), std::move(path), std::move(headers), std::move(text)));
  }
  static std::string header(const Response& response, std::string_view name) {
    for (const auto& [key, value] : response.headers)
      if (key == name) return value;
    return "";
  }
  static std::string code(const Response& response) {
    return Json::parse(response.body).value_or(Json())["code"].text();
  }

  Router router;
  FakeAccess access;
  FakeAudit audit;
  Log log{-1, "test", LogLevel::error, LogForm::text};
  std::unique_ptr<Front> front;
  std::vector<std::string> counted, failed;
  bool use_access = true, anonymous = false;
  int stopped = 0;
  std::string body;
};

const Headers json = {{"Content-Type", "application/json"}};

}  // namespace

TEST_CASE_METHOD(Fixture, "front: only known hosts") {
  for (const char* host :
       {"localhost", "LOCALHOST:1", "127.0.0.1:8080", "127.9.9.9", "[::1]:99", "localhost."})
    CHECK(send("GET", "/api/v1/status", {{"Host", host}}).status == 200);
  for (const char* host : {"evil.example", "localhost.evil.example", "10.0.0.1", "[::2]", "",
                           "[::1", "localhost:x", "a@localhost"}) {
    INFO(host);
    CHECK(code(send("GET", "/api/v1/status", {{"Host", host}})) == "host-not-allowed");
  }
  make({.hosts = {"intelmq.example"}});
  CHECK(send("GET", "/api/v1/status", {{"Host", "IntelMQ.example:443"}}).status == 200);
  Request by_socket = request("GET", "/api/v1/status", {{"Host", "whatever"}});
  by_socket.peer.address = "unix";
  CHECK(send(by_socket).status == 200);
  make({.any_host = true});
  CHECK(send("GET", "/livez", {{"Host", "10.1.2.3:9464"}}).status == 200);
}

TEST_CASE_METHOD(Fixture, "front: pages of other sites are refused") {
  for (const char* site : {"cross-site", "same-site", "Cross-Site", "new"})
    CHECK(code(send("GET", "/api/v1/status", {{"Sec-Fetch-Site", site}})) == "cross-site");
  for (const char* site : {"same-origin", "none"})
    CHECK(send("GET", "/api/v1/status", {{"Sec-Fetch-Site", site}}).status == 200);
  CHECK(send("GET", "/api/v1/status", {{"Origin", "http://localhost:8080"}}).status == 200);
  for (const char* origin :
       {"null", "http://localhost:9", "https://localhost:8081", "http://evil.example"})
    CHECK(code(send("POST", "/api/v1/lifecycle/stop", {{"Origin", origin}})) == "cross-site");
  CHECK(stopped == 0);
  CHECK(audit.records.size() == 8);
  CHECK(audit.records.front()["phase"].text() == "denied");
}

TEST_CASE_METHOD(Fixture, "front: methods") {
  CHECK(code(send("GET", "/nothing")) == "not-found");
  const Response other = send("DELETE", "/api/v1/status");
  CHECK(other.status == 405);
  CHECK(header(other, "Allow") == "GET, HEAD, OPTIONS");
  const Response options = send("OPTIONS", "/api/v1/lifecycle/stop");
  CHECK(options.status == 204);
  CHECK(header(options, "Allow") == "OPTIONS, POST");
  CHECK(send("OPTIONS", "/nothing").status == 404);
  CHECK(send("OPTIONS", "*").status == 204);
  CHECK(counted.front() == " 404");
}

TEST_CASE_METHOD(Fixture, "front: content types") {
  const auto stop = [&](Headers headers, std::string text) {
    return send("POST", "/api/v1/lifecycle/stop", std::move(headers), std::move(text)).status;
  };
  CHECK(stop({}, "") == 200);
  CHECK(body == "{}");
  CHECK(stop({{"Content-Type", "Application/JSON; charset=\"UTF-8\""}}, R"({"drain": true})") ==
        200);
  CHECK(stop({}, "{}") == 415);
  CHECK(stop({{"Content-Type", "text/plain"}}, "{}") == 415);
  CHECK(stop({{"Content-Type", "text/plain"}}, "") == 415);
  CHECK(stop({{"Content-Type", "application/jsonx"}}, "{}") == 415);
  CHECK(stop({{"Content-Type", "application/json; charset=utf-16"}}, "{}") == 415);
  CHECK(stop({{"Content-Type", "application/json"}, {"Content-Encoding", "gzip"}}, "{}") == 415);
  CHECK(stop({{"Content-Type", "application/merge-patch+json"}}, "{}") == 415);
  CHECK(
      send("PATCH", "/api/v1/parameters", {{"Content-Type", "application/merge-patch+json"}}, "{}")
          .status == 204);
  CHECK(send("PATCH", "/api/v1/parameters", json, "{}").status == 204);
  // Already when only the head is there.
  CHECK(front
            ->admit(request("POST", "/api/v1/lifecycle/stop",
                            {{"Content-Type", "text/xml"}, {"Content-Length", "3"}}))
            .refused->status == 415);
  CHECK(front->admit(request("POST", "/api/v1/lifecycle/stop", {{"Transfer-Encoding", "chunked"}}))
            .refused->status == 415);
  CHECK_FALSE(front->admit(request("POST", "/api/v1/lifecycle/stop", json)).refused);
}

TEST_CASE_METHOD(Fixture, "front: bodies are sound JSON objects") {
  const auto stop = [&](std::string text) {
    return code(send("POST", "/api/v1/lifecycle/stop", json, std::move(text)));
  };
  for (const char* text : {"{", "[]", "1", R"({"a":1,"a":2})", R"({"x":{"a":1,"\u0061":2}})",
                           "{} {}", "{\"a\":\"\xff\"}"}) {
    INFO(text);
    CHECK(stop(text) == "malformed-request");
  }
  const auto nested = [](int depth) {
    return "{\"a\":" + std::string(depth - 1, '[') + std::string(depth - 1, ']') + "}";
  };
  CHECK(stop(nested(65)) == "malformed-request");
  CHECK(stopped == 0);
  CHECK(audit.records.empty());
  CHECK(stop(nested(64)).empty());
  CHECK(stopped == 1);
}

TEST_CASE_METHOD(Fixture, "front: Accept") {
  const auto get = [&](const char* path, const char* accept) {
    return send("GET", path, {{"Accept", accept}}).status;
  };
  CHECK(get("/api/v1/status", "application/json") == 200);
  CHECK(get("/api/v1/status", "text/html, application/*;q=0.1") == 200);
  CHECK(get("/api/v1/status", "*/*") == 200);
  CHECK(get("/api/v1/status", "text/html") == 406);
  CHECK(get("/api/v1/status", "application/json;q=0, */*") == 406);
  CHECK(get("/api/v1/status", "application/json;q=x") == 406);
  CHECK(get("/livez", "text/plain") == 200);
  CHECK(get("/livez", "application/json") == 406);
  CHECK(send("POST", "/api/v1/lifecycle/stop", {{"Accept", "text/html"}}).status == 406);
  CHECK(stopped == 0);
}

TEST_CASE_METHOD(Fixture, "front: who may do what") {
  access.scopes = {Scope::read};
  CHECK(send("GET", "/api/v1/status").status == 200);
  const Response weak = send("POST", "/api/v1/lifecycle/stop");
  CHECK(code(weak) == "insufficient-scope");
  CHECK(header(weak, "WWW-Authenticate") ==
        "Bearer error=\"insufficient_scope\", scope=\"intelmq.control\", "
        "resource_metadata=\"http://localhost/meta\"");
  const Response bad = send("GET", "/api/v1/status", {{"Authorization", "Bearer bad"}});
  CHECK(bad.status == 401);
  CHECK(header(bad, "WWW-Authenticate").find("error=\"invalid_token\"") != std::string::npos);
  CHECK(bad.body.find("expired") == std::string::npos);  // nobody learns what was wrong ...
  CHECK(audit.records.back()["reason"].text() == "expired 5 s ago");  // ... but the log
  CHECK(failed == std::vector<std::string>{"expired"});
  anonymous = true;
  const Response nobody = send("GET", "/api/v1/whoami");
  CHECK(nobody.status == 401);
  CHECK(header(nobody, "WWW-Authenticate") == "Bearer resource_metadata=\"http://localhost/meta\"");
  CHECK(send("GET", "/livez").status == 200);
  anonymous = false;
  access.scopes = {};
  CHECK(send("GET", "/api/v1/whoami").status == 200);
  CHECK(send("GET", "/api/v1/status").status == 403);
}

TEST_CASE_METHOD(Fixture, "front: without access the machine's own users are admins") {
  use_access = false;
  make();
  anonymous = true;
  CHECK(send("POST", "/api/v1/lifecycle/stop").status == 200);
  Request far = request("GET", "/api/v1/status");
  far.peer.address = "192.0.2.1";
  far.peer.loopback = false;
  CHECK(send(far).status == 401);
}

TEST_CASE_METHOD(Fixture, "front: keys that have to be fetched first") {
  access.lacks_keys = true;
  CHECK(send("GET", "/api/v1/status").status == 200);
  CHECK(access.refreshed == 1);
  access.lacks_keys = access.down = true;
  const Response down = send("GET", "/api/v1/status");
  CHECK(code(down) == "identity-unavailable");
  CHECK(header(down, "Retry-After") == "5");
  CHECK(send("GET", "/livez").status == 200);
}

TEST_CASE_METHOD(Fixture, "front: files are taken from those alone who may send them") {
  const Headers tar = {{"Content-Type", "application/x-tar"}, {"Content-Length", "9"}};
  const auto admit = [&] {
    return front->admit(request("PUT", "/api/v1/state/dumps/1/content", tar));
  };
  CHECK(admit().file);
  access.scopes = {Scope::read};
  CHECK(admit().refused->status == 403);
  anonymous = true;
  CHECK(admit().refused->status == 401);
  access.lacks_keys = access.down = true;
  CHECK(admit().refused->status == 503);
  CHECK(access.refreshed == 1);
}

TEST_CASE_METHOD(Fixture, "front: the audit log has intent and outcome") {
  const std::string trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  send("POST", "/api/v1/lifecycle/stop", {{"traceparent", trace}});
  REQUIRE(audit.records.size() == 2);
  CHECK(audit.records[0]["phase"].text() == "intent");
  CHECK(audit.records[0]["actor"]["name"].text() == "joe");
  CHECK(audit.records[0]["traceparent"].text() == trace);
  CHECK(audit.records[1]["phase"].text() == "outcome");
  CHECK(audit.records[1]["status"].integer() == 200);
  CHECK(audit.records[1]["request_id"].text() == "r1");
  send("GET", "/api/v1/status");
  CHECK(audit.records.size() == 2);
  CHECK(send("POST", "/lost").status == 0);
  CHECK(audit.records.back()["result"].text() == "lost");
  audit.full = true;
  CHECK(code(send("POST", "/api/v1/lifecycle/stop")) == "audit-unavailable");
  CHECK(stopped == 1);
  CHECK(front->audit_trouble() == "disk full");
  make({.audit_optional = true});
  CHECK(send("POST", "/api/v1/lifecycle/stop").status == 200);
  CHECK(stopped == 2);
}

TEST_CASE_METHOD(Fixture, "front: limits of the rate") {
  make({.requests_per_second = 2});
  int good = 0;
  const char* const stop = "/api/v1/lifecycle/stop";
  for (int i = 0; i < 10; ++i) good += static_cast<int>(send("POST", stop).status == 200);
  CHECK(good == 4);
  const Response late = send("POST", stop);
  CHECK(code(late) == "rate-limited");
  CHECK(header(late, "Retry-After") == "1");
  CHECK(send("GET", "/api/v1/status").status == 200);  // reading goes on
  CHECK(send("POST", stop, {{"Authorization", "Bearer ann"}}).status == 200);
  make({.failed_logins_per_minute = 3});
  for (int i = 0; i < 3; ++i)
    CHECK(send("GET", "/api/v1/status", {{"Authorization", "Bearer bad"}}).status == 401);
  CHECK(code(send("GET", "/api/v1/status", {{"Authorization", "Bearer bad"}})) == "rate-limited");
  anonymous = true;
  CHECK(send("GET", "/livez").status == 200);
  CHECK(failed.size() == 3);
}

TEST_CASE_METHOD(Fixture, "front: nobody fills the audit log with refusals") {
  access.scopes = {};
  for (int i = 0; i < 200; ++i) CHECK(send("GET", "/api/v1/status").status == 403);
  CHECK(audit.records.size() >= 60);
  CHECK(audit.records.size() < 100);
  audit.records.clear();
  make({.requests_per_second = 0});  // what would change something is told each time
  for (int i = 0; i < 200; ++i) CHECK(send("POST", "/api/v1/lifecycle/stop").status == 403);
  CHECK(audit.records.size() == 200);
}

TEST_CASE_METHOD(Fixture, "front: a handler that throws says nothing of it") {
  const Response boom = send("GET", "/boom");
  CHECK(code(boom) == "internal");
  CHECK(boom.body.find("runtime") == std::string::npos);
}

TEST_CASE("front: names of the rate are bounded") {
  const auto start = Rate::Clock::now();
  Rate rate(1, 1, 2);
  CHECK(rate.take("a", start));
  CHECK_FALSE(rate.take("a", start));
  CHECK_FALSE(rate.has("a", start));
  CHECK(rate.take("b", start));
  CHECK(rate.take("c", start));
  CHECK(rate.take("a", start));  // forgotten for b and c
  CHECK_FALSE(rate.take("c", start));
  CHECK(rate.take("c", start + std::chrono::seconds(1)));
}

TEST_CASE("front: traceparent and address groups") {
  Request request;
  const auto trace = [&](const char* text) {
    request.headers = {{"TraceParent", text}};
    return std::string(traceparent(request));
  };
  const char* good = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
  CHECK(trace(good) == good);
  for (const char* bad : {"00-00000000000000000000000000000000-b7ad6b7169203331-01",
                          "00-0af7651916cd43dd8448eb211c80319c-0000000000000000-01",
                          "ff-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                          "00-0AF7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
                          "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01-x",
                          "00-0af7651916cd43dd8448eb211c80319cb7ad6b71692033310-01", "", "00"})
    CHECK(trace(bad).empty());
  CHECK(address_group("2001:db8:1:2:3:4:5:6") == "2001:db8:1:2::");
  CHECK(address_group("192.0.2.1") == "192.0.2.1");
  CHECK(address_group("::ffff:192.0.2.1") == "::ffff:192.0.2.1");
}
