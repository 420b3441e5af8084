// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/byte_source.hpp"
#include "base/result.hpp"
#include "base/wakeup.hpp"

namespace intelmq {

/// One record where it lies in the source's buffer, without its line end. Valid until the source
/// is asked for something that may move the buffer: the next `wait` or `next`.
struct Record {
  /// Bytes that may be read beyond the end of any record.
  static constexpr std::size_t padding = 64;

  char* data = nullptr;
  std::size_t size = 0;
  std::string_view source;   ///< "stdin", a path, a queue: for dead letters.
  std::uint64_t line = 0;    ///< Counted from 1 within `source`.
  std::uint64_t offset = 0;  ///< Of the first byte within `source`, after decompression.
  std::uint64_t total = 0;   ///< Fetch::oversize: length of the whole record.
  std::string digest;        ///< Fetch::oversize: its SHA-256 in hex.
  std::string_view text() const { return {data, size}; }
};

enum class Fetch : std::uint8_t {
  record,    ///< `Record` is filled.
  oversize,  ///< A record longer than the limit: its first bytes, length and digest; skipped.
  later,     ///< Nothing there now: flush, then `wait`.
  end,       ///< Nothing more will come.
  broken     ///< The source failed: see `error()`.
};

/// Where events come from.
class Source {
 public:
  virtual ~Source() = default;
  /// The next record; never blocks.
  virtual Fetch next(Record& out) = 0;
  /// The next whole feed as a stream of bytes (for parsers that take the raw feed): `record`,
  /// `end` or `broken`. `name` is what it is called in dead letters. Asking for the next feed says
  /// that this one was used. May block while bytes are awaited; once `wakeup` is asked to finish,
  /// the stream fails with "interrupted". `out` may be used while this source and `wakeup` live.
  virtual Fetch next_stream(ByteSource& out, std::string& name, Wakeup& wakeup) = 0;
  /// Blocks until there may be something, or until a signal.
  virtual void wait(Wakeup& wakeup) = 0;
  /// The next record of what was read from a pipe and cannot be put back; a line that has begun is
  /// read to its end, as long as more of it comes within a second and the whole within five.
  /// `later`: nothing is left (of other sources there never is), `broken`: the end of the line did
  /// not come. For the end of a run, and before `hold`.
  virtual Fetch rest(Record&) { return Fetch::later; }
  /// True: nothing is taken until it is let go again; `next` and `wait` are not called meanwhile.
  virtual void hold(bool) {}
  /// Instead of `wait` while it is held, for who owes its server something meanwhile. False: it
  /// did not wait, since there is nothing to do.
  virtual bool wait_held(Wakeup&) { return false; }
  /// Everything handed out so far was delivered; it will not be handed out again.
  virtual Result<void> acknowledge() = 0;
  virtual const Error& error() const = 0;
};

class Log;

struct SourceOptions {
  std::size_t max_record = 16u << 20;
  std::size_t block = 256u << 10;
  bool probe = false;  ///< Only to see whether it can be had: nothing is taken, locked or shared.
  Log* log = nullptr;  ///< For what does not end the source, such as a server that comes back.
};

/// Opens `-`, `file:PATH` or `dir:PATH[?follow=1]`; an adapter is loaded for any other scheme.
/// Error: names the URL and the schemes there are.
Result<std::unique_ptr<Source>> open_source(std::string_view url, const SourceOptions& options);

/// Whether a URL is one that `open_source` or else `open_destination` understands; opens nothing.
Result<void> check_queue_url(std::string_view url, bool reads);

}  // namespace intelmq
