// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/file.hpp"
#include "base/result.hpp"
#include "base/wakeup.hpp"
#include "queue/decompress.hpp"

namespace intelmq {

/// The bytes of a file or pipe. gzip, bzip2, xz and zstd are recognised by their first bytes and
/// unpacked; a UTF-8 byte order mark at the beginning is left out. Plain bytes go straight from
/// read(2) to the caller. Damaged input gives its good bytes first, then an error that names the
/// source, the format and the place in the packed bytes.
class ByteInput {
 public:
  /// What `read_now` returns when nothing is there yet.
  static constexpr std::size_t later = SIZE_MAX;

  /// Error: names the path.
  static Result<ByteInput> open(const std::string& path);
  ByteInput(FileDescriptor fd, std::string name);

  /// Up to `size` (> 0) bytes; 0 at the end; `later` instead of blocking.
  Result<std::size_t> read_now(char* out, std::size_t size);
  /// Up to `size` (> 0) bytes; 0 at the end. Blocks; fails once `wakeup` is asked to finish.
  Result<std::size_t> read(char* out, std::size_t size, const Wakeup& wakeup);

  /// Whether the descriptor can be read without blocking; regular files always.
  bool ready() const;
  /// Whether it is a file, which can be read once more.
  bool regular() const { return regular_; }
  int fd() const { return fd_.get(); }
  const std::string& name() const { return name_; }
  /// Bytes left out at the beginning: 3 for a byte order mark. Known after the first bytes.
  std::size_t skipped() const { return skipped_; }

 private:
  enum class Stage : std::uint8_t { head, plain, packed, done };
  struct Unpacker;
  struct Close {
    void operator()(Unpacker* unpacker) const;
  };

  Result<std::size_t> read_file(char* out, std::size_t size);
  Result<std::size_t> pull(char* out, std::size_t size);
  Result<std::size_t> read_head(char* out, std::size_t size);
  Result<std::size_t> unpack(char* out, std::size_t size);
  Result<std::size_t> refill();
  Result<std::size_t> without_mark(char* out, std::size_t size);
  Result<void> start_unpacking(Packing packing);
  tl::unexpected<Error> damaged(DecompressVerdict verdict);

  FileDescriptor fd_;
  std::string name_;
  bool regular_ = false;
  Stage stage_ = Stage::head;
  bool mark_looked_for_ = false;
  std::size_t skipped_ = 0;
  std::string head_;  // read while looking for a magic
  std::string text_;  // unpacked while looking for a byte order mark
  std::unique_ptr<Unpacker, Close> unpacker_;
  std::optional<Error> failed_;
};

}  // namespace intelmq
