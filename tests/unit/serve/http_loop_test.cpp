// SPDX-License-Identifier: Apache-2.0
#include <sys/socket.h>
#include <unistd.h>

#include <atomic>
#include <catch2/catch.hpp>
#include <csignal>
#include <string>
#include <thread>

#include "serve/loop.hpp"

using namespace intelmq::serve;
using std::chrono::milliseconds;

namespace {

struct Pair {
  int ends[2] = {-1, -1};
  Pair() { REQUIRE(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0); }
  Pair(const Pair&) = delete;
  Pair& operator=(const Pair&) = delete;
  ~Pair() {
    for (const int end : ends)
      if (end >= 0) close(end);
  }
};

}  // namespace

TEST_CASE("timers come once or again and again, until their watch ends") {
  Loop loop;
  std::string seen;
  Watch never = loop.after(milliseconds(5), [&] { seen += 'n'; });
  never.reset();
  const Watch once = loop.after(milliseconds(1), [&] { seen += 'o'; });
  int times = 0;
  Watch again;
  again = loop.every(milliseconds(2), [&] {
    seen += 'e';
    if (++times == 3) again.reset();
  });
  const Watch end = loop.after(milliseconds(60), [&] { loop.stop(); });
  loop.run();
  CHECK(seen == "oeee");
}

TEST_CASE("a watch may be replaced inside of its own task") {
  Loop loop;
  std::string seen(100, ' ');
  Watch watch;
  watch = loop.after(milliseconds(1), [&, text = std::string(100, 'a')] {
    watch = loop.after(milliseconds(1), [&] { loop.stop(); });
    seen = text;
  });
  loop.run();
  CHECK(seen == std::string(100, 'a'));
}

TEST_CASE("both directions of a descriptor can be watched at once") {
  Loop loop;
  Pair pair;
  int readable = 0, writable = 0;
  Watch write, read;
  write = loop.writable(pair.ends[0], [&] {
    ++writable;
    write.reset();
    REQUIRE(::write(pair.ends[1], "ab", 2) == 2);
  });
  read = loop.readable(pair.ends[0], [&] {
    char byte = 0;
    if (::read(pair.ends[0], &byte, 1) == 1) {  // one of two: it is called again for the other
      if (++readable == 2) {
        close(pair.ends[1]);
        pair.ends[1] = -1;
      }
      return;
    }
    read.reset();
    loop.stop();
  });
  loop.run();
  CHECK(writable == 1);
  CHECK(readable == 2);
}

TEST_CASE("jobs run elsewhere, what follows on the loop") {
  Loop loop;
  const auto here = std::this_thread::get_id();
  std::atomic<int> elsewhere = 0;
  int after = 0;
  for (int i = 0; i < 50; ++i)
    loop.work([&] { elsewhere += std::this_thread::get_id() != here; },
              [&] {
                CHECK(std::this_thread::get_id() == here);
                if (++after == 50) loop.stop();
              });
  loop.run();
  CHECK(elsewhere == 50);
}

TEST_CASE("jobs that wait at the end of the loop are dropped") {
  std::atomic<int> done = 0;
  {
    Loop loop;
    for (int i = 0; i < 100; ++i)
      loop.work(
          [&] {
            usleep(20000);
            ++done;
          },
          [] {});
    loop.post([&] { loop.stop(); });
    loop.run();
  }
  CHECK(done < 50);
}

TEST_CASE("signals are calls") {
  Loop loop;
  int got = 0;
  {
    const Watch watch = loop.signals({SIGUSR1, SIGUSR2}, [&](int number) {
      got = number;
      loop.stop();
    });
    raise(SIGUSR2);
    loop.run();
  }
  CHECK(got == SIGUSR2);
}
