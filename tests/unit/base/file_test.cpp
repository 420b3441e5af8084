// SPDX-License-Identifier: Apache-2.0
#include "base/file.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "base/module.hpp"
#include "base/wakeup.hpp"

using namespace intelmq;

namespace {

std::string scratch() {
  std::string pattern = (std::filesystem::temp_directory_path() / "intelmq.XXXXXX").string();
  return mkdtemp(pattern.data());
}

unsigned mode_of(const std::string& path) {
  struct stat status = {};
  stat(path.c_str(), &status);
  return status.st_mode & 07777;
}

}  // namespace

TEST_CASE("file: files are written and read whole") {
  const std::string directory = scratch();
  const std::string path = directory + "/a";
  umask(0);
  const std::string big(200000, 'x');
  for (const std::string& content : {std::string(), std::string("a\0b", 3), big}) {
    REQUIRE(atomic_write(path, content));
    CHECK(read_file(path).value() == content);
  }
  CHECK(mode_of(path) == 0640);
  chmod(path.c_str(), 0600);
  REQUIRE(atomic_write(path, "new"));
  CHECK(mode_of(path) == 0600);
  CHECK(list_directory(directory).value() == std::vector<std::string>{"a"});
  CHECK_FALSE(read_file("/proc/self/status").value().empty());
  std::filesystem::remove_all(directory);
}

TEST_CASE("file: a failed replacement leaves the old file") {
  const std::string directory = scratch();
  const std::string path = directory + "/a";
  REQUIRE(atomic_write(path, "old"));
  signal(SIGXFSZ, SIG_IGN);
  rlimit before = {};
  getrlimit(RLIMIT_FSIZE, &before);
  const rlimit limit = {2, before.rlim_max};
  setrlimit(RLIMIT_FSIZE, &limit);
  const Result<void> written = atomic_write(path, "newer");
  setrlimit(RLIMIT_FSIZE, &before);
  REQUIRE_FALSE(written);
  CHECK(written.error().text == path + ": cannot write: File too large");
  CHECK(read_file(path).value() == "old");
  CHECK(list_directory(directory)->size() == 1);
  CHECK_FALSE(atomic_write(directory, "x"));
  CHECK(list_directory(directory)->size() == 1);
  std::filesystem::remove_all(directory);
}

TEST_CASE("file: errors name the path and the reason") {
  CHECK(read_file("/proc/absent").error().text ==
        "/proc/absent: cannot open: No such file or directory");
  CHECK_THAT(read_file("/tmp").error().text, Catch::Contains("/tmp: cannot read: Is a directory"));
  CHECK_THAT(atomic_write("/proc/absent/a", "").error().text, Catch::Contains("/proc/absent/a: "));
  CHECK_THAT(fsync_directory("/proc/absent").error().text, Catch::Contains("/proc/absent: "));
  CHECK(write_all(-1, "x").error().text == "cannot write: Bad file descriptor");
}

TEST_CASE("file: parts of a path") {
  CHECK(directory_of("/a/b") == "/a");
  CHECK(directory_of("/a") == "/");
  CHECK(directory_of("a") == ".");
  CHECK(name_of("/a/b") == "b");
  CHECK(name_of("b") == "b");
}

TEST_CASE("file: a name that is taken is not overwritten") {
  const std::string directory = scratch();
  REQUIRE(atomic_write(directory + "/a", "a"));
  REQUIRE(atomic_write(directory + "/b", "b"));
  CHECK(rename_new(directory + "/a", directory + "/b") == EEXIST);
  CHECK(rename_new(directory + "/a", directory + "/c") == 0);
  CHECK(rename_new(directory + "/a", directory + "/d") == ENOENT);
  CHECK(read_file(directory + "/b").value() == "b");
  std::filesystem::remove_all(directory);
}

TEST_CASE("file: a lock names its holder and ends with the descriptor") {
  const std::string directory = scratch();
  Result<FileDescriptor> lock = lock_file(directory + "/lock");
  REQUIRE(lock);
  CHECK_THAT(lock_file(directory + "/lock").error().text,
             Catch::Contains("is locked by process " + std::to_string(getpid())));
  lock->reset();
  CHECK(lock_file(directory + "/lock"));
  std::filesystem::remove_all(directory);
}

TEST_CASE("file: descriptors have one owner") {
  FileDescriptor first(open("/dev/null", O_RDONLY));
  const int number = first.get();
  FileDescriptor second(std::move(first));
  CHECK(second.get() == number);
  second = FileDescriptor();
  CHECK(fcntl(number, F_GETFD) == -1);
}

TEST_CASE("file: signals become flags and end a wait") {
  Wakeup wakeup;
  CHECK_FALSE(wakeup.wait(-1, 1));
  raise(SIGHUP);
  CHECK_FALSE(wakeup.wait(-1, -1));  // came just before: not missed
  CHECK(wakeup.take_reload());
  CHECK_FALSE(wakeup.take_reload());
  std::thread sender([] {
    std::this_thread::sleep_for(std::chrono::milliseconds(20));
    kill(getpid(), SIGUSR1);
  });
  for (int i = 0; i < 100 && !wakeup.take_report(); ++i) wakeup.wait(-1, 100);
  sender.join();
  CHECK_FALSE(wakeup.take_report());
  int ends[2];
  REQUIRE(pipe(ends) == 0);
  CHECK_FALSE(wakeup.wait(ends[0], 0));
  close(ends[1]);
  CHECK(wakeup.wait(ends[0], -1));
  close(ends[0]);
  CHECK_FALSE(wakeup.finish_asked());
}

TEST_CASE("file: modules that are missing are named with their places") {
  setenv("INTELMQ_MODULE_PATH", "/proc/absent/one:/proc/absent/two", 1);
  CHECK_THAT(load_module("absent", "x").error().text,
             Catch::Contains("no intelmq-absent.so in /proc/absent/one, /proc/absent/two, ") &&
                 Catch::Contains("set INTELMQ_MODULE_PATH"));
  CHECK_THAT(load_module("../evil", "x").error().text, Catch::Contains("a name has small letters"));
  unsetenv("INTELMQ_MODULE_PATH");
}
