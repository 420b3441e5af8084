// SPDX-License-Identifier: Apache-2.0
#include "serve/configuration.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace intelmq;
using namespace intelmq::serve;
using Occasion = Configuration::Occasion;

namespace {

Json json(std::string_view text) { return Json::parse(text).value(); }

const Json schema = json(R"({"properties":{"ttl":{"x-reload":"hot"},"mode":{"x-reload":"hot"},
  "password":{"type":"string","x-secret":true}}})");

class Folder {
 public:
  Folder() {
    char name[] = "/tmp/configuration-XXXXXX";
    REQUIRE(::mkdtemp(name));
    path = name;
  }
  ~Folder() { std::filesystem::remove_all(path); }
  std::string path;
};

Configuration opened(const Folder& folder) {
  auto out = Configuration::open(folder.path + "/state");
  REQUIRE(out);
  return std::move(*out);
}

void set(Configuration& configuration, std::string_view bots, std::string_view differences,
         Apply apply = Apply::now) {
  Actor actor;
  actor.kind = "peer";
  actor.name = "uid:0";
  auto draft = configuration.draft(json(bots), json(differences), actor, "patch", apply);
  REQUIRE(configuration.save(draft));
  configuration.adopt(std::move(draft));
}

Json file(const std::string& path) {
  std::ifstream in(path);
  std::stringstream text;
  text << in.rdbuf();
  return json(text.str());
}

constexpr const char* ttl_changed = R"({"a":[{"parameter":"ttl"}]})";

}  // namespace

TEST_CASE("sets outlive the service, under one number for all bots") {
  const Folder folder;
  {
    Configuration configuration = opened(folder);
    CHECK(configuration.etag() == "\"0\"");
    CHECK(configuration.overrides("a") == Json::object());
    set(configuration, R"({"a":{"ttl":"1h"}})", ttl_changed);
    set(configuration, R"({"a":{"ttl":"1h"},"b":{"ttl":"2h"}})", R"({"b":[{"parameter":"ttl"}]})");
    CHECK(configuration.etag() == "\"2\"");
  }
  const Configuration configuration = opened(folder);
  CHECK(configuration.revision() == 2);
  CHECK(configuration.overrides("b")["ttl"].text() == "2h");
  const auto revisions = configuration.revisions(1000, 10);
  REQUIRE(revisions.size() == 2);
  CHECK(revisions[0]["revision"].integer() == 2);
  CHECK(revisions[0]["actor"]["name"].text() == "uid:0");
  CHECK(revisions[1]["bots"] == json(R"({"a":{"ttl":"1h"}})"));
  CHECK(configuration.revisions(2, 10).size() == 1);
  CHECK_FALSE(configuration.revision(7));
}

TEST_CASE("a withdrawn revision leaves no trace but its number") {
  const Folder folder;
  {
    Configuration configuration = opened(folder);
    set(configuration, R"({"a":{"ttl":"1h"}})", ttl_changed);
    set(configuration, R"({"a":{"ttl":"bad"}})", ttl_changed);
    auto undo = configuration.undo();
    REQUIRE(configuration.save(undo));
    configuration.adopt(std::move(undo));
    CHECK(configuration.revision() == 1);
    CHECK(configuration.overrides("a")["ttl"].text() == "1h");
  }
  Configuration configuration = opened(folder);
  CHECK(configuration.revisions(1000, 10).size() == 1);
  set(configuration, R"({"a":{"ttl":"3h"}})", ttl_changed);
  CHECK(configuration.revision() == 3);
}

TEST_CASE("a change that a crash cut short did not happen") {
  const Folder folder;
  {
    Configuration configuration = opened(folder);
    set(configuration, R"({"a":{"ttl":"1h"}})", ttl_changed);
  }
  std::ofstream(folder.path + "/state/revisions/2.json") << "{\"revision\":2}";
  const Configuration configuration = opened(folder);
  CHECK(configuration.revision() == 1);
  CHECK(configuration.revisions(1000, 10).size() == 1);
}

TEST_CASE("the last hundred revisions are kept") {
  const Folder folder;
  Configuration configuration = opened(folder);
  for (int i = 0; i < 105; ++i)
    set(configuration, R"({"a":{"ttl":)" + std::to_string(i) + "}}", ttl_changed);
  const auto revisions = configuration.revisions(1000, 500);
  CHECK(revisions.size() == 100);
  CHECK(revisions.back()["revision"].integer() == 6);
}

TEST_CASE("secrets are resolved for bots, and stored as they were given") {
  ::setenv("UNIT_SECRET", "s3cret", 1);
  const Folder folder;
  Configuration configuration = opened(folder);
  set(configuration, R"({"a":{"password":{"$env":"UNIT_SECRET"},"ttl":5}})",
      R"({"a":[{"parameter":"password"},{"parameter":"ttl"}]})");
  const Json given = configuration.hand_over("a", Occasion::start);
  CHECK(Configuration::resolved(schema, given).value() == json(R"({"password":"s3cret","ttl":5})"));
  CHECK(file(folder.path + "/state/overrides.json")["bots"]["a"]["password"] ==
        json(R"({"$env":"UNIT_SECRET"})"));
  for (const auto& entry : std::filesystem::recursive_directory_iterator(folder.path)) {
    struct stat status {};
    REQUIRE(::stat(entry.path().c_str(), &status) == 0);
    CHECK((status.st_mode & 0077) == 0);
  }
  ::unsetenv("UNIT_SECRET");
  CHECK_FALSE(Configuration::resolved(schema, given));
  Log log(-1, "test", LogLevel::error, LogForm::text);
  CHECK(Configuration::resolved(schema, given, log) == json(R"({"ttl":5})"));
}

TEST_CASE("what waits for a restart is not handed over before") {
  const Folder folder;
  Configuration configuration = opened(folder);
  set(configuration, R"({"a":{"ttl":1}})", ttl_changed);
  configuration.hand_over("a", Occasion::start);
  set(configuration, R"({"a":{"ttl":2}})", ttl_changed, Apply::on_restart);
  set(configuration, R"({"a":{"ttl":3,"mode":"x"}})",
      R"({"a":[{"parameter":"ttl"},{"parameter":"mode"}]})", Apply::on_restart);
  CHECK(configuration.handed("a") == json(R"({"ttl":1})"));
  CHECK(configuration.hand_over("a", Occasion::reload) == json(R"({"ttl":1})"));
  SECTION("it comes with the restart") {
    CHECK(configuration.hand_over("a", Occasion::start) == json(R"({"ttl":3,"mode":"x"})"));
    CHECK(configuration.hand_over("a", Occasion::reload) == json(R"({"ttl":3,"mode":"x"})"));
  }
  SECTION("unless it is set for at once meanwhile") {
    set(configuration, R"({"a":{"ttl":4,"mode":"x"}})", ttl_changed);
    CHECK(configuration.hand_over("a", Occasion::reload) == json(R"({"ttl":4})"));
  }
}

TEST_CASE("a damaged file is told, not lost") {
  const Folder folder;
  opened(folder);
  std::ofstream(folder.path + "/state/overrides.json") << "{\"revision\":";
  const auto damaged = Configuration::open(folder.path + "/state");
  REQUIRE_FALSE(damaged);
  CHECK(damaged.error().text.find("overrides.json") != std::string::npos);
}
