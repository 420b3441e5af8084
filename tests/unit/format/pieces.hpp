// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "base/byte_source.hpp"

namespace intelmq {

/// The text as a stream that gives at most `piece` bytes a time; then it breaks, if `broken`.
inline ByteSource in_pieces(std::string text, std::size_t piece, bool broken = false) {
  auto rest = std::make_shared<std::pair<std::string, std::size_t>>(std::move(text), 0);
  return [rest, piece, broken](char* out, std::size_t size) -> Result<std::size_t> {
    const std::size_t count = std::min({piece, size, rest->first.size() - rest->second});
    if (count == 0 && broken) return fail("the line is cut");
    std::copy_n(rest->first.data() + rest->second, count, out);
    rest->second += count;
    return count;
  };
}

/// A stream of `count` copies of a text that is never held as a whole.
inline ByteSource repeated(std::string text, std::size_t count) {
  auto left = std::make_shared<std::pair<std::size_t, std::size_t>>(count, 0);
  return [left, text = std::move(text)](char* out, std::size_t size) -> Result<std::size_t> {
    std::size_t filled = 0;
    while (left->first && filled < size) {
      const std::size_t take = std::min(size - filled, text.size() - left->second);
      std::copy_n(text.data() + left->second, take, out + filled);
      filled += take;
      left->second += take;
      if (left->second == text.size()) left->second = 0, --left->first;
    }
    return filled;
  };
}

}  // namespace intelmq
