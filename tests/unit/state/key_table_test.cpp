// SPDX-License-Identifier: Apache-2.0
#include "state/key_table.hpp"

#include <algorithm>
#include <catch2/catch.hpp>
#include <limits>
#include <random>
#include <unordered_map>
#include <utility>

using namespace intelmq;

namespace {

std::uint64_t spread(std::uint64_t x) {
  x += 0x9e3779b97f4a7c15;
  x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9;
  x = (x ^ (x >> 27)) * 0x94d049bb133111eb;
  return x ^ (x >> 31);
}

Key key_of(std::uint64_t n) { return {spread(2 * n), spread(2 * n + 1)}; }

// 32 bytes a key and two pages.
bool is_small(const KeyTable& table, std::size_t keys) {
  return table.bytes() <= 32 * keys + 2 * Pages::page_size;
}

}  // namespace

TEST_CASE("a key is new once", "[key_table]") {
  KeyTable table{60, 0};
  CHECK(table.bytes() == 0);
  CHECK(table.insert({1, 2}, 100));
  CHECK_FALSE(table.insert({1, 2}, 100));
  CHECK(table.insert({1, 3}, 100));
  CHECK(table.insert({2, 2}, 100));
  CHECK(table.insert({0, 0}, 100));
  CHECK_FALSE(table.insert({0, 0}, 101));
  CHECK(table.counters().live == 4);
  CHECK(table.bytes() == Pages::page_size);
}

TEST_CASE("the extreme keys and times are ordinary", "[key_table]") {
  constexpr auto top = std::numeric_limits<std::uint64_t>::max();
  constexpr auto last_second = std::numeric_limits<std::uint32_t>::max();
  KeyTable table{last_second, 0};
  for (const Key key : {Key{top, top}, Key{top, 0}, Key{0, top}}) {
    CHECK(table.insert(key, 0));
    CHECK_FALSE(table.insert(key, 0));
    CHECK_FALSE(table.insert(key, last_second - 1));
  }
  CHECK(table.insert({5, 5}, last_second));
  CHECK_FALSE(table.insert({5, 5}, last_second));
}

TEST_CASE("repetitions do not prolong the time to live", "[key_table]") {
  KeyTable table{10, 0};
  CHECK(table.insert({7, 7}, 1000));
  CHECK_FALSE(table.insert({7, 7}, 1005));
  CHECK_FALSE(table.insert({7, 7}, 1009));
  CHECK(table.insert({7, 7}, 1010));
  CHECK_FALSE(table.insert({7, 7}, 1019));
  CHECK(table.counters().expired == 1);
}

TEST_CASE("a clock set back makes no key new", "[key_table]") {
  KeyTable table{10, 0};
  CHECK(table.insert({7, 7}, 1000));
  CHECK_FALSE(table.insert({7, 7}, 500));
  CHECK_FALSE(table.insert({7, 7}, 0));
  CHECK_FALSE(table.insert({7, 7}, 1009));
}

TEST_CASE("time to live 0 is for ever", "[key_table]") {
  KeyTable table{0, 0};
  CHECK(table.insert({7, 7}, 1));
  CHECK_FALSE(table.insert({7, 7}, std::numeric_limits<std::uint32_t>::max()));
}

TEST_CASE("behaves like a map of first sights", "[key_table]") {
  for (const std::uint64_t seed : {1U, 2U, 3U, 4U}) {
    std::mt19937_64 random{seed};
    const std::uint32_t ttl = seed == 4 ? 0 : 1 + static_cast<std::uint32_t>(random() % 500);
    const std::uint64_t keys = std::uint64_t{200} << (3 * seed);
    KeyTable table{ttl, 0};
    std::unordered_map<std::uint64_t, std::uint32_t> model;
    std::uint32_t now = 10'000;
    for (int step = 0; step < 300'000; ++step) {
      if (random() % 200 == 0) now += static_cast<std::uint32_t>(random() % 20);
      if (random() % 50'000 == 0) now += 2 * ttl;
      const std::uint64_t n = random() % keys;
      const auto known = model.find(n);
      const bool expect = known == model.end() || (ttl != 0 && now - known->second >= ttl);
      if (expect) model[n] = now;
      if (table.insert(key_of(n), now) != expect) FAIL("seed " << seed << " step " << step);
      if (!is_small(table, table.counters().live)) FAIL("bytes " << table.bytes());
    }
    std::size_t live = 0;
    for (const auto& entry : model) live += ttl == 0 || now - entry.second < ttl;
    std::size_t visited = 0;
    table.for_each(now, [&](const KeyRecord&) { ++visited; });
    CHECK(visited == live);
    CHECK(table.counters().evicted == 0);
  }
}

TEST_CASE("at most 32 bytes a key at every moment of growth", "[key_table]") {
  KeyTable table{86400, 0};
  for (std::uint64_t n = 0; n < 1'000'000; ++n) {
    table.insert(key_of(n), 1000);
    if (!is_small(table, n + 1)) FAIL(table.bytes() << " bytes for " << n + 1 << " keys");
    if (n >= 10'000 && table.bytes() > 32 * (n + 1)) FAIL(table.bytes() << " bytes for " << n + 1);
  }
  CHECK(table.counters().live == 1'000'000);
  std::size_t known = 0;
  for (std::uint64_t n = 0; n < 1'000'000; ++n) known += !table.insert(key_of(n), 1000);
  CHECK(known == 1'000'000);
}

TEST_CASE("at most 32 bytes a key that is not too old in a steady stream", "[key_table]") {
  constexpr std::uint64_t live = 100'000;
  KeyTable table{100, 0};
  for (std::uint64_t n = 0; n < 12 * live; ++n) {
    table.insert(key_of(n), static_cast<std::uint32_t>(1000 + n / 1000));
    if (n > live && table.bytes() > 32 * live) FAIL(table.bytes() << " bytes at " << n);
  }
  CHECK(table.counters().live < live * 5 / 4);
  CHECK(table.counters().live + table.counters().expired == 12 * live);
}

TEST_CASE("memory is given back after a peak", "[key_table]") {
  KeyTable table{100, 0};
  for (std::uint64_t n = 0; n < 200'000; ++n) table.insert(key_of(n), 1000);
  const std::size_t peak = table.bytes();
  for (std::uint64_t n = 0; n < 100'000; ++n) {
    table.insert(key_of(1'000'000 + n % 10), 2000);
    if (!is_small(table, table.counters().live)) FAIL(table.bytes() << " bytes");
  }
  CHECK(peak > 3'000'000);
  CHECK(table.bytes() == Pages::page_size);
  CHECK(table.counters().live == 10);
  CHECK(table.counters().expired == 200'000);
}

TEST_CASE("the oldest make room when the table is full", "[key_table]") {
  for (const std::size_t capacity : {1U, 2U, 10U, 1000U, 50'000U}) {
    KeyTable table{0, capacity};
    const std::uint64_t count = 10 * capacity + 100;
    const std::uint64_t a_second = capacity / 500 + 1;
    for (std::uint64_t n = 0; n < count; ++n) {
      CHECK(table.insert(key_of(n), static_cast<std::uint32_t>(1000 + n / a_second)));
      if (table.counters().live > capacity) FAIL("live " << table.counters().live);
    }
    CHECK(table.counters().live == std::min<std::size_t>(capacity, count));
    CHECK(table.counters().evicted == count - capacity);
    std::uint64_t lost = 0;
    std::unordered_map<std::uint64_t, bool> left;
    table.for_each(5000, [&](const KeyRecord& record) { left[record.high] = true; });
    for (std::uint64_t n = count - capacity * 85 / 100; n < count; ++n)
      lost += left.count(key_of(n).high) == 0;
    CHECK(lost == 0);
  }
}

TEST_CASE("keys that are too old go before others when the table is full", "[key_table]") {
  KeyTable table{100, 1000};
  for (std::uint64_t n = 0; n < 1000; ++n) table.insert(key_of(n), 1000);
  for (std::uint64_t n = 1000; n < 2000; ++n) table.insert(key_of(n), 1100);
  CHECK(table.counters().live <= 1000);
  CHECK(table.counters().evicted == 0);
  CHECK(table.counters().expired == 1000);
}

TEST_CASE("keys that are not spread cost memory of the past, not correctness of the table",
          "[key_table]") {
  constexpr auto top = std::numeric_limits<std::uint64_t>::max();
  KeyTable table{0, 0};
  for (std::uint64_t n = 0; n < 2000; ++n) {
    CHECK(table.insert({top, n}, static_cast<std::uint32_t>(1 + n)));
    CHECK_FALSE(table.insert({top, n}, static_cast<std::uint32_t>(1 + n)));
  }
  CHECK(table.counters().live + table.counters().evicted == 2000);
  CHECK(table.counters().live >= 64);
  std::uint64_t last_high = 0;
  std::uint32_t last_low = 0;
  std::size_t visited = 0;
  table.for_each(0, [&](const KeyRecord& record) {
    if (visited++ > 0 && (record.high < last_high || record.low <= last_low)) FAIL("out of order");
    last_high = record.high;
    last_low = record.low;
  });
  CHECK(visited == table.counters().live);
}

TEST_CASE("restored keys keep their time", "[key_table]") {
  KeyTable table{100, 0};
  table.restore({1, 1, 950}, 1000);
  table.restore({2, 2, 900}, 1000);   // too old
  table.restore({3, 3, 5000}, 1000);  // from a clock that was wrong
  table.restore({4, 4, 910}, 1000);
  table.restore({4, 4, 990}, 1000);
  table.restore({4, 4, 920}, 1000);
  CHECK(table.counters().live == 3);
  CHECK_FALSE(table.insert({1, 1}, 1049));
  CHECK(table.insert({1, 1}, 1050));
  CHECK(table.insert({2, 2}, 1050));
  CHECK_FALSE(table.insert({4, 4}, 1089));
  CHECK_FALSE(table.insert({3, 3}, 1099));
  CHECK(table.insert({3, 3}, 1100));
}

TEST_CASE("a moved table is the same table", "[key_table]") {
  KeyTable table{100, 0};
  for (std::uint64_t n = 0; n < 5000; ++n) table.insert(key_of(n), 1000);
  KeyTable moved{std::move(table)};
  CHECK(moved.counters().live == 5000);
  for (std::uint64_t n = 0; n < 5000; ++n) CHECK_FALSE(moved.insert(key_of(n), 1000));
}
