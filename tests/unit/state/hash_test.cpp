// SPDX-License-Identifier: Apache-2.0
#include "state/hash.hpp"

#include <bit>
#include <catch2/catch.hpp>
#include <set>
#include <string>
#include <utility>

using namespace intelmq;

namespace {

Seed seed_of(std::uint8_t first) {
  Seed seed{};
  seed[0] = first;
  return seed;
}

}  // namespace

TEST_CASE("the keys in files stay what they are", "[hash]") {
  CHECK(keyed_hash(seed_of(1), "") == Key{0x20ad4dee82361593, 0x1cf652cbd4aa65e4});
  CHECK(keyed_hash(seed_of(1), "abc") == Key{0x1c120e1bb210392b, 0x6850d3a149597303});
  CHECK(keyed_hash(seed_of(1), std::string(1000, 'x')) ==
        Key{0xe48a4bdfcd2ddabb, 0x2ba8abeab41efc43});
}

TEST_CASE("pieces hash as the whole", "[hash]") {
  KeyHasher hasher{seed_of(9)};
  std::string whole;
  for (int i = 0; i < 3000; ++i) {
    const std::string piece = std::to_string(i * i);
    hasher.update(piece);
    hasher.update('\xc0');
    hasher.update("");
    whole += piece + '\xc0';
    if (i % 500 == 0) CHECK(hasher.hash(whole) == keyed_hash(seed_of(9), hasher.pieces()));
  }
  CHECK(hasher.pieces() == whole);
  CHECK(hasher.finish() == keyed_hash(seed_of(9), whole));
  CHECK(hasher.finish() == keyed_hash(seed_of(9), ""));
  hasher.update("left behind");
  hasher.reset();
  hasher.update("a");
  CHECK(hasher.finish() == keyed_hash(seed_of(9), "a"));
}

TEST_CASE("another seed makes other keys, at every size", "[hash]") {
  const KeyHasher one{seed_of(1)};
  const KeyHasher two{seed_of(2)};
  std::string text;
  std::set<std::pair<std::uint64_t, std::uint64_t>> keys;
  for (int size = 0; size < 600; ++size) {
    const Key a = one.hash(text);
    const Key b = two.hash(text);
    keys.insert({a.high, a.low});
    keys.insert({b.high, b.low});
    text += '\0';
  }
  CHECK(keys.size() == 1200);
}

TEST_CASE("a flipped bit flips about half of the key", "[hash]") {
  const KeyHasher hasher{seed_of(5)};
  std::string text(100, 'q');
  const Key before = hasher.hash(text);
  int flipped = 0;
  for (std::size_t bit = 0; bit < 800; ++bit) {
    text[bit / 8] = static_cast<char>(text[bit / 8] ^ (1 << (bit % 8)));
    const Key after = hasher.hash(text);
    flipped += std::popcount(after.high ^ before.high) +
               std::popcount((after.low ^ before.low) & 0xffffffff);
    text[bit / 8] = 'q';
  }
  CHECK(flipped > 800 * 96 * 48 / 100);
  CHECK(flipped < 800 * 96 * 52 / 100);
}

TEST_CASE("random seeds differ", "[hash]") {
  CHECK(random_seed().value() != random_seed().value());
}
