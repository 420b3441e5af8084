// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <cstdio>
#include <cstring>

namespace {

constexpr char usage[] =
    "usage: resident REPORT COMMAND [ARGUMENT...]\n"
    "Run a command and write to the file REPORT, as one JSON object, what the kernel says it "
    "took:\n"
    "wall, user and system seconds, the largest resident set in KiB, minor page faults, exit "
    "code.\n"
    "Ends with the code of the command (128 + n when signal n ended it).\n";

double seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

int code_of(int status) {
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::fputs(usage, argc == 2 && argv[1][0] == '-' ? stdout : stderr), 64;
  using Clock = std::chrono::steady_clock;
  const auto start = Clock::now();
  pid_t child = 0;
  const int failure = ::posix_spawnp(&child, argv[2], nullptr, nullptr, argv + 2, environ);
  if (failure != 0) {
    return std::fprintf(stderr, "resident: %s: %s\n", argv[2], std::strerror(failure)), 66;
  }
  int status = 0;
  rusage usage_of_child{};
  if (::wait4(child, &status, 0, &usage_of_child) != child) return std::perror("resident"), 70;
  const double wall = std::chrono::duration<double>(Clock::now() - start).count();
  std::FILE* report = std::fopen(argv[1], "we");
  if (report == nullptr) return std::perror(argv[1]), 73;
  std::fprintf(report,
               "{\"wall\": %.6f, \"user\": %.6f, \"system\": %.6f, \"max_rss_kib\": %ld, "
               "\"minor_faults\": %ld, \"code\": %d}\n",
               wall, seconds(usage_of_child.ru_utime), seconds(usage_of_child.ru_stime),
               usage_of_child.ru_maxrss, usage_of_child.ru_minflt, code_of(status));
  if (std::fclose(report) != 0) return std::perror(argv[1]), 74;
  return code_of(status);
}
