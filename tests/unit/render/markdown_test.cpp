// SPDX-License-Identifier: Apache-2.0
#include "render/markdown.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "base/text.hpp"
#include "hostile_bot.hpp"

using namespace intelmq;

TEST_CASE("markdown: every row of a table has its cells") {
  const std::string page = render::markdown(hostile::bot(), hostile::common());
  std::size_t rows = 0;
  for (const std::string_view line : split(page, '\n')) {
    if (!line.starts_with("| `--")) continue;
    ++rows;
    std::size_t bars = 0;
    for (std::size_t i = 0; i < line.size(); ++i)
      if (line[i] == '|' && (i == 0 || line[i - 1] != '\\')) ++bars;
    INFO(line);
    CHECK(bars == 5);
  }
  CHECK(rows == 10);
}

TEST_CASE("markdown: texts stay texts") {
  const std::string page = render::markdown(hostile::bot(), hostile::common());
  CHECK(page.starts_with("# intelmq-expert-odd-one\n\n"));
  CHECK(page.find("<b>") == std::string::npos);
  CHECK(page.find("\n- x") == std::string::npos);
  CHECK(page.find("``.'\"\\`$HOME\\|*``") != std::string::npos);
  CHECK(page.find("**Required.**") != std::string::npos);
  CHECK(page.find("| `source.asn` | set | given source.ip |") != std::string::npos);
}

TEST_CASE("markdown: fences are longer than what they hold") {
  Description bot = hostile::bot();
  bot.examples = {{"", "", "```\n````\n", "x"}};
  CHECK(render::markdown(bot, {}).find("\n`````sh\n") != std::string::npos);
}
