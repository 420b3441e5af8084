// SPDX-License-Identifier: Apache-2.0
#include "pipeline/catalogue.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <filesystem>

#include "base/file.hpp"
#include "documents.hpp"
#include "pipeline/process.hpp"

using namespace intelmq;
using namespace intelmq::test;

namespace {

/// A directory of its own that goes with the test.
class Scratch {
 public:
  Scratch() {
    char name[] = "/tmp/intelmq-pipeline-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path = name;
  }
  ~Scratch() { std::filesystem::remove_all(path); }
  std::string program(const std::string& name, const std::string& text = "#!/bin/sh\n") const {
    std::string file = path;
    file.append("/").append(name);
    REQUIRE(atomic_write(file, text).has_value());
    chmod(file.c_str(), 0755);
    return file;
  }
  std::string path;
};

}  // namespace

TEST_CASE("modules of IntelMQ and the programs they correspond to") {
  const auto program = [](const char* module) { return program_of_module(module); };
  CHECK(program("intelmq.bots.experts.maxmind_geoip.expert") == "intelmq-expert-maxmind-geoip");
  CHECK(program("intelmq.bots.parsers.abusech.parser_feodotracker") ==
        "intelmq-parser-abusech-feodotracker");
  CHECK(program("intelmq.bots.collectors.mail.collector_mail_url") == "intelmq-collector-mail-url");
  CHECK(program("intelmq.bots.collectors.http.collector_http") == "intelmq-collector-http");
  CHECK(program("intelmq.bots.parsers.generic.parser_csv") == "intelmq-parser-generic-csv");
  CHECK(program("intelmq.bots.outputs.file.output") == "intelmq-output-file");
  CHECK(program("intelmq.bots.outputs.misp.output_feed") == "intelmq-output-misp-feed");
  for (const char* text : {"", "intelmq", "intelmq.bots", "intelmq.bots.experts", "a.b.c.d",
                           "intelmq.bots.things.x.thing", "intelmq.bots.experts..expert"})
    CHECK(program(text).empty());
}

TEST_CASE("a bot is found by any of its names") {
  const Catalogue bots = test::catalogue(
      {Document("expert", "taxonomy"), Document("parser", "json"), Document("transformer", "json"),
       Document("parser", "shadowserver")
           .set("module", "intelmq.bots.parsers.shadowserver.parser_json")});
  const auto name = [&](std::string_view wanted) {
    const auto found = bots.find(wanted);
    return found ? (*found)->sheet.program : found.error().text;
  };
  CHECK(name("intelmq-expert-taxonomy") == "intelmq-expert-taxonomy");
  CHECK(name("taxonomy") == "intelmq-expert-taxonomy");
  CHECK(name("expert/taxonomy") == "intelmq-expert-taxonomy");
  CHECK(name("intelmq.bots.experts.taxonomy.expert") == "intelmq-expert-taxonomy");
  CHECK(name("intelmq.bots.parsers.shadowserver.parser_json") == "intelmq-parser-shadowserver");
  CHECK(name("parser-json") == "intelmq-parser-json");
  CHECK(name("json") == "'json' is several bots: intelmq-parser-json, intelmq-transformer-json");
  CHECK(name("taxonmy").find("did you mean 'intelmq-expert-taxonomy'") != std::string::npos);
  CHECK(name("intelmq-expert-taxonmy").find("did you mean") != std::string::npos);
  CHECK_FALSE(bots.find("").has_value());
  CHECK_FALSE(bots.find("\x1b[2J").has_value());
}

TEST_CASE("programs are asked once, and again when they have changed") {
  const Scratch scratch;
  const std::string path = scratch.program("intelmq-expert-a");
  scratch.program("intelmq-expert-b");
  scratch.program("intelmq-thing-c");
  scratch.program("intelmq-expert-");
  const CataloguePlaces places{{scratch.path, scratch.path + "/absent"},
                               scratch.path + "/cache/intelmq/c.json"};
  int asked = 0;
  const auto describe = [&](const std::string& file) -> Result<Sheet> {
    ++asked;
    const std::string name = name_of(file);
    if (name.ends_with("b")) return fail("cannot be asked");
    return Document("expert", name.substr(15)).sheet();
  };
  const Catalogue first = Catalogue::read(places, describe);
  REQUIRE(first.entries().size() == 1);
  CHECK(first.entries()[0].sheet.program == "intelmq-expert-a");
  REQUIRE(first.problems().size() == 1);
  CHECK(asked == 2);
  Catalogue::read(places, describe);
  CHECK(asked == 3);  // only the one that gave no answer
  scratch.program("intelmq-expert-a", "#!/bin/sh\n# longer\n");
  Catalogue::read(places, describe);
  CHECK(asked == 5);
}

TEST_CASE("a broken cache is made anew") {
  const Scratch scratch;
  scratch.program("intelmq-expert-a");
  const CataloguePlaces places{{scratch.path}, scratch.path + "/cache.json"};
  for (const char* text : {"", "{", "[]", "{\"catalogue\": 5}",
                           "{\"catalogue\": \"intelmq-catalogue/1\", \"programs\": [1]}"}) {
    REQUIRE(atomic_write(places.cache, text).has_value());
    const Catalogue read = Catalogue::read(places, [](const std::string&) -> Result<Sheet> {
      return Document("expert", "a").sheet();
    });
    CHECK(read.entries().size() == 1);
  }
}

TEST_CASE("a program that calls itself otherwise is left out") {
  const Scratch scratch;
  scratch.program("intelmq-expert-a");
  const Catalogue read = Catalogue::read(
      {{scratch.path}, ""},
      [](const std::string&) -> Result<Sheet> { return Document("expert", "other").sheet(); });
  CHECK(read.entries().empty());
  CHECK(read.problems().size() == 1);
}

TEST_CASE("descriptions that are none are refused") {
  CHECK_FALSE(Sheet::read(Json()).has_value());
  CHECK_FALSE(Sheet::read(Json::object()).has_value());
  CHECK_FALSE(Sheet::read(Document("thing", "a").json()).has_value());
  Json future = Document("expert", "a").json();
  CHECK_FALSE(Sheet::read(future.set("describe", "intelmq-describe/2")).has_value());
  Json odd = Document("expert", "a").json();
  odd.set("fields", Json::object().set("requires", 5).set("produces", Json::array().push(1)));
  CHECK(Sheet::read(odd).has_value());
}

TEST_CASE("a bot's settings and messages are read from what it prints") {
  ConfiguredBot bot;
  read_settings(
      "a = \"x # y = z\"  # command line\nb = null  # default\nc = (hidden)  # file\nodd\n", bot);
  CHECK(bot.settings["a"].text() == "x # y = z");
  CHECK(bot.is_given("a"));
  CHECK_FALSE(bot.is_given("b"));
  CHECK(bot.is_given("c"));
  CHECK_FALSE(bot.is_given("odd"));
  CHECK(without_prefix("intelmq-expert-x: error: no\n\nmore\n", "intelmq-expert-x") == "no; more");
}

TEST_CASE("a program that is asked answers, refuses, or is cut off") {
  const Scratch scratch;
  const std::string good =
      scratch.program("intelmq-expert-a", "#!/bin/sh\ncase $1 in --describe) cat <<'E'\n" +
                                              Document("expert", "a").json().dump() +
                                              "\nE\n;; *) echo 'x = 1  # default';; esac\n");
  const auto bot = inspect_bot(good, {"--x"});
  REQUIRE(bot.has_value());
  CHECK(bot->sheet.program == "intelmq-expert-a");
  CHECK(bot->settings["x"].integer() == 1);
  const std::string bad = scratch.program(
      "intelmq-expert-b", "#!/bin/sh\necho 'intelmq-expert-b: error: --x: no' >&2\nexit 64\n");
  CHECK(inspect_bot(bad, {}).error().text == "--x: no");
  const std::string odd = scratch.program("intelmq-expert-c", "#!/bin/sh\necho hello\n");
  CHECK(describe_program(odd).error().text.find("no JSON") != std::string::npos);
  CHECK_FALSE(describe_program(scratch.path + "/absent").has_value());
}

TEST_CASE("processes: input, output, code, directory, time") {
  Command command;
  command.words = {"/bin/sh", "-c", "cat; pwd; echo err >&2; exit 3"};
  command.input = std::string(1 << 20, 'x') + "\n";
  command.directory = "/";
  const auto done = run_process(command);
  REQUIRE(done.has_value());
  CHECK(done->output == command.input + "/\n");
  CHECK(done->errors == "err\n");
  CHECK(done->code == 3);
  command.words = {"/bin/sh", "-c", "exec <&-; sleep 0.1"};
  CHECK(run_process(command)->code == 0);  // nobody reads the input
  command.words = {"/bin/sh", "-c", "exec sleep 20"};
  command.limit = std::chrono::milliseconds(100);
  CHECK(run_process(command)->timed_out);
  command.words = {"/bin/sh", "-c", "kill -TERM $$"};
  command.limit = std::chrono::seconds(10);
  CHECK(run_process(command)->code == 128 + 15);
  command.words = {"/absent/program"};
  CHECK_FALSE(run_process(command).has_value());
  command.words = {"yes"};
  command.most_output = 1 << 20;
  CHECK(run_process(command)->too_much);
}
