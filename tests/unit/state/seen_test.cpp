// SPDX-License-Identifier: Apache-2.0
#include "state/seen.hpp"

#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <catch2/catch.hpp>
#include <memory>
#include <string>
#include <vector>

#include "state/hash.hpp"
#include "temporary_directory.hpp"

using namespace intelmq;

namespace {

constexpr std::size_t header_size = 64;

struct Time {
  std::shared_ptr<std::uint32_t> now = std::make_shared<std::uint32_t>(1'000'000);
  Seen::Clock clock() const {
    return [now = now] { return *now; };
  }
};

std::unique_ptr<Seen> opened(const std::string& url, const Time& time,
                             Seen::Limits limits = {100, 0}) {
  auto seen = Seen::open(url, limits, time.clock());
  if (!seen) FAIL(seen.error().text);
  return std::move(*seen);
}

std::string refusal(const std::string& url) {
  const auto seen = Seen::open(url, {});
  return seen ? "" : seen.error().text;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

Key key_of(const Seen& seen, std::uint64_t n) { return keyed_hash(seen.seed(), std::to_string(n)); }

}  // namespace

TEST_CASE("URLs that cannot be opened say why", "[seen]") {
  CHECK(refusal("rediss://x") ==
        "state 'rediss://x' is of no known kind; use memory: or file:PATH");
  CHECK(contains(refusal("/var/lib/x"), "use memory: or file:PATH"));
  CHECK(contains(refusal(""), "use memory: or file:PATH"));
  CHECK(contains(refusal("memory:x"), "nothing may follow"));
  CHECK(contains(refusal("file:"), "no path"));
  CHECK(contains(refusal("file:?sync=none"), "no path"));
  CHECK(contains(refusal("file:/tmp/x?sync=maybe"), "sync=commit (the default) or sync=none"));
  CHECK(contains(refusal("file:/nonexistent/directory/x"), "/nonexistent/directory/x"));
  CHECK(contains(refusal("file:/dev/null"), "not a regular file"));
  CHECK(contains(refusal("file:/tmp"), "/tmp"));
}

TEST_CASE("memory: knows what it has seen, until its time is over", "[seen]") {
  const Time time;
  const auto seen = opened("memory:", time);
  CHECK(seen->check_and_add({1, 1}));
  CHECK_FALSE(seen->check_and_add({1, 1}));
  CHECK(seen->commit());
  *time.now += 100;
  CHECK(seen->check_and_add({1, 1}));
  CHECK(seen->seed() != opened("memory:", time)->seed());
  CHECK(seen->counters().live == 1);
  CHECK(seen->close());
}

TEST_CASE("a file remembers what was committed, and nothing else", "[seen]") {
  const TemporaryDirectory directory;
  const Time time;
  const std::string url = "file:" + directory.file("seen");
  auto seen = opened(url, time);
  const Seed seed = seen->seed();
  CHECK(seen->check_and_add(key_of(*seen, 1)));
  CHECK(seen->commit());
  CHECK(seen->check_and_add(key_of(*seen, 2)));
  CHECK_FALSE(seen->check_and_add(key_of(*seen, 2)));
  CHECK(seen->close());
  seen.reset();

  seen = opened(url, time);
  CHECK(seen->seed() == seed);
  CHECK_FALSE(seen->check_and_add(key_of(*seen, 1)));
  CHECK(seen->check_and_add(key_of(*seen, 2)));
  CHECK(seen->counters().torn_bytes == 0);
}

TEST_CASE("a file has mode 0640 at most and survives a stay", "[seen]") {
  const TemporaryDirectory directory;
  const Time time;
  opened("file:" + directory.file("seen"), time);
  struct stat status {};
  REQUIRE(::stat(directory.file("seen").c_str(), &status) == 0);
  CHECK((status.st_mode & 0137) == 0);
  CHECK((status.st_mode & 0600) == 0600);
}

TEST_CASE("a URL may have an empty authority", "[seen]") {
  const TemporaryDirectory directory;
  const Time time;
  opened("file://" + directory.file("seen") + "?sync=none", time);
  CHECK(content_of(directory.file("seen")).size() == header_size);
}

TEST_CASE("time goes on between runs, and the time to live is that of the present run", "[seen]") {
  const TemporaryDirectory directory;
  const Time time;
  const std::string url = "file:" + directory.file("seen");
  auto seen = opened(url, time);
  seen->check_and_add({1, 1});
  CHECK(seen->commit());
  seen.reset();

  *time.now += 99;
  seen = opened(url, time);
  CHECK_FALSE(seen->check_and_add({1, 1}));
  *time.now += 1;
  CHECK(seen->check_and_add({1, 1}));
  CHECK(seen->commit());
  seen.reset();

  *time.now += 150;
  CHECK_FALSE(opened(url, time, {200, 0})->check_and_add({1, 1}));
  CHECK(opened(url, time, {120, 0})->check_and_add({1, 1}));
}

TEST_CASE("foreign, damaged and future files are refused and left alone", "[seen]") {
  const TemporaryDirectory directory;
  const Time time;
  const std::string path = directory.file("seen");
  opened("file:" + path, time);
  const std::string good = content_of(path);
  REQUIRE(good.size() == header_size);

  const auto refused = [&](const std::string& content, const std::string& reason) {
    put(path, content);
    CHECK(contains(refusal("file:" + path), reason));
    CHECK(content_of(path) == content);
  };
  refused("root:x:0:0:root:/root:/bin/bash\n", "not a state file");
  refused(std::string(1000, '\0'), "not a state file");
  refused(good.substr(0, header_size - 1), "not a state file");
  for (std::size_t at = 0; at < 40; ++at) {
    std::string damaged = good;
    damaged[at] = static_cast<char>(damaged[at] ^ 0x10);
    refused(damaged, at < 8    ? "not a state file"
                     : at < 12 ? "version"
                               : "damaged header; restore it, or remove it");
  }
}

TEST_CASE("a torn end is cut off, wherever it was torn", "[seen]") {
  const TemporaryDirectory directory;
  const Time time;
  const std::string path = directory.file("seen");
  const std::string url = "file:" + path + "?sync=none";
  std::vector<std::size_t> ends{header_size};
  {
    const auto seen = opened(url, time);
    for (std::uint64_t n = 0; n < 12; ++n) {
      seen->check_and_add({n, n});
      if (n % 3 != 2) continue;
      CHECK(seen->commit());
      ends.push_back(content_of(path).size());
    }
  }
  const std::string whole = content_of(path);
  REQUIRE(whole.size() == header_size + 4 * (16 + 3 * 16));
  for (std::size_t size = header_size; size <= whole.size(); ++size) {
    put(path, whole.substr(0, size));
    const auto seen = opened(url, time);
    const auto frames = static_cast<std::uint64_t>((size - header_size) / 64);
    const std::size_t end = ends[frames];
    if (seen->counters().torn_bytes != size - end) FAIL("size " << size);
    if (content_of(path).size() != end) FAIL("size " << size);
    for (std::uint64_t n = 0; n < 12; ++n) {
      if (seen->check_and_add({n, n}) != (n >= 3 * frames)) FAIL("size " << size << " key " << n);
    }
    if (!seen->commit()) FAIL("size " << size);
  }
  for (std::size_t at = ends[3]; at < whole.size(); ++at) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ 1);
    put(path, damaged + std::string(50, '\xff'));
    const auto seen = opened(url, time);
    if (seen->counters().torn_bytes != whole.size() + 50 - ends[3]) FAIL("byte " << at);
    if (seen->counters().live != 9) FAIL("byte " << at);
  }
}

TEST_CASE("a frame is only good where it was written", "[seen]") {
  const TemporaryDirectory directory;
  const Time time;
  const std::string path = directory.file("seen");
  {
    const auto seen = opened("file:" + path, time);
    seen->check_and_add({1, 1});
    CHECK(seen->commit());
  }
  const std::string whole = content_of(path);
  put(path, whole + whole.substr(header_size));
  CHECK(opened("file:" + path, time)->counters().torn_bytes == 32);
}

TEST_CASE("a file is written anew when it holds twice the live keys", "[seen]") {
  const TemporaryDirectory directory;
  const Time time;
  const std::string path = directory.file("seen");
  const std::string url = "file:" + path + "?sync=none";
  put(path + ".new", "left by a crash");
  auto seen = opened(url, time);
  CHECK(content_of(path + ".new").empty());
  const Seed seed = seen->seed();
  ::chmod(path.c_str(), 0600);
  std::size_t largest = 0;
  for (std::uint64_t n = 0; n < 100'000; ++n) {  // 100 keys a second live for 100 seconds
    if (n % 100 == 0) ++*time.now;
    if (!seen->check_and_add(key_of(*seen, n))) FAIL("key " << n);
    if (n % 50 != 49) continue;
    if (!seen->commit()) FAIL("key " << n);
    if (n % 1000 == 999) largest = std::max(largest, content_of(path).size());
  }
  CHECK(largest > 10'000 * 16);
  CHECK(largest < 26'000 * 17);
  CHECK(seen->close());
  seen.reset();
  struct stat status {};
  REQUIRE(::stat(path.c_str(), &status) == 0);
  CHECK((status.st_mode & 0777) == 0600);
  CHECK(content_of(path + ".new").empty());

  seen = opened(url, time);
  CHECK(seen->seed() == seed);
  CHECK(seen->counters().torn_bytes == 0);
  for (std::uint64_t n = 90'100; n < 100'000; ++n) {
    if (seen->check_and_add(key_of(*seen, n))) FAIL("key " << n << " was lost");
  }
  CHECK(seen->check_and_add(key_of(*seen, 80'000)));
}

TEST_CASE("a rewrite replaces the file and not the link to it", "[seen]") {
  const TemporaryDirectory directory;
  const Time time;
  const std::string path = directory.file("seen");
  REQUIRE(::symlink(path.c_str(), directory.file("link").c_str()) == 0);
  {
    const auto seen = opened("file:" + directory.file("link") + "?sync=none", time);
    for (std::uint64_t n = 0; n < 10'000; ++n) seen->check_and_add(key_of(*seen, n));
    CHECK(seen->commit());
    *time.now += 100;
    for (std::uint64_t n = 0; n < 10'000; ++n) seen->check_and_add(key_of(*seen, n % 10));
    CHECK(seen->commit());
  }
  CHECK(std::filesystem::is_symlink(directory.file("link")));
  CHECK(content_of(path).size() == header_size + 16 + 10 * 16);
}

TEST_CASE("one commit may hold more keys than a frame", "[seen]") {
  const TemporaryDirectory directory;
  const Time time;
  const std::string url = "file:" + directory.file("seen");
  auto seen = opened(url, time);
  for (std::uint64_t n = 0; n < 200'000; ++n) seen->check_and_add(key_of(*seen, n));
  CHECK(seen->commit());
  seen.reset();
  seen = opened(url, time);
  CHECK(seen->counters().live == 200'000);
  CHECK(seen->counters().torn_bytes == 0);
}

TEST_CASE("the clock runs evenly from the time of day", "[seen]") {
  const auto clock = Seen::running_clock();
  const auto before = static_cast<std::uint32_t>(::time(nullptr));
  const std::uint32_t now = clock();
  CHECK(now + 1 >= before);
  CHECK(now <= before + 2);
}
