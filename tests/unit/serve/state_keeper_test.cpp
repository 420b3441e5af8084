// SPDX-License-Identifier: Apache-2.0
#include "serve/state_keeper.hpp"

#include <fstream>

#include "base/file.hpp"
#include "fake_bots.hpp"
#include "serve/bundle.hpp"

using namespace intelmq;
using namespace intelmq::serve;

namespace {

struct Service {
  explicit Service(const std::string& name, std::string state_file = "state")
      : configuration{Configuration::open(folder.path).value()}, instance{name} {
    if (!state_file.empty()) state_file = "file:" + (folder / state_file) + "?sync=none";
    bots.add("a", state_file);
    keeper = std::make_unique<StateKeeper>(
        StateDeps{loop.loop, log, bots, operations, configuration, folder.path, "service",
                  [this] { return instance; }, [this](const std::string& n) { instance = n; }});
    REQUIRE(keeper->prepare());
    keeper->add_routes(loop.router);
  }
  Json ask(const std::string& method, const std::string& more, const std::string& body = "") {
    return loop.json(method, "/api/v1/state/" + more, body);
  }
  int status() const { return loop.last.status; }
  void remember(const std::string& text) const { std::ofstream(folder / "state") << text; }
  std::string remembered() const { return read_file(folder / "state").value_or("nothing"); }
  /// Sends a bundle there as a file, as the HTTP server would.
  Response send(const std::string& id, const std::string& bundle, const Headers& headers = {}) {
    const std::string upload = folder / "upload";
    std::ofstream(upload, std::ios::binary) << bundle;
    return loop.ask("PUT", "/api/v1/state/dumps/" + id + "/content", "", headers, upload);
  }
  std::string content(const std::string& id) {
    const Response response = loop.ask("GET", "/api/v1/state/dumps/" + id + "/content");
    return read_file(response.file).value_or("nothing");
  }

  TestFolder folder;
  Log log{-1, "test", LogLevel::error, LogForm::text};
  FakeBots bots;
  Configuration configuration;
  std::string instance;
  TestLoop loop;
  Operations operations{loop.loop};
  std::unique_ptr<StateKeeper> keeper;
};

}  // namespace

TEST_CASE("a snapshot pauses and goes on") {
  Service service("one");
  service.remember("keys");
  const Json made = service.ask("POST", "dumps");
  CHECK(service.status() == 201);
  CHECK(service.bots.done == std::vector<std::string>{"pause", "resume"});
  const std::string id = made["id"].text();
  CHECK(header_of(service.loop.last, "Location") == "/api/v1/state/dumps/" + id);
  CHECK(id.starts_with("intelmq-state-service-one-2"));
  CHECK(made["manifest"]["bots"].items()[0]["state_schema"].integer() == 1);
  CHECK(made["manifest"]["members"].items().size() == 2);
  CHECK(service.ask("GET", "dumps")["items"].items()[0]["id"].text() == id);
  CHECK(service.ask("GET", "dumps/" + id)["manifest"]["purpose"].text() == "snapshot");
  const Response content = service.loop.ask("GET", "/api/v1/state/dumps/" + id + "/content");
  CHECK(header_of(content, "ETag") == '"' + made["sha256"].text() + '"');
  CHECK(header_of(content, "Digest").starts_with("sha-256="));
  CHECK_FALSE(service.keeper->may_start(false));
  service.ask("DELETE", "dumps/" + id);
  CHECK(service.status() == 204);
  service.ask("GET", "dumps/" + id);
  CHECK(service.status() == 404);
}

TEST_CASE("what was paused stays paused, what is stopped stays stopped") {
  Service service("one");
  for (const char* const state : {"paused", "stopped", "failed"}) {
    service.bots.now = state;
    service.ask("POST", "dumps");
    CHECK(service.status() == 201);
  }
  CHECK(service.bots.done.empty());
  service.bots.now = "draining";
  CHECK(service.ask("POST", "dumps")["code"].text() == "state-conflict");
}

TEST_CASE("a migration holds, moves, and is not started twice") {
  Service from("one");
  Service to("two");
  from.remember("keys");
  const Json made = from.ask("POST", "dumps", R"({"purpose":"migrate"})");
  CHECK(from.status() == 201);
  CHECK(from.bots.now == "paused");
  REQUIRE(from.keeper->may_start(false));
  CHECK(from.keeper->may_start(false)->code == "state-conflict");
  const std::string id = made["id"].text();
  CHECK(to.send(id, from.content(id)).status == 201);
  CHECK(to.send(id, from.content(id)).status == 409);
  to.ask("POST", "restore", R"({"dump":")" + id + R"("})");
  CHECK(to.status() == 409);
  CHECK(to.remembered() == "nothing");
  to.bots.now = "stopped";
  SECTION("the other one becomes this one") {
    const Json done = to.ask("POST", "restore", R"({"dump":")" + id + R"("})");
    CHECK(to.status() == 200);
    CHECK(to.remembered() == "keys");
    CHECK(to.instance == "one");
    CHECK(read_file(to.folder / "instance").value() == "one\n");
    CHECK(done["bots"] == Json::parse(R"([{"id":"a","restored":true}])").value());
  }
  SECTION("unless it is to be another one") {
    to.ask("POST", "restore", R"({"dump":")" + id + R"(","force_new_instance":true})");
    CHECK(to.instance == "two");
  }
  SECTION("nothing here takes it in") {
    to.bots.setups[0].settings = Json::object();
    const Json no = to.ask("POST", "restore", R"({"dump":")" + id + R"("})");
    CHECK(to.status() == 422);
    CHECK(no["detail"].text().find("file:PATH") != std::string::npos);
  }
  SECTION("state of a newer schema, of another bot, of an unknown bot is refused") {
    to.bots.setups[0].describe.set("state", Json::parse(R"({"schema":0})").value());
    to.ask("POST", "restore", R"({"dump":")" + id + R"("})");
    CHECK(to.status() == 422);
    to.bots.setups[0].describe.set("name", "other");
    to.ask("POST", "restore", R"({"dump":")" + id + R"("})");
    CHECK(to.status() == 422);
    to.bots.setups[0].id = "b";
    to.ask("POST", "restore", R"({"dump":")" + id + R"("})");
    CHECK(to.status() == 422);
    CHECK(to.remembered() == "nothing");
  }
  SECTION("a bundle that has changed in the store is refused") {
    std::ofstream(to.folder / ("dumps/" + id + ".tar"), std::ios::app) << "x";
    to.ask("POST", "restore", R"({"dump":")" + id + R"("})");
    CHECK(to.status() == 422);
  }
  SECTION("by force it starts here after all, and then always") {
    CHECK_FALSE(from.keeper->may_start(true));
    CHECK_FALSE(from.keeper->may_start(false));
  }
  SECTION("restored here it is here again") {
    from.bots.now = "stopped";
    from.ask("POST", "restore", R"({"dump":")" + id + R"("})");
    CHECK(from.status() == 200);
    CHECK_FALSE(from.keeper->may_start(false));
  }
}

TEST_CASE("what cannot be a bundle is not taken in") {
  Service service("one");
  CHECK(service.send("x", "no tar").status == 422);
  CHECK(service.send("..", "no tar").status == 422);
  service.bots.now = "stopped";
  const std::string id = service.ask("POST", "dumps")["id"].text();
  const std::string bundle = service.content(id);
  CHECK(service.send("y", bundle, {{"Digest", "sha-256=AAAA"}}).status == 422);
  CHECK(service.send("y", bundle).status == 201);
  CHECK(service.ask("GET", "dumps")["items"].items().size() == 2);
  service.ask("POST", "restore", R"({"dump":"z"})");
  CHECK(service.status() == 404);
  service.ask("POST", "restore", R"({})");
  CHECK(service.status() == 422);
}

TEST_CASE("a dump that fails leaves nothing and lets the service go on") {
  Service service("one");
  service.remember("keys");
  std::filesystem::create_directories(service.folder / "elsewhere");
  service.bots.setups[0].settings.set("state", "file:" + (service.folder / "elsewhere"));
  service.ask("POST", "dumps");  // a directory cannot be copied as a file
  CHECK(service.status() == 500);
  CHECK(service.bots.now == "running");
  CHECK(list_directory(service.folder / "dumps").value().empty());
  service.ask("POST", "dumps", R"({"purpose":"migrate","then":"resume"})");
  CHECK(service.status() == 422);
  service.ask("POST", "dumps", R"({"purpos":"migrate"})");
  CHECK(service.status() == 422);
}
