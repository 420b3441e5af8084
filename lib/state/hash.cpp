// SPDX-License-Identifier: Apache-2.0
#include "state/hash.hpp"

#include <sys/random.h>

#include <algorithm>
#include <cerrno>
#include <string>
#include <system_error>
#include <utility>

#include "base/sha256.hpp"

#define XXH_INLINE_ALL
#include <xxhash.h>

namespace intelmq {
namespace {

constexpr std::size_t first_room = 1024;

}  // namespace

// Not XXH3_generateSecret: its result changed between versions, and files outlive versions.
KeyHasher::KeyHasher(const Seed& seed) {
  std::string counted(seed.begin(), seed.end());
  counted.push_back(0);
  static_assert(sizeof(secret_) % 32 == 0 && sizeof(secret_) >= XXH3_SECRET_SIZE_MIN);
  for (std::size_t i = 0; i < secret_.size() / 32; ++i) {
    counted.back() = static_cast<char>(i);
    const auto part = sha256(counted);
    std::copy(part.begin(), part.end(), secret_.begin() + static_cast<std::ptrdiff_t>(32 * i));
  }
}

Key KeyHasher::finish() {
  const Key key = hash(pieces());
  used_ = 0;
  return key;
}

Key KeyHasher::hash(std::string_view bytes) const {
  const XXH128_hash_t hash =
      XXH3_128bits_withSecret(bytes.data(), bytes.size(), secret_.data(), secret_.size());
  return {hash.high64, hash.low64};
}

void KeyHasher::grow(std::size_t wanted) {
  const std::size_t room = std::max({first_room, 2 * room_, used_ + wanted});
  std::unique_ptr<char[]> larger{new char[room]};
  if (used_ > 0) std::memcpy(larger.get(), scratch_.get(), used_);
  scratch_ = std::move(larger);
  room_ = room;
}

Result<Seed> random_seed() {
  Seed seed;
  if (::getrandom(seed.data(), seed.size(), 0) == static_cast<ssize_t>(seed.size())) return seed;
  return fail("no random numbers for a hash seed: " + std::generic_category().message(errno));
}

Key keyed_hash(const Seed& seed, std::string_view bytes) { return KeyHasher{seed}.hash(bytes); }

}  // namespace intelmq
