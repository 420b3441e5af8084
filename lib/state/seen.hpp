// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "state/key.hpp"

namespace intelmq {

/// The keys seen lately, kept where `--state URL` says. A key that was seen is known for its time
/// to live, counted from the first sight; repetitions do not prolong it.
///
/// check_and_add() remembers in memory, at once; commit() makes durable. The caller commits only
/// after the events of the keys have been written downstream, so a crash can make an event come
/// again but never lose one.
class Seen {
 public:
  struct Limits {
    std::uint32_t ttl_seconds = 86400;  ///< 0: for ever
    std::size_t capacity = 0;  ///< keys held at most, the oldest go first; 0: as memory allows
  };

  struct Counters {
    std::size_t live = 0;
    std::uint64_t evicted = 0;
    std::uint64_t expired = 0;
    std::size_t bytes = 0;         ///< memory of the keys
    std::uint64_t torn_bytes = 0;  ///< cut off the end of the file after a crash; worth a warning
  };

  /// Unix seconds.
  using Clock = std::function<std::uint32_t()>;

  /// URLs:
  ///   memory:                        forgets when the process ends
  ///   file:PATH[?sync=none|commit]   see state/key_log.hpp; a relative path is one of the working
  ///   directory
  /// The time to live holds for keys of earlier runs too. Errors name the URL's part that is wrong,
  /// or the file.
  static Result<std::unique_ptr<Seen>> open(std::string_view url, Limits limits,
                                            Clock clock = running_clock());

  /// The time of day when it was made, going on evenly (also while suspended) however the clock is
  /// set afterwards.
  static Clock running_clock();

  virtual ~Seen() = default;

  /// What keys must be hashed with to be recognised again.
  virtual Seed seed() const = 0;

  /// True at first sight. A store that cannot answer says true, and commit() says why.
  virtual bool check_and_add(Key key) = 0;

  /// Whether it asks for what would be hashed instead of keys, for many at once. Then the same for
  /// those: each `is_new` is set.
  virtual bool takes_texts() const { return false; }
  struct Text {
    std::string text;
    bool is_new = false;
  };
  virtual void check_and_add_texts(std::span<Text>) {}

  /// Call it a few keys ahead of check_and_add.
  virtual void prefetch(Key key) const = 0;

  /// Makes durable what was added since the last commit. After an error it may be called again.
  virtual Result<void> commit() = 0;

  /// Writes what was committed into files in a directory; gives their names. A store that is kept
  /// elsewhere, or nowhere, has none.
  virtual Result<std::vector<std::string>> dump(int /*directory*/) {
    return std::vector<std::string>{};
  }

  /// Ends the use of the store. What was not committed is forgotten.
  virtual Result<void> close() = 0;

  virtual Counters counters() const = 0;
};

}  // namespace intelmq
