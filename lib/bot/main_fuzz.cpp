// SPDX-License-Identifier: Apache-2.0
// The main of a bot's fuzzer: any bytes as input, with the parameters of the sheet's first example.
// With libFuzzer it searches; with any other compiler it replays the files it is given.
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

#include "base/text.hpp"
#include "bot/program.hpp"

// NOLINTNEXTLINE(readability-identifier-naming): the name that libFuzzer calls
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const intelmq::Bot& bot = intelmq::this_bot();
  static const std::vector<std::string> arguments = [&] {
    return *intelmq::split_shell(bot.description.examples.empty()
                                     ? std::string_view{}
                                     : bot.description.examples.front().args);
  }();
  const auto run =
      intelmq::rehearse(bot, arguments, std::string(reinterpret_cast<const char*>(data), size));
  if (run.code == intelmq::ExitCode::internal) __builtin_trap();
  return 0;
}
