// SPDX-License-Identifier: Apache-2.0
// Rules that the Python original was run with, and what came out of it.
#include <catch2/catch.hpp>
#include <cstdlib>
#include <iostream>
#include <map>

#include "base/file.hpp"
#include "base/json.hpp"
#include "rules_run.hpp"

using namespace intelmq;

namespace {

/// The paths that the vector expects an event on, in the bot's own names.
std::map<std::string, Json> expected(const Json& output) {
  std::map<std::string, Json> out;
  for (const auto& [name, events] : output.members())
    for (const Json& event : events.items())
      out.emplace(name == "output" ? "_default" : name.substr(1), event);
  return out;
}

/// The original stores the description of an object here, where the variable's value belongs.
bool is_nonsense(const Json& output) {
  return output.dump().find("instance at 0x") != std::string::npos;
}

void check(const Json& vector) {
  const auto got = sieve_test::run(vector["script"].text(), vector["event"].dump());
  if (!vector["error"].is_null()) {
    CHECK((got.line == "refused" || got.line == "rejected"));
    return;
  }
  INFO(got.line << " " << got.reason);
  const auto wanted = expected(vector["output"]);
  if (wanted.empty()) {
    CHECK(got.line == "dropped");
    return;
  }
  std::vector<std::string> paths = got.paths;
  if (paths.empty()) paths.emplace_back("_default");
  REQUIRE(paths.size() == wanted.size());
  const auto line = Json::parse(got.line);
  REQUIRE(line);
  for (const std::string& path : paths) {
    REQUIRE(wanted.count(path) == 1);
    CHECK(wanted.at(path) == *line);
  }
}

}  // namespace

TEST_CASE("sieve: vectors of the original") {
  const char* directory = std::getenv("INTELMQ_VECTORS");
  if (!directory) {
    std::cout << "skipped: INTELMQ_VECTORS not set\n";
    return;
  }
  const auto text = read_file(std::string(directory) + "/original/sieve.json");
  REQUIRE(text);
  const auto vectors = Json::parse(*text);
  REQUIRE(vectors);
  CHECK(vectors->items().size() > 80);
  for (const Json& vector : vectors->items()) {
    INFO(vector["script"].text());
    if (!is_nonsense(vector["output"])) check(vector);
  }
}
