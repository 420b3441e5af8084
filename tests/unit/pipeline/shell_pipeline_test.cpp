// SPDX-License-Identifier: Apache-2.0
#include "pipeline/shell_pipeline.hpp"

#include <catch2/catch.hpp>

using namespace intelmq;
using Words = std::vector<std::string>;

namespace {

std::vector<ShellStage> stages(std::string_view text) {
  const auto read = parse_shell_pipeline(text);
  INFO(text);
  REQUIRE(read.has_value());
  return *read;
}

}  // namespace

TEST_CASE("stages are split at bars outside quotes") {
  const auto read = stages(R"(a 'x | y' "z|" \| | b --c='d e'|c)");
  REQUIRE(read.size() == 3);
  CHECK(read[0].words == Words{"a", "x | y", "z|", "|"});
  CHECK(read[1].words == Words{"b", "--c=d e"});
  CHECK(read[2].words == Words{"c"});
}

TEST_CASE("redirections name files and leave the words alone") {
  const auto read = stages("a < 'in file' x | b 2>/dev/null 2>&1 >> out y");
  REQUIRE(read.size() == 2);
  CHECK(read[0].input == "in file");
  CHECK(read[0].words == Words{"a", "x"});
  CHECK(read[1].output == "out");
  CHECK(read[1].words == Words{"b", "y"});
  CHECK(stages("a x2>o")[0].words == Words{"a", "x2"});
  CHECK(stages("a x2>o")[0].output == "o");
}

TEST_CASE("line ends after a bar or backslash, comments and variables before a command") {
  const auto read =
      stages("#!/bin/sh\n# a comment | x\nINTELMQ_X=1 a 'b' |  # more\n\n b \\\n c\n");
  REQUIRE(read.size() == 2);
  CHECK(read[0].environment == Words{"INTELMQ_X=1"});
  CHECK(read[0].words == Words{"a", "b"});
  CHECK(read[1].words == Words{"b", "c"});
}

TEST_CASE("a text without a command has no stages") {
  CHECK(stages("").empty());
  CHECK(stages(" \n# nothing\n\t").empty());
}

TEST_CASE("what a shell would expand is marked") {
  CHECK(stages("a \"$x\"")[0].expands);
  CHECK(stages("a $x")[0].expands);
  CHECK_FALSE(stages("a '$x'")[0].expands);
}

TEST_CASE("what is no pipeline is refused") {
  for (const char* text : {"a |",   "| a",    "a | | b", "a || b", "a && b", "a; b",    "a &",
                           "a `b`", "a $(b)", "a << X",  "a <(b)", "a >(b)", "a 'open", "a \"open",
                           "a \\",  "a\nb",   "a\n'b'",  "a >",    "< f",    "X=1 | b"}) {
    INFO(text);
    CHECK_FALSE(parse_shell_pipeline(text).has_value());
  }
}

TEST_CASE("errors say where") {
  CHECK(parse_shell_pipeline("a | b |").error().text ==
        "nothing stands behind the | after stage 2");
}
