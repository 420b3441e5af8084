// SPDX-License-Identifier: Apache-2.0
#include "serve/parameters.hpp"

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "fake_bots.hpp"

using namespace intelmq;
using namespace intelmq::serve;

namespace {

Json json(std::string_view text) { return Json::parse(text).value(); }

struct Service {
  explicit Service(std::vector<std::string> ids = {"a"}, bool readonly = false,
                   bool require_if_match = false)
      : configuration{Configuration::open(folder.path).value()} {
    for (const std::string& id : ids) bots.add(id);
    add_parameter_routes(loop.router,
                         {loop.loop, log, bots, configuration, readonly, require_if_match});
  }
  Json ask(const std::string& method, const std::string& more, const std::string& body = "",
           const Headers& headers = {}) {
    return loop.json(method, "/api/v1/" + more, body, headers);
  }
  int status() const { return loop.last.status; }

  TestFolder folder;
  Log log{-1, "test", LogLevel::error, LogForm::text};
  FakeBots bots;
  Configuration configuration;
  TestLoop loop;
};

}  // namespace

TEST_CASE("parameters are read with where they come from") {
  Service service;
  Json all = service.ask("GET", "parameters");
  CHECK(service.status() == 200);
  CHECK(header_of(service.loop.last, "ETag") == "\"0\"");
  CHECK(all["parameters"]["mode"].text() == "good");
  CHECK(all["parameters"]["source"].text() == "redis://u:******@h/q");
  CHECK(all["origin"]["mode"].text() == "default");
  all = service.ask("GET", "bots/a/parameters?view=configured");
  CHECK(all["parameters"] == json(R"({"source":"redis://u:******@h/q"})"));
  all = service.ask("GET", "parameters?view=default");
  CHECK(all["parameters"]["mode"].text() == "good");
  CHECK(all["parameters"]["source"].is_null());
  service.ask("GET", "parameters?view=other");
  CHECK(service.status() == 400);
  service.ask("GET", "bots/b/parameters");
  CHECK(service.status() == 404);
  CHECK(service.ask("GET", "parameters/schema")["properties"].has("mode"));
}

TEST_CASE("a patch becomes a revision and is brought into effect") {
  Service service;
  const Json done = service.ask("PATCH", "parameters", R"({"mode":"better","password":"hunter2"})");
  CHECK(service.status() == 200);
  CHECK(done["revision"].integer() == 1);
  CHECK(done["applied"].text() == "hot");
  CHECK(done["effects"] == json(R"([{"parameter":"mode","reload":"hot"},
                                    {"parameter":"password","reload":"hot"}])"));
  CHECK(header_of(service.loop.last, "ETag") == "\"1\"");
  CHECK(service.bots.done == std::vector<std::string>{"reload"});
  const Json all = service.ask("GET", "parameters");
  CHECK(all["parameters"]["mode"].text() == "better");
  CHECK(all["parameters"]["password"] == json(R"({"$secret":"set"})"));
  CHECK(all["origin"]["mode"].text() == "api");
  CHECK(service.loop.last.body.find("hunter2") == std::string::npos);
  SECTION("the same again changes nothing") {
    const Json again = service.ask("PATCH", "parameters", R"({"mode":"better"})");
    CHECK(again["revision"].integer() == 1);
    CHECK(again["effects"] == json("[]"));
  }
  SECTION("null takes it back") {
    service.ask("PATCH", "parameters", R"({"mode":null})");
    CHECK(service.configuration.overrides("a") == json(R"({"password":"hunter2"})"));
  }
  SECTION("what was read can be sent back") {
    service.ask("PUT", "parameters", R"({"mode":"better","password":{"$secret":"set"}})");
    CHECK(service.configuration.revision() == 1);
  }
  SECTION("a put leaves nothing that it does not name") {
    service.ask("PUT", "parameters", R"({"keys":["a"]})");
    CHECK(service.configuration.overrides("a") == json(R"({"keys":["a"]})"));
  }
  SECTION("revisions tell who and what, never secrets, and come back") {
    service.ask("PATCH", "parameters", R"({"mode":null,"password":"other"})");
    const Json list = service.ask("GET", "parameters/revisions");
    CHECK(list["items"].items().size() == 2);
    CHECK(list["items"].items()[0]["actor"]["name"].text() == "tester");
    CHECK(list["items"].items()[0]["diff"]["a"].items()[0] ==
          json(R"({"parameter":"mode","from":"better"})"));
    CHECK(service.loop.last.body.find("hunter2") == std::string::npos);
    CHECK(service.loop.last.body.find("other") == std::string::npos);
    const Json page = service.ask("GET", "parameters/revisions?limit=1");
    CHECK(page["next"].text() == "2");
    const Json rest = service.ask("GET", "parameters/revisions?limit=1&cursor=2");
    CHECK(rest["items"].items()[0]["revision"].integer() == 1);
    CHECK(rest["next"].is_null());
    const Json one = service.ask("GET", "parameters/revisions/1");
    CHECK(one["parameters"]["a"] == json(R"({"mode":"better","password":{"$secret":"set"}})"));
    CHECK(service.ask("POST", "parameters/revisions/1/restore")["revision"].integer() == 3);
    CHECK(service.configuration.overrides("a")["password"].text() == "hunter2");
    service.ask("POST", "parameters/revisions/9/restore");
    CHECK(service.status() == 404);
  }
}

TEST_CASE("what is wrong is told at the member and changes nothing") {
  Service service;
  Json no = service.ask("PATCH", "parameters", R"({"mod":"good","keys":"a"})");
  CHECK(service.status() == 422);
  CHECK(no["errors"].items().size() == 2);
  CHECK(no["errors"].items()[0]["pointer"].text() == "#/mod");
  no = service.ask("PATCH", "parameters", R"({"mode":"bad"})");
  CHECK(service.status() == 422);
  CHECK(no["errors"].items()[0]["pointer"].text() == "#/mode");
  CHECK(no["errors"].items()[0]["detail"].text().find("it is bad") != std::string::npos);
  service.ask("PATCH", "parameters", "{");
  CHECK(service.status() == 400);
  service.ask("PATCH", "parameters", R"({"mode":"good","mode":"better"})");
  CHECK(service.status() == 400);
  service.ask("PATCH", "parameters", "[]");
  CHECK(service.status() == 422);
  service.ask("PATCH", "parameters?apply=soon", R"({"mode":"better"})");
  CHECK(service.status() == 400);
  CHECK(service.configuration.revision() == 0);
  CHECK(service.bots.done.empty());
}

TEST_CASE("a reload that fails takes the revision back") {
  Service service;
  service.ask("PATCH", "parameters", R"({"mode":"better"})");
  service.bots.failure = Problem{"bot-unavailable", "it ended", {}, Json::object(), {}};
  const Json no = service.ask("PATCH", "parameters", R"({"mode":"good"})");
  CHECK(service.status() == 409);
  CHECK(no["code"].text() == "reload-rolled-back");
  CHECK(no["revision"].integer() == 1);
  CHECK(service.configuration.overrides("a")["mode"].text() == "better");
  service.bots.failure = Problem{"state-conflict", "it starts", {}, Json::object(), {}};
  CHECK(service.ask("PATCH", "parameters", R"({"mode":"good"})")["code"].text() ==
        "state-conflict");
  CHECK(service.configuration.revision() == 1);
  CHECK(service.ask("GET", "parameters/revisions")["items"].items().size() == 1);
}

TEST_CASE("concurrency: If-Match, and one change at a time") {
  Service service({"a"}, false, true);
  service.ask("PATCH", "parameters", R"({"mode":"better"})");
  CHECK(service.status() == 428);
  service.ask("PATCH", "parameters", R"({"mode":"better"})", {{"If-Match", "\"0\""}});
  CHECK(service.status() == 200);
  service.ask("PATCH", "parameters", R"({"mode":"good"})", {{"If-Match", "\"0\""}});
  CHECK(service.status() == 412);
  CHECK(header_of(service.loop.last, "ETag") == "\"1\"");
  service.ask("PATCH", "parameters", R"({"mode":"good"})", {{"If-Match", "W/\"1\""}});
  CHECK(service.status() == 412);
  service.ask("DELETE", "parameters/mode", "", {{"If-Match", "\"7\", \"1\""}});
  CHECK(service.status() == 204);
}

TEST_CASE("a configuration that is read only stays so") {
  Service service({"a"}, true);
  service.ask("PATCH", "parameters", R"({"mode":"better"})");
  CHECK(service.status() == 403);
  service.ask("PUT", "parameters/mode", R"({"value":"better"})");
  CHECK(service.status() == 403);
  CHECK(service.ask("POST", "parameters/validate", R"({"mode":"better"})")["valid"].boolean());
}

TEST_CASE("one parameter has a resource of its own") {
  Service service;
  CHECK(service.ask("GET", "parameters/mode")["value"].text() == "good");
  service.ask("PUT", "parameters/mode", R"({"value":"better"})");
  CHECK(service.status() == 200);
  const Json one = service.ask("GET", "parameters/mode");
  CHECK(one["value"].text() == "better");
  CHECK(one["origin"].text() == "api");
  CHECK(one["schema"]["enum"].is_array());
  Json no = service.ask("PUT", "parameters/mode", R"({"value":"beter","x":1})");
  CHECK(service.status() == 422);
  CHECK(no["errors"].items()[0]["pointer"].text() == "#/x");
  CHECK(no["errors"].items()[1]["pointer"].text() == "#/value");
  service.ask("DELETE", "parameters/mode");
  CHECK(service.status() == 204);
  CHECK(service.configuration.overrides("a") == json("{}"));
  no = service.ask("GET", "parameters/mod");
  CHECK(service.status() == 404);
  CHECK(no["detail"].text().find("did you mean 'mode'") != std::string::npos);
}

TEST_CASE("validation answers for each parameter and touches nothing") {
  Service service;
  Json told = service.ask("POST", "parameters/validate", R"({"mode":"bad","keys":["a"]})");
  CHECK(service.status() == 200);
  CHECK_FALSE(told["valid"].boolean());
  CHECK(told["parameters"].items()[0]["errors"].items().size() == 1);
  CHECK(told["parameters"].items()[0]["recommended"] == json(R"(["good","better","bad"])"));
  CHECK(told["parameters"].items()[1]["errors"].items().empty());
  told = service.ask("POST", "parameters/validate", R"({"source":"x","password":"p"})");
  CHECK(told["valid"].boolean());
  CHECK(told["parameters"].items()[0]["reload"].text() == "restart");
  CHECK(told["parameters"].items()[1]["value"] == json(R"({"$secret":"set"})"));
  CHECK(
      service.ask("PATCH", "parameters?dry_run=true", R"({"mode":"better"})")["dry_run"].boolean());
  CHECK(service.configuration.revision() == 0);
  CHECK(service.bots.done.empty());
}

TEST_CASE("changes may wait") {
  Service service;
  const Json done = service.ask("PATCH", "parameters?apply=on_restart", R"({"mode":"better"})");
  CHECK(service.status() == 202);
  CHECK(done["apply"].text() == "on_restart");
  CHECK(service.bots.done.empty());
}

TEST_CASE("several bots are told apart by id") {
  Service service({"a", "b"});
  CHECK(service.ask("GET", "parameters")["parameters"]["b"]["mode"].text() == "good");
  CHECK(service.ask("GET", "parameters/schema")["properties"]["b"]["properties"].has("mode"));
  Json done = service.ask("PATCH", "parameters", R"({"b":{"mode":"better"}})");
  CHECK(done["effects"] == json(R"([{"bot":"b","parameter":"mode","reload":"hot"}])"));
  done = service.ask("PATCH", "bots/a/parameters", R"({"mode":"better"})");
  CHECK(done["effects"] == json(R"([{"parameter":"mode","reload":"hot"}])"));
  CHECK(service.configuration.all() == json(R"({"a":{"mode":"better"},"b":{"mode":"better"}})"));
  Json no = service.ask("PATCH", "parameters", R"({"mode":"good"})");
  CHECK(no["errors"].items()[0]["pointer"].text() == "#/mode");
  no = service.ask("PATCH", "parameters", R"({"a":{"mod":"x"}})");
  CHECK(no["errors"].items()[0]["pointer"].text() == "#/a/mod");
  service.ask("GET", "parameters/mode");
  CHECK(service.status() == 404);
  service.ask("PUT", "parameters", R"({"a":{"mode":"better"}})");
  CHECK(service.configuration.overrides("b") == json("{}"));
}
