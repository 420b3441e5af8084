// SPDX-License-Identifier: Apache-2.0
#include "serve/child.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace intelmq::serve {
namespace {

constexpr int control_fd = 3;

/// What the new process needs, made before the fork.
struct Prepared {
  std::vector<std::string> environment;
  std::vector<char*> words, variables;
  int input, output, errors, control, report;
};

void fill(Prepared& out, const Child::Options& options) {
  out.environment = options.environment;
  out.environment.push_back("INTELMQ_CONTROL_FD=" + std::to_string(control_fd));
  out.environment.emplace_back("INTELMQ_CONTROL_PROTO=1");
  for (const std::string& word : options.words)
    out.words.push_back(const_cast<char*>(word.c_str()));
  out.words.push_back(nullptr);
  for (std::string& entry : out.environment) out.variables.push_back(entry.data());
  for (char** entry = environ; *entry; ++entry) {
    bool replaced = std::strncmp(*entry, "NOTIFY_SOCKET=", 14) == 0;  // serve's own
    for (const std::string& own : out.environment)
      replaced = replaced || std::strncmp(own.c_str(), *entry, own.find('=') + 1) == 0;
    if (!replaced) out.variables.push_back(*entry);
  }
  out.variables.push_back(nullptr);
}

/// In the new process; only calls that are safe there.
[[noreturn]] void become(const Prepared& p, pid_t parent) {
  setpgid(0, 0);
  prctl(PR_SET_PDEATHSIG, SIGTERM);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  for (const int number : {SIGPIPE, SIGHUP, SIGINT, SIGTERM, SIGUSR1}) ::signal(number, SIG_DFL);
  // First out of the way of the numbers that are given out next.
  const int control = fcntl(p.control, F_DUPFD, 10), report = fcntl(p.report, F_DUPFD_CLOEXEC, 10);
  const int input = fcntl(p.input, F_DUPFD_CLOEXEC, 10),
            output = fcntl(p.output, F_DUPFD_CLOEXEC, 10);
  const int errors = fcntl(p.errors, F_DUPFD_CLOEXEC, 10);
  if (getppid() == parent && dup2(input, 0) >= 0 && dup2(output, 1) >= 0 && dup2(errors, 2) >= 0 &&
      dup2(control, control_fd) >= 0) {
    ::close(control);
    execvpe(p.words[0], p.words.data(), p.variables.data());
  }
  const int code = errno;
  (void)!::write(report, &code, sizeof code);
  _exit(127);
}

}  // namespace

std::string Exit::text() const {
  if (signal == 0) return "exit code " + std::to_string(code);
  return "signal " + std::to_string(signal) + " (" + strsignal(signal) + ")";
}

Child::Child(Loop& loop, pid_t pid, Calls calls)
    : loop_{loop}, pid_{pid}, calls_{std::move(calls)} {}

Result<std::unique_ptr<Child>> Child::start(Loop& loop, const Options& options, Calls calls) {
  const std::string& program = options.words.front();
  int control[2], errors[2], report[2];
  if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, control) != 0)
    return system_failure(program, "no control channel", errno);
  FileDescriptor own_control(control[0]), its_control(control[1]);
  if (pipe2(errors, O_CLOEXEC) != 0) return system_failure(program, "no pipe", errno);
  FileDescriptor own_errors(errors[0]), its_errors(errors[1]);
  if (pipe2(report, O_CLOEXEC) != 0) return system_failure(program, "no pipe", errno);
  FileDescriptor own_report(report[0]), its_report(report[1]);
  auto nothing = open_file("/dev/null", O_RDWR);
  if (!nothing) return tl::unexpected(nothing.error());
  Prepared prepared;
  fill(prepared, options);
  prepared.input = options.input >= 0 ? options.input : nothing->get();
  prepared.output = options.output >= 0 ? options.output : nothing->get();
  prepared.errors = its_errors.get();
  prepared.control = its_control.get();
  prepared.report = its_report.get();
  const pid_t parent = getpid();
  const pid_t pid = fork();
  if (pid < 0) return system_failure(program, "cannot be started", errno);
  if (pid == 0) become(prepared, parent);
  its_report.reset();
  int failure = 0;
  if (::read(own_report.get(), &failure, sizeof failure) == sizeof failure) {
    waitpid(pid, nullptr, 0);
    return system_failure(program, "cannot be started", failure);
  }
  std::unique_ptr<Child> child(new Child(loop, pid, std::move(calls)));
  child->process_ = FileDescriptor(static_cast<int>(syscall(SYS_pidfd_open, pid, 0)));
  if (!child->process_) return system_failure(program, "cannot be watched", errno);
  Child* const self = child.get();
  fcntl(own_errors.get(), F_SETFL, O_NONBLOCK);
  child->errors_ = std::move(own_errors);
  child->errors_watch_ = loop.readable(child->errors_.get(), [self] { self->read_errors(false); });
  child->process_watch_ = loop.readable(child->process_.get(), [self] { self->reap(); });
  child->channel_ = std::make_unique<Channel>(
      loop, std::move(own_control), [self](const Json& event) { self->calls_.event(event); },
      nullptr);
  return child;
}

Child::~Child() {
  *alive_ = false;
  if (ended_) return;
  ::kill(pid_, SIGKILL);
  process_watch_.reset();
  waitpid(pid_, nullptr, 0);
}

void Child::signal(int number) {
  if (!ended_) ::kill(pid_, number);
}

std::size_t Child::waiting_input() const {
  const int fd = ::open(("/proc/" + std::to_string(pid_) + "/fd/0").c_str(),
                        O_RDONLY | O_NONBLOCK | O_CLOEXEC | O_NOCTTY);
  if (fd < 0) return 0;
  const FileDescriptor input(fd);
  int bytes = 0;
  if (ioctl(fd, FIONREAD, &bytes) != 0 || bytes < 0) return 0;
  return static_cast<std::size_t>(bytes);
}

void Child::read_errors(bool to_the_end) {
  const auto alive = alive_;
  constexpr std::size_t longest = 64u << 10;
  char block[8192];
  for (int round = 0; to_the_end || round < 8; ++round) {
    const ssize_t got = ::read(errors_.get(), block, sizeof block);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0 && errno == EAGAIN) return;
    if (got <= 0) return errors_watch_.reset();
    for (ssize_t i = 0; i < got; ++i) {
      if (block[i] != '\n' && line_.size() < longest) {
        line_ += block[i];
        continue;
      }
      const std::string line = std::move(line_);
      line_.clear();
      calls_.line(line);
      if (!*alive) return;
    }
  }
}

void Child::reap() {
  siginfo_t info{};
  if (waitid(P_PID, static_cast<id_t>(pid_), &info, WEXITED | WNOHANG) != 0 || info.si_pid == 0)
    return;
  ended_ = true;
  process_watch_.reset();
  const auto alive = alive_;
  read_errors(true);
  if (!*alive) return;
  if (!line_.empty()) calls_.line(line_);
  channel_->take_in();
  if (!*alive) return;
  channel_->close();
  Exit exit;
  (info.si_code == CLD_EXITED ? exit.code : exit.signal) = info.si_status;
  const auto ended = calls_.ended;
  ended(exit);
}

void OrphanReaper::look() {
  for (;;) {
    siginfo_t info{};
    if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) {
      seen_ = 0;
      return;
    }
    if (info.si_pid != seen_) {
      seen_ = info.si_pid;
      return;
    }
    waitpid(info.si_pid, nullptr, WNOHANG);
    seen_ = 0;
  }
}

}  // namespace intelmq::serve
