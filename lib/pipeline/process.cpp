// SPDX-License-Identifier: Apache-2.0
#include "pipeline/process.hpp"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>

#include "base/file.hpp"

namespace intelmq {
namespace {

using Clock = std::chrono::steady_clock;

struct Pipe {
  FileDescriptor read, write;
};

Result<Pipe> open_pipe() {
  int ends[2];
  if (pipe2(ends, O_CLOEXEC) != 0) return system_failure("pipe", "cannot be made", errno);
  return Pipe{FileDescriptor(ends[0]), FileDescriptor(ends[1])};
}

bool is_kept(const char* entry, bool clean) {
  if (!clean || std::strncmp(entry, "INTELMQ_", 8) != 0) return true;
  return std::strncmp(entry, "INTELMQ_MODULE_PATH=", 20) == 0;
}

std::vector<char*> environment_of(const Command& command) {
  std::vector<char*> out;
  for (const std::string& entry : command.environment)
    out.push_back(const_cast<char*>(entry.c_str()));
  for (char** entry = environ; *entry != nullptr; ++entry) {
    bool given = !is_kept(*entry, command.clean);
    for (const std::string& own : command.environment)
      given = given || std::strncmp(own.c_str(), *entry, own.find('=') + 1) == 0;
    if (!given) out.push_back(*entry);
  }
  out.push_back(nullptr);
  return out;
}

/// Keeps the signal of a broken pipe from ending this program as long as it lives.
class BrokenPipesIgnored {
 public:
  BrokenPipesIgnored() {
    sigemptyset(&pipe_);
    sigaddset(&pipe_, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  BrokenPipesIgnored(const BrokenPipesIgnored&) = delete;
  BrokenPipesIgnored& operator=(const BrokenPipesIgnored&) = delete;
  ~BrokenPipesIgnored() {
    const timespec at_once = {};
    while (sigtimedwait(&pipe_, nullptr, &at_once) == SIGPIPE) {
    }
    pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }

 private:
  sigset_t pipe_, before_;
};

/// The three streams of a child and how far they are.
struct Streams {
  FileDescriptor input, output, errors;
  std::string_view rest;

  void write_some_input() {
    const ssize_t done = ::write(input.get(), rest.data(), rest.size());
    if (done > 0) rest.remove_prefix(static_cast<std::size_t>(done));
    if (rest.empty() || (done < 0 && errno != EAGAIN && errno != EINTR)) input.reset();
  }

  static void read_some(FileDescriptor& from, std::string& to) {
    char block[65536];
    const ssize_t got = ::read(from.get(), block, sizeof block);
    if (got > 0) to.append(block, static_cast<std::size_t>(got));
    if (got == 0 || (got < 0 && errno != EINTR && errno != EAGAIN)) from.reset();
  }

  bool open() const { return bool{output} || bool{errors}; }
};

/// True when both outputs ended in time.
void exchange(Streams& streams, const Command& command, Outcome& outcome) {
  const auto end = Clock::now() + command.limit;
  while (streams.open()) {
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(end - Clock::now());
    outcome.timed_out = left.count() <= 0;
    outcome.too_much =
        outcome.output.size() > command.most_output || outcome.errors.size() > command.most_output;
    if (outcome.timed_out || outcome.too_much) return;
    std::array<pollfd, 3> polled = {pollfd{streams.input.get(), POLLOUT, 0},
                                    pollfd{streams.output.get(), POLLIN, 0},
                                    pollfd{streams.errors.get(), POLLIN, 0}};
    if (poll(polled.data(), polled.size(), static_cast<int>(left.count())) <= 0) continue;
    if (polled[0].revents != 0) streams.write_some_input();
    if (polled[1].revents != 0) Streams::read_some(streams.output, outcome.output);
    if (polled[2].revents != 0) Streams::read_some(streams.errors, outcome.errors);
  }
}

/// Reaps the child; one that closed its outputs but lives on is killed at the limit.
int wait_for(pid_t child, std::chrono::milliseconds limit, bool kill_now, bool& timed_out) {
  const auto end = Clock::now() + limit;
  int status = 0;
  if (kill_now) kill(-child, SIGKILL);
  for (;;) {
    const pid_t got = waitpid(child, &status, WNOHANG);
    if (got == child || (got < 0 && errno != EINTR)) break;
    if (!timed_out && Clock::now() > end) {
      timed_out = true;
      kill(-child, SIGKILL);
    }
    usleep(500);
  }
  return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

[[noreturn]] void become(const Command& command, char* const* words, char* const* variables, int in,
                         int out, int err, int report) {
  setpgid(0, 0);
  signal(SIGPIPE, SIG_DFL);
  const bool wired = dup2(in, 0) >= 0 && dup2(out, 1) >= 0 && dup2(err, 2) >= 0;
  if (wired && (command.directory.empty() || chdir(command.directory.c_str()) == 0))
    execvpe(words[0], words, variables);
  const int code = errno;
  (void)!::write(report, &code, sizeof code);
  _exit(127);
}

Result<std::array<Pipe, 4>> open_pipes() {
  std::array<Pipe, 4> out;
  for (Pipe& one : out) {
    Result<Pipe> made = open_pipe();
    if (!made) return tl::unexpected<Error>(made.error());
    one = std::move(*made);
  }
  return out;
}

}  // namespace

Result<Outcome> run_process(const Command& command) {
  auto pipes = open_pipes();
  if (!pipes) return tl::unexpected<Error>(pipes.error());
  auto& [in, out, err, report] = *pipes;
  std::vector<char*> words;
  for (const std::string& word : command.words) words.push_back(const_cast<char*>(word.c_str()));
  words.push_back(nullptr);
  std::vector<char*> variables = environment_of(command);
  const pid_t child = fork();
  if (child < 0) return system_failure(command.words.front(), "cannot be started", errno);
  if (child == 0)
    become(command, words.data(), variables.data(), in.read.get(), out.write.get(), err.write.get(),
           report.write.get());
  setpgid(child, child);
  in.read.reset();
  out.write.reset();
  err.write.reset();
  report.write.reset();
  Outcome outcome;
  int failure = 0;
  if (::read(report.read.get(), &failure, sizeof failure) == sizeof failure) {
    wait_for(child, command.limit, false, outcome.timed_out);
    return system_failure(command.words.front(), "cannot be started", failure);
  }
  fcntl(in.write.get(), F_SETFL, O_NONBLOCK);
  Streams streams{std::move(in.write), std::move(out.read), std::move(err.read), command.input};
  if (streams.rest.empty()) streams.input.reset();
  const BrokenPipesIgnored guard;
  exchange(streams, command, outcome);
  outcome.code =
      wait_for(child, command.limit, outcome.timed_out || outcome.too_much, outcome.timed_out);
  return outcome;
}

}  // namespace intelmq
