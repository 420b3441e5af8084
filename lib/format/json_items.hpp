// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "format/window.hpp"

namespace intelmq {

/// The items of a JSON stream as raw text, one at a time, in constant memory: the items of a
/// top-level array, or objects (and arrays) one after the other, with or without lines between.
/// Each item is proven to be JSON.
///
/// A malformed item is given as `bad`; reading goes on with the next `{` that follows `},` (in an
/// array) or a line end (outside). An array that is not closed gives one `bad` with an empty text.
class JsonItems {
 public:
  enum class Found : std::uint8_t { item, bad, end };

  explicit JsonItems(std::size_t max_record = usual_max_record) : max_record_{max_record} {}

  /// Reads another stream from now on.
  void start(ByteSource bytes);
  Found next();

  /// The item, or what stands where one should be; good until `next`. 64 readable bytes follow.
  std::string_view text() const { return window_.text().substr(0, size_); }
  const char* reason() const { return reason_; }    ///< Why the item is bad.
  std::uint64_t number() const { return number_; }  ///< Of the item, from 1; bad ones count.
  std::uint64_t offset() const { return window_.offset(); }  ///< Of the item's first byte.
  const std::optional<Error>& error() const { return window_.error(); }

 private:
  struct Scan;

  bool go_to_item();
  bool skip_broken();
  Found read_item();
  void give(std::size_t size, std::size_t taken);
  Found give_bad(const char* reason, std::size_t from);
  Found end_of_stream();
  std::optional<std::size_t> next_start(std::size_t from) const;
  Scan scan(bool ended) const;
  Scan scan_nested() const;

  std::size_t max_record_;
  Window window_;
  std::size_t size_ = 0, taken_ = 0;  // of the item, and with what separates it from the next
  std::uint64_t number_ = 0;
  bool in_array_ = false, skipping_ = false;
  const char* reason_ = "";
};

}  // namespace intelmq
