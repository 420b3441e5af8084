// SPDX-License-Identifier: Apache-2.0
#include "pipeline/case.hpp"

#include <catch2/catch.hpp>
#include <filesystem>

#include "base/file.hpp"

using namespace intelmq;

namespace {

class Scratch {
 public:
  Scratch() {
    char name[] = "/tmp/intelmq-case-XXXXXX";
    REQUIRE(mkdtemp(name) != nullptr);
    path = name;
  }
  ~Scratch() { std::filesystem::remove_all(path); }
  void file(const std::string& name, const std::string& text) const {
    std::filesystem::create_directories(directory_of(path + "/" + name));
    REQUIRE(atomic_write(path + "/" + name, text).has_value());
  }
  std::string text(const std::string& name) const {
    const auto read = read_file(path + "/" + name);
    return read ? *read : "absent";
  }
  std::string path;
};

}  // namespace

TEST_CASE("lines are compared as JSON, without the order of fields and the time of observation") {
  CHECK(compare_lines("{\"a\":1, \"b\": 2}\n", "{\"b\":2,\"a\":1,\"time.observation\":\"x\"}\n")
            .empty());
  CHECK(compare_lines("plain\n", "plain").empty());
  CHECK(compare_lines("", "").empty());
}

TEST_CASE("each difference is one readable text") {
  CHECK(compare_lines("{\"a\":1,\"b\":2}", "{\"a\":\"1\",\"c\":3}") ==
        std::vector<std::string>{"line 1: a: expected 1, got \"1\"",
                                 "line 1: b: expected 2, not there",
                                 "line 1: c: not expected, got 3"});
  CHECK(compare_lines("a\nb\n", "a\n") ==
        std::vector<std::string>{"line 2: not there, expected 'b'"});
  CHECK(compare_lines("", "x\n") == std::vector<std::string>{"line 1: not expected, got 'x'"});
  CHECK(compare_lines("{\"a\":1}", "{\"a\":1").size() == 1);
}

TEST_CASE("numbers beyond 64 bits differ by their digits") {
  CHECK_FALSE(compare_lines("{\"n\":123456789012345678901234}", "{\"n\":123456789012345678901235}")
                  .empty());
}

TEST_CASE("cases are found below a directory, and read") {
  const Scratch scratch;
  scratch.file("intelmq-expert-b/two/in", "x\n");
  scratch.file("intelmq-expert-b/one/args", "--name 'a b'\n");
  scratch.file("intelmq-expert-b/one/code", "65\n");
  scratch.file("intelmq-expert-b/README", "no case\n");
  const auto found = find_cases(scratch.path + "/");
  REQUIRE(found.has_value());
  REQUIRE(found->size() == 2);
  const auto one = read_case((*found)[0]);
  REQUIRE(one.has_value());
  CHECK(one->name == "intelmq-expert-b/one");
  CHECK(one->program == "intelmq-expert-b");
  CHECK(one->arguments == std::vector<std::string>{"--name", "a b"});
  CHECK(one->code == 65);
  CHECK(one->output.empty());
  CHECK_FALSE(find_cases(scratch.path + "/absent").has_value());
}

TEST_CASE("a case with a broken file says so") {
  const Scratch scratch;
  scratch.file("p/a/args", "'open");
  scratch.file("p/b/code", "six");
  CHECK(read_case(scratch.path + "/p/a").error().text.find("/p/a/args: ") != std::string::npos);
  CHECK(read_case(scratch.path + "/p/b").error().text.find("not an exit code") !=
        std::string::npos);
}

TEST_CASE("output, messages and code are all compared") {
  Case expected;
  Outcome actual;
  CHECK(compare_case(expected, actual).empty());
  actual.errors = "surprise\n";
  actual.code = 1;
  CHECK(compare_case(expected, actual) ==
        std::vector<std::string>{"err: line 1: expected '', got 'surprise'",
                                 "code: expected 0, got 1"});
  actual.timed_out = true;
  CHECK(compare_case(expected, actual).size() == 1);
}

TEST_CASE("an update rewrites what differs and only that") {
  const Scratch scratch;
  scratch.file("p/a/out", "{\"b\":1, \"a\":2}\n");
  scratch.file("p/a/err", "old\n");
  const auto one = read_case(scratch.path + "/p/a");
  REQUIRE(one.has_value());
  Outcome actual;
  actual.output = "{\"a\":2,\"b\":1,\"time.observation\":\"now\"}\n";
  actual.code = 65;
  REQUIRE(update_case(*one, actual).has_value());
  CHECK(scratch.text("p/a/out") == "{\"b\":1, \"a\":2}\n");
  CHECK(scratch.text("p/a/err") == "absent");
  CHECK(scratch.text("p/a/code") == "65\n");
  actual.output = "{\"a\":3,\"time.observation\":\"now\"}\n";
  REQUIRE(update_case(*one, actual).has_value());
  CHECK(scratch.text("p/a/out") == "{\"a\": 3}\n");
  CHECK(compare_case(*read_case(scratch.path + "/p/a"), actual).empty());
}

TEST_CASE("a report for JUnit is escaped") {
  const std::string text = junit({{"p/a", 0.5, {}}, {"p/b", 0, {"<&\"\x01>"}}});
  CHECK(text.find("tests=\"2\" failures=\"1\"") != std::string::npos);
  CHECK(text.find("&lt;&amp;&quot;?&gt;") != std::string::npos);
  CHECK(text.find("<testcase classname=\"p\" name=\"a\" time=\"0.500\"/>") != std::string::npos);
}
