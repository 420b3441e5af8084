// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "base/file.hpp"
#include "base/result.hpp"
#include "state/key.hpp"

namespace intelmq {

/// An append-only file of key records that survives crashes, and that one process at a time can
/// have open.
///
/// Layout, little-endian: a header of 64 bytes (magic, version, header size, seed, checksum; then,
/// not covered by the checksum, the pid of the owner and the time to live of its last run, for
/// messages only), then frames: 16 bytes of checksum (XXH3, seeded with the offset of the frame),
/// mark and count, then `count` records of 16 bytes.
///
/// What commit() has confirmed survives the death of the process at once. It survives a power cut
/// - with Sync::commit, except for commits within 100 ms of the last one that was synced (a commit
/// after a longer
///   pause is synced before it returns; so are all when the next commit, even an empty one, or
///   close() follows);
/// - with Sync::none, once the kernel has written it, usually within 30 s.
/// A frame that was being written when the crash came is recognised and cut off when the file is
/// opened next.
class KeyLog {
 public:
  enum class Sync { none, commit };
  using Take = std::function<void(std::span<const KeyRecord>)>;
  using Give = std::function<void(const std::function<void(const KeyRecord&)>&)>;

  /// Opens or creates (mode 0640, in an existing directory) the file and hands its records to
  /// `take`, oldest first. Errors: not ours, another version, damaged header, in use by another
  /// process, or what the system says.
  static Result<KeyLog> open(const std::string& path, Sync sync, std::uint32_t ttl_seconds,
                             const Take& take);

  const Seed& seed() const { return seed_; }

  /// Records in the file.
  std::uint64_t records() const { return records_; }

  /// Bytes of an unfinished or damaged end that open() cut off.
  std::uint64_t torn_bytes() const { return torn_bytes_; }

  /// Keeps a record for the next commit.
  void append(const KeyRecord& record);

  /// Makes the records appended since the last commit durable. After an error the file ends with
  /// the last good commit and the records are kept: commit() may be tried again, but never succeeds
  /// once the disk has failed to sync.
  Result<void> commit();

  /// Replaces the file by one that holds only what `give` hands out; the new one is on disk before
  /// it takes the old one's name. Call it with nothing to commit. After an error the old file is
  /// still in use and whole; should the new name not reach the disk, the new file is in use and
  /// commit() fails from then on.
  Result<void> rewrite(const Give& give);

  /// Writes what was committed into a new file of the same name in another directory, on disk when
  /// it returns; gives the name. Error: it is there already, or what the system says.
  Result<std::string> copy_into(int directory) const;

  /// Syncs what was committed, as far as `sync` promises, and lets go of the file; drops what was
  /// not committed.
  Result<void> close();

 private:
  using Unit = std::array<std::byte, sizeof(KeyRecord)>;  // a record or the head of a frame

  explicit KeyLog(std::string path) : path_{std::move(path)} {}

  Result<bool> lock();
  Result<void> create();
  Result<void> check_header(std::uint64_t size);
  Result<void> read_frames(std::uint64_t size, const Take& take);
  void sign();
  Result<void> write_header();
  void seal_frames(std::uint64_t offset);
  Result<void> write_pending();
  Result<void> sync_when_due();
  Result<void> sync_now();
  Result<void> fill(const Give& give);
  Result<void> replace_by(KeyLog& fresh);
  void drop_pending();
  std::string fresh_path() const { return path_ + ".new"; }

  std::string path_;
  FileDescriptor file_;
  Seed seed_{};
  Sync sync_ = Sync::commit;
  std::uint32_t ttl_seconds_ = 0;
  std::uint64_t end_ = 0;  ///< where the next frame goes
  std::uint64_t records_ = 0;
  std::uint64_t torn_bytes_ = 0;
  std::vector<Unit> pending_;  ///< whole frames, their heads still blank
  std::size_t pending_records_ = 0;
  std::size_t last_frame_ = 0;  ///< records in the last pending frame
  bool unsynced_ = false;
  std::string broken_;  ///< why nothing can be committed any more
  std::chrono::steady_clock::time_point synced_at_{};
};

}  // namespace intelmq
