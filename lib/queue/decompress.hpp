// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

// The C interface of the module `intelmq-decompress.so`. Only that module links the compression
// libraries; it is loaded when a compressed input turns up. Its symbol `intelmq_decompress` is a
// constant `DecompressModule`.

namespace intelmq {

/// How a stream of bytes is packed. Several gzip members, bzip2 or xz streams or zstd frames one
/// after the other are one stream.
enum class Packing : int { plain, gzip, bzip2, xz, zstd };

/// Most memory that the window of a zstd frame (as a power of two) and an xz decoder may take.
inline constexpr int zstd_window_log = 27;
inline constexpr std::size_t xz_memory = 256u << 20;

/// One call of `DecompressModule::step`: where to take from and where to put.
struct DecompressStep {
  const char* in;
  std::size_t in_size;
  char* out;
  std::size_t out_size;
  bool last;            ///< Nothing comes behind `in`.
  std::size_t in_used;  ///< Set by the call, as is `out_made`; both count also after a failure.
  std::size_t out_made;
};

enum class DecompressVerdict : int {
  more,       ///< `in` is used up or `out` is full.
  end,        ///< The stream is complete (only with `last`).
  truncated,  ///< `last`, and the stream is not complete.
  corrupt     ///< See `reason`.
};

extern "C" {
struct DecompressModule {
  void* (*open)(Packing packing);  ///< A decoder, or null: no memory.
  DecompressVerdict (*step)(void* decoder, DecompressStep* step);
  const char* (*reason)(const void* decoder);  ///< Why it is corrupt; lives as the decoder does.
  void (*close)(void* decoder);
};
}

}  // namespace intelmq
