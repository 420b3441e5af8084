// SPDX-License-Identifier: Apache-2.0
// The main of a bot's benchmark: lines on standard input through the bot alone, without streams.
// usage: NAME [PARAMETERS...] <events.jsonl
#include <time.h>
#include <unistd.h>

#include <cstdio>
#include <string>
#include <vector>

#include "bot/program.hpp"

int main(int argc, char** argv) {
  std::string input;
  char piece[65536];
  for (ssize_t got; (got = read(STDIN_FILENO, piece, sizeof piece)) > 0;)
    input.append(piece, static_cast<std::size_t>(got));
  timespec before{}, after{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &before);
  const auto run = intelmq::rehearse(intelmq::this_bot(), {argv + 1, argv + argc}, input);
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &after);
  std::size_t lines = 0;
  for (const char c : input) lines += c == '\n';
  const double ns = static_cast<double>(after.tv_sec - before.tv_sec) * 1e9 +
                    static_cast<double>(after.tv_nsec - before.tv_nsec);
  std::printf("%zu lines, %.0f ns each, exit code %d\n", lines,
              lines ? ns / static_cast<double>(lines) : 0.0, static_cast<int>(run.code));
  std::fputs(run.messages.c_str(), stderr);
  return static_cast<int>(run.code);
}
