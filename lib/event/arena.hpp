// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstring>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace intelmq {

/// Memory for what one event adds; taken piece by piece, given back all at once. `padding` bytes
/// behind every piece may be read and, until the next one is taken, written.
class Arena {
 public:
  static constexpr std::size_t padding = 64;

  /// Room for `size` bytes; stays in place until `reset`.
  char* take(std::size_t size) {
    if (size > left_) grow(size);
    char* out = at_;
    at_ += size;
    left_ -= size;
    return out;
  }
  std::string_view keep(std::string_view text) {
    char* out = take(text.size());
    if (!text.empty()) std::memcpy(out, text.data(), text.size());
    return {out, text.size()};
  }
  /// Forgets everything but the first `kept` bytes; keeps the first chunk for the next event.
  void reset(std::size_t kept = 0) {
    if (chunks_.size() > 1) chunks_.resize(1);
    if (chunks_.empty()) return;
    at_ = chunks_[0].get() + kept;
    left_ = first_size - kept;
  }
  /// How many bytes `reset` must keep so that all of them stay; nothing if it cannot.
  std::optional<std::size_t> used() const {
    if (chunks_.size() != 1) return std::nullopt;
    return first_size - left_;
  }

 private:
  static constexpr std::size_t first_size = 16 * 1024;
  void grow(std::size_t size) {
    const std::size_t chunk = chunks_.empty() && size <= first_size ? first_size
                              : size > first_size                   ? size
                                                                    : first_size;
    if (chunks_.empty() && size > first_size)  // the first chunk always has the same size
      chunks_.emplace_back(new char[first_size + padding]);
    chunks_.emplace_back(new char[chunk + padding]);
    at_ = chunks_.back().get();
    left_ = chunk;
  }
  std::vector<std::unique_ptr<char[]>> chunks_;
  char* at_ = nullptr;
  std::size_t left_ = 0;
};

}  // namespace intelmq
