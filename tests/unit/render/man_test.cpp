// SPDX-License-Identifier: Apache-2.0
#include "render/man.hpp"

#include <catch2/catch.hpp>

#include "hostile_bot.hpp"
#include "shell_tool.hpp"

using namespace intelmq;

namespace {

void check_lint(const Description& bot, const render::Parameters& common) {
  const hostile::Scratch page(render::man(bot, common));
  const auto lint = hostile::run("mandoc -T lint -W warning " + page.path());
  INFO(lint.output);
  CHECK(lint.code == 0);
}

Description bare(Kind kind) {
  Description out;
  out.kind = kind;
  out.name = "bare";
  out.summary = "Does nothing.";
  return out;
}

}  // namespace

TEST_CASE("man: sections stand in order") {
  const std::string page = render::man(hostile::bot(), hostile::common());
  std::size_t at = 0;
  for (const char* section : {"NAME", "SYNOPSIS", "DESCRIPTION", "OPTIONS", "FIELDS", "ENVIRONMENT",
                              "EXIT STATUS", "SIGNALS", "EXAMPLES", "SEE ALSO"}) {
    INFO(section);
    const std::size_t found = page.find(std::string("\n.Sh ") + section + "\n", at);
    REQUIRE(found != std::string::npos);
    at = found;
  }
}

TEST_CASE("man: no text of a bot becomes a request") {
  const std::string page = render::man(hostile::bot(), hostile::common());
  CHECK(page.find("\n'") == std::string::npos);
  CHECK(page.find("\n.Bl starts") == std::string::npos);
  CHECK(page.find("\\fB") == std::string::npos);
  CHECK(page.find("\n\n") == std::string::npos);
}

TEST_CASE("man: mandoc finds nothing to warn of") {
  if (!hostile::has_tool("mandoc")) {
    WARN("skipped: mandoc is not installed");
    return;
  }
  check_lint(hostile::bot(), hostile::common());
  check_lint(hostile::bot(), {});
  for (const Kind kind : {Kind::collector, Kind::parser, Kind::transformer, Kind::output}) {
    check_lint(bare(kind), {});
    check_lint(bare(kind), hostile::common());
  }
  Description odd = bare(Kind::expert);
  odd.summary = "Ends. Begins?  \tAgain (now.) \x01 x\xC3\xA9.";
  odd.details = "\n\n.\n\n'\n\n\\\n\n\".\" e.g. this! And that.";
  odd.examples = {{"\\", "'", "\\\n\n.x\n'y\n\ttab  \n", "\n.z\n\n"}};
  check_lint(odd, {});
}

TEST_CASE("man: the reader sees the texts as they were written") {
  if (!hostile::has_tool("mandoc")) return;
  const hostile::Scratch page(render::man(hostile::bot(), hostile::common()));
  const auto shown = hostile::run("mandoc -T utf8 -O width=200 " + page.path() + " | col -b");
  for (const char* text :
       {R"(.Sh 'quoted' "text" [with] (brackets) \n $(touch /tmp/owned) `id` a:b)",
        R"(Table [of] 'addresses': "$HOME" `id` \.)", "--database FILE",
        R"(--database 'a b.csv' --prefix "\$x")", "given source.ip"}) {
    INFO(text);
    CHECK(shown.output.find(text) != std::string::npos);
  }
}
