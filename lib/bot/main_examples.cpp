// SPDX-License-Identifier: Apache-2.0
// The main of a bot's test: runs the examples of its sheet.
#include <cstdio>

#include "bot/program.hpp"

int main() {
  const intelmq::Bot& bot = intelmq::this_bot();
  const std::size_t total = bot.description.examples.size();
  if (total < 3) {
    std::printf("%s has %zu examples; a sheet has at least three, one of them hostile\n",
                bot.description.program().c_str(), total);
    return 1;
  }
  const auto failures = intelmq::check_examples(bot, {});
  for (const std::string& failure : failures) std::printf("%s\n", failure.c_str());
  std::printf("%zu of %zu examples hold\n", total - failures.size(), total);
  return failures.empty() ? 0 : 1;
}
