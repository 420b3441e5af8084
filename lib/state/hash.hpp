// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>

#include "base/result.hpp"
#include "state/key.hpp"

namespace intelmq {

/// Makes keys (XXH3, 128 bits) that nobody can predict who does not know the seed. The same seed
/// and bytes make the same key in every process and version. Expanding the seed takes about 1 us:
/// make one hasher and keep it.
///
/// update() only copies into one reused piece of memory, which finish() hashes at once: many small
/// pieces cost little more than one large one. Where a piece ends is not part of the key; callers
/// separate what must not run together.
class KeyHasher {
 public:
  explicit KeyHasher(const Seed& seed);

  /// Forgets the pieces so far.
  void reset() { used_ = 0; }

  void update(std::string_view bytes) {
    if (bytes.size() > room_ - used_) grow(bytes.size());
    if (!bytes.empty()) std::memcpy(scratch_.get() + used_, bytes.data(), bytes.size());
    used_ += bytes.size();
  }

  void update(char byte) {
    if (used_ == room_) grow(1);
    scratch_[used_++] = byte;
  }

  /// The pieces since the last reset or finish, joined; valid until the next update.
  std::string_view pieces() const { return {scratch_.get(), used_}; }

  /// The key of the pieces; starts anew.
  Key finish();

  /// The key of `bytes`; leaves the pieces alone.
  Key hash(std::string_view bytes) const;

 private:
  void grow(std::size_t wanted);

  std::array<std::uint8_t, 192> secret_;
  std::unique_ptr<char[]> scratch_;
  std::size_t used_ = 0;
  std::size_t room_ = 0;
};

/// A seed nobody can guess. Error: the system has no random numbers.
Result<Seed> random_seed();

/// One key; `KeyHasher{seed}.hash(bytes)`.
Key keyed_hash(const Seed& seed, std::string_view bytes);

}  // namespace intelmq
