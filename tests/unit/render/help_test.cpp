// SPDX-License-Identifier: Apache-2.0
#include "render/help.hpp"

#include <catch2/catch.hpp>

#include "base/text.hpp"
#include "hostile_bot.hpp"

using namespace intelmq;

TEST_CASE("help: names everything once") {
  const std::string text = render::help(hostile::bot(), hostile::common());
  CHECK(text.starts_with("Usage: intelmq-expert-odd-one --database FILE [OPTION]...\n"));
  for (const char* part : {"  --database FILE", "Required.", "drop|keep|", "[default: keep]",
                           "Streams:\n  --batch-wait DURATION  Wait's length. [default: 500ms]\n",
                           "Errors:\n", "Inspecting:\n  --describe  Print [all].\n",
                           "needs one of  source.ip, destination.ip", "Examples:\n"}) {
    INFO(part);
    CHECK(text.find(part) != std::string::npos);
  }
  CHECK(text.find("[default: ]") == std::string::npos);
  CHECK(text.find(" \n") == std::string::npos);
}

TEST_CASE("help: lines keep the width, examples stay whole") {
  for (const int width : {-5, 40, 60, 80, 200}) {
    const std::string text = render::help(hostile::bot(), hostile::common(), width);
    const std::size_t limit = static_cast<std::size_t>(std::max(width, 40));
    const std::string_view before = std::string_view(text).substr(0, text.find("\nExamples:"));
    for (const std::string_view line : split(before, '\n')) {
      INFO(line);
      CHECK(count_characters(line) <= limit);
    }
    CHECK(text.find("--database 'a b.csv' --prefix \"\\$x\"\n") != std::string::npos);
  }
}

TEST_CASE("help: an empty bot has no empty headings") {
  Description bare;
  bare.name = "bare";
  bare.summary = "Does nothing.";
  CHECK(render::help(bare, {}) == "Usage: intelmq-expert-bare [OPTION]...\n\nDoes nothing.\n");
}

TEST_CASE("help: examples reach the bot byte for byte") {
  const Description bot = hostile::bot();
  for (const Example& example : bot.examples) {
    const auto words = split_shell(render::pipeline(bot, example));
    REQUIRE(words);
    std::string input;
    std::size_t at = (*words)[0] == "echo" ? 1 : 2;
    CHECK(((*words)[0] == "echo" || (*words)[1] == "%s\\n"));
    for (; (*words)[at] != "|"; ++at) input += (*words)[at] + "\n";
    CHECK(trim(input) == trim(example.input));
    CHECK((*words)[at + 1] == bot.program());
  }
  CHECK(render::pipeline(bot, {"", "", "{\"a\":1}", ""}) ==
        "echo '{\"a\":1}' | intelmq-expert-odd-one");
  CHECK(render::pipeline(bot, {"", " --x ", "", ""}) == "intelmq-expert-odd-one --x");
}
