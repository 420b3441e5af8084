// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <poll.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <fstream>
#include <optional>
#include <string>
#include <vector>

namespace {

constexpr char usage[] =
    "usage: latency LINES COMMAND [ARGUMENT...]\n"
    "Start a filter between two pipes and send it the lines of the file LINES one at a time, 2000 "
    "in\n"
    "all, each after the answer to the one before. Prints a JSON object with the median and the\n"
    "99th percentile of the round trip in microseconds.\n";
constexpr int rounds = 2000;
constexpr int warm_up = 100;
constexpr int patience_ms = 10000;

struct Filter {
  pid_t pid;
  int input;
  int output;
};

std::vector<std::string> read_lines(const char* path) {
  std::vector<std::string> lines;
  std::ifstream file(path);
  for (std::string line; lines.size() < 2000 && std::getline(file, line);) {
    lines.push_back(line + "\n");
  }
  return lines;
}

std::optional<Filter> start(char** command) {
  int down[2], up[2];
  if (::pipe2(down, O_CLOEXEC) != 0 || ::pipe2(up, O_CLOEXEC) != 0) return std::nullopt;
  posix_spawn_file_actions_t actions;
  ::posix_spawn_file_actions_init(&actions);
  ::posix_spawn_file_actions_adddup2(&actions, down[0], 0);
  ::posix_spawn_file_actions_adddup2(&actions, up[1], 1);
  Filter filter{0, down[1], up[0]};
  const int failure = ::posix_spawnp(&filter.pid, command[0], &actions, nullptr, command, environ);
  ::posix_spawn_file_actions_destroy(&actions);
  ::close(down[0]);
  ::close(up[1]);
  if (failure == 0) return filter;
  std::fprintf(stderr, "latency: %s: %s\n", command[0], std::strerror(failure));
  return std::nullopt;
}

bool wait_for_newline(int descriptor) {
  char text[65536];
  for (;;) {
    pollfd ready{descriptor, POLLIN, 0};
    if (::poll(&ready, 1, patience_ms) != 1) return false;
    const ssize_t got = ::read(descriptor, text, sizeof text);
    if (got <= 0) return false;
    if (text[got - 1] == '\n') return true;
  }
}

bool round_trip(const Filter& filter, const std::string& line) {
  const ssize_t sent = ::write(filter.input, line.data(), line.size());
  return sent == static_cast<ssize_t>(line.size()) && wait_for_newline(filter.output);
}

std::optional<std::vector<double>> measure(const Filter& filter,
                                           const std::vector<std::string>& lines) {
  using Clock = std::chrono::steady_clock;
  std::vector<double> times;
  times.reserve(rounds);
  for (std::size_t i = 0; i < rounds + warm_up; ++i) {
    const auto before = Clock::now();
    if (!round_trip(filter, lines[i % lines.size()])) return std::nullopt;
    if (i < warm_up) continue;
    times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - before).count());
  }
  std::sort(times.begin(), times.end());
  return times;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::fputs(usage, argc == 2 && argv[1][0] == '-' ? stdout : stderr), 64;
  std::signal(SIGPIPE, SIG_IGN);
  const auto lines = read_lines(argv[1]);
  if (lines.empty()) return std::fprintf(stderr, "latency: no lines in %s\n", argv[1]), 66;
  const auto filter = start(argv + 2);
  if (!filter) return 66;
  const auto times = measure(*filter, lines);
  if (!times) ::kill(filter->pid, SIGTERM);
  ::close(filter->input);
  int status = 0;
  ::waitpid(filter->pid, &status, 0);
  if (!times) {
    std::fprintf(stderr, "latency: %s did not answer a line within %d ms\n", argv[2], patience_ms);
    return 69;
  }
  std::printf("{\"p50\": %.1f, \"p99\": %.1f}\n", (*times)[rounds / 2],
              (*times)[rounds * 99 / 100]);
  return status == 0 ? 0 : 69;
}
