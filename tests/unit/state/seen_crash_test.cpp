// SPDX-License-Identifier: Apache-2.0
#include <signal.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "state/hash.hpp"
#include "state/seen.hpp"
#include "temporary_directory.hpp"

using namespace intelmq;

namespace {

Key key_of(const Seen& seen, std::uint64_t n) { return keyed_hash(seen.seed(), std::to_string(n)); }

// How far the child came: the first key that is not committed, and its time.
struct Report {
  std::uint64_t next;
  std::uint64_t now;
};

// Adds keys from `next` on, commits them in batches and says through the pipe how far it came,
// until it is killed. Most keys are soon too old, so that the file is often written anew.
[[noreturn]] void add_for_ever(const std::string& url, std::uint64_t next, std::uint32_t now,
                               int pipe) {
  auto seen = Seen::open(url, {4, 0}, [&now] { return now; });
  if (!seen) ::_exit(1);
  for (std::uint64_t batch = 0;; ++batch) {
    if (batch % 10 == 0) ++now;
    for (std::uint64_t i = 0; i < batch % 300; ++i) (*seen)->check_and_add(key_of(**seen, next++));
    if (!(*seen)->commit()) ::_exit(2);
    const Report report{next, now};
    if (::write(pipe, &report, sizeof report) != sizeof report) ::_exit(3);
  }
}

struct Fate {
  std::uint64_t committed = 0;  // the first key not reported as committed
  std::uint64_t now = 0;
  int status = 0;
  std::uint64_t young = 0;  // the first key reported that cannot be too old
};

Fate killed_after(int microseconds, const std::string& url, std::uint64_t next, std::uint32_t now) {
  int ends[2];
  REQUIRE(::pipe(ends) == 0);
  const pid_t child = ::fork();
  if (child == 0) add_for_ever(url, next, now, ends[1]);
  ::close(ends[1]);
  Fate fate{next, now, 0, next};
  Report report{};
  std::vector<Report> reports;
  bool alive = true;
  timespec begin{};
  ::clock_gettime(CLOCK_MONOTONIC, &begin);
  while (::read(ends[0], &report, sizeof report) == sizeof report) {
    reports.push_back(report);
    timespec time{};
    ::clock_gettime(CLOCK_MONOTONIC, &time);
    const long passed =
        (time.tv_sec - begin.tv_sec) * 1'000'000 + (time.tv_nsec - begin.tv_nsec) / 1000;
    if (alive && passed >= microseconds) alive = ::kill(child, SIGKILL) != 0;
  }
  ::close(ends[0]);
  ::waitpid(child, &fate.status, 0);
  if (reports.empty()) return fate;
  fate.committed = reports.back().next;
  fate.now = reports.back().now;
  for (const Report& earlier :
       reports) {  // the child may have been a second ahead of its last report
    if (earlier.now + 3 <= fate.now) fate.young = earlier.next;
  }
  return fate;
}

}  // namespace

TEST_CASE("what was committed survives SIGKILL at any moment", "[seen][crash]") {
  const TemporaryDirectory directory;
  const std::string url = "file:" + directory.file("seen") + "?sync=none";
  std::mt19937 random{20240229};  // NOLINT(cert-msc32-c,cert-msc51-cpp): the same in every run
  Fate fate{0, 1'000'000, 0, 0};
  std::uint64_t checked = 0;
  for (int round = 0; round < 50; ++round) {
    const std::uint64_t unseen =
        fate.committed + 1000;  // beyond what was committed without a report
    fate = killed_after(static_cast<int>(random() % 30'000), url, unseen,
                        static_cast<std::uint32_t>(fate.now));
    REQUIRE(WIFSIGNALED(fate.status));
    const auto now = static_cast<std::uint32_t>(fate.now);
    auto seen = Seen::open(url, {0, 0}, [now] { return now; });
    if (!seen) FAIL(seen.error().text);
    for (std::uint64_t n = fate.young; n < fate.committed; ++n, ++checked) {
      if ((*seen)->check_and_add(key_of(**seen, n)))
        FAIL("round " << round << ": key " << n << " was lost");
    }
  }
  CHECK(checked > 10'000);
}

TEST_CASE("a second process is refused with the pid of the first", "[seen][crash]") {
  const TemporaryDirectory directory;
  const std::string url = "file:" + directory.file("seen");
  int ready[2];
  int done[2];
  REQUIRE(::pipe(ready) == 0);
  REQUIRE(::pipe(done) == 0);
  const pid_t child = ::fork();
  if (child == 0) {
    ::close(done[1]);
    const auto seen = Seen::open(url, {});
    char byte = seen ? 'y' : 'n';
    if (::write(ready[1], &byte, 1) != 1) ::_exit(1);
    ::_exit(static_cast<int>(::read(done[0], &byte, 1)));
  }
  char byte = 0;
  REQUIRE(::read(ready[0], &byte, 1) == 1);
  CHECK(byte == 'y');
  const auto refused = Seen::open(url, {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text == "state file '" + directory.file("seen") +
                                    "' is in use by process " + std::to_string(child) +
                                    "; stop it or give another path");
  for (const int fd : {ready[0], ready[1], done[0], done[1]}) ::close(fd);
  ::waitpid(child, nullptr, 0);
  CHECK(Seen::open(url, {}));
}

TEST_CASE("the lock holds after the file was written anew", "[seen][crash]") {
  const TemporaryDirectory directory;
  const std::string url = "file:" + directory.file("seen") + "?sync=none";
  auto now = std::make_shared<std::uint32_t>(1000);
  const auto seen = Seen::open(url, {10, 0}, [now] { return *now; });
  REQUIRE(seen);
  for (std::uint64_t n = 0; n < 10'000; ++n) (*seen)->check_and_add(key_of(**seen, n));
  CHECK((*seen)->commit());
  *now += 100;
  for (std::uint64_t n = 0; n < 10'000; ++n) (*seen)->check_and_add(key_of(**seen, n % 10));
  CHECK((*seen)->commit());
  CHECK(content_of(directory.file("seen")).size() < 1000);
  const auto refused = Seen::open(url, {});
  REQUIRE_FALSE(refused);
  CHECK(refused.error().text.find("in use by process " + std::to_string(::getpid())) !=
        std::string::npos);
}

TEST_CASE("a full disk stops commits and harms nothing", "[seen][crash]") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("seen");
  const std::string url = "file:" + path + "?sync=none";
  ::signal(SIGXFSZ, SIG_IGN);
  rlimit before{};
  ::getrlimit(RLIMIT_FSIZE, &before);
  for (const rlim_t limit : {5000U, 5001U, 5010U, 5015U, 5016U}) {
    auto opened = Seen::open(url, {1000, 0}, [] { return 1000U; });
    REQUIRE(opened);
    Seen& seen = **opened;
    rlimit small = before;
    small.rlim_cur = limit;
    ::setrlimit(RLIMIT_FSIZE, &small);
    std::uint64_t next = 0;
    std::uint64_t committed = 0;
    Result<void> done;
    while (done && next < 10'000) {
      for (int i = 0; i < 7; ++i) seen.check_and_add(key_of(seen, next++));
      done = seen.commit();
      if (done) committed = next;
    }
    CHECK_FALSE(done);
    CHECK(done.error().text.find(path) != std::string::npos);
    CHECK(done.error().text.find("make room") != std::string::npos);
    const std::size_t size = content_of(path).size();
    CHECK(size <= limit);
    CHECK((size - 64) % 128 == 0);
    CHECK_FALSE(seen.commit());
    CHECK(content_of(path).size() == size);

    ::setrlimit(RLIMIT_FSIZE, &before);
    if (limit % 2 == 0) {  // room again: the commit that failed succeeds
      CHECK(seen.commit());
      committed = next;
    }
    opened->reset();
    auto again = Seen::open(url, {1000, 0}, [] { return 1000U; });
    REQUIRE(again);
    CHECK((*again)->counters().torn_bytes == 0);
    CHECK((*again)->counters().live == committed);
    again->reset();
    ::unlink(path.c_str());
  }
}

TEST_CASE("a rewrite that has no room leaves the old file in use", "[seen][crash]") {
  const TemporaryDirectory directory;
  const std::string path = directory.file("seen");
  const std::string url = "file:" + path + "?sync=none";
  auto now = std::make_shared<std::uint32_t>(1000);
  const auto opened = Seen::open(url, {100, 0}, [now] { return *now; });
  REQUIRE(opened);
  Seen& seen = **opened;
  REQUIRE(::mkdir((path + ".new").c_str(), 0700) == 0);  // in the way of the new file
  std::uint64_t next = 0;
  for (; next < 50'000; ++next) {
    if (next % 100 == 0) *now += 10;
    seen.check_and_add(key_of(seen, next));
    if (next % 100 == 99 && !seen.commit()) FAIL("key " << next);
  }
  CHECK(content_of(path).size() > 50'000 * 16);
  REQUIRE(::rmdir((path + ".new").c_str()) == 0);
  for (; next < 60'000; ++next) {
    if (next % 100 == 0) *now += 10;
    seen.check_and_add(key_of(seen, next));
    if (next % 100 == 99 && !seen.commit()) FAIL("key " << next);
  }
  CHECK(content_of(path).size() < 10'000 * 16);
}
