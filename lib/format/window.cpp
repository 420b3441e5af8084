// SPDX-License-Identifier: Apache-2.0
#include "format/window.hpp"

#include <cstring>

namespace intelmq {

void Window::start(ByteSource bytes) {
  bytes_ = std::move(bytes);
  begin_ = end_ = 0;
  offset_ = 0;
  ended_ = mark_looked_for_ = false;
  error_.reset();
}

bool Window::more() {
  if (ended_) return false;
  make_room();
  auto got = bytes_(buffer_.get() + end_, capacity_ - end_);
  if (!got) error_ = std::move(got.error());
  ended_ = error_ || *got == 0;
  if (ended_) return false;
  end_ += *got;
  if (!mark_looked_for_) drop_mark();
  return true;
}

bool Window::much_more() {
  const std::size_t wanted = size() < 2 * block ? 0 : size() + size() / 2;
  if (!more()) return false;
  while (size() < wanted && more()) {
  }
  return true;
}

void Window::drop(std::size_t size) {
  begin_ += size;
  offset_ += size;
  if (begin_ == end_) begin_ = end_ = 0;
}

void Window::drop_mark() {
  constexpr std::string_view mark = "\xef\xbb\xbf";
  if (size() < mark.size() && mark.starts_with(text()) && more()) return;
  mark_looked_for_ = true;
  if (text().starts_with(mark)) drop(mark.size());
}

/// At least half a block must be free behind what is held.
void Window::make_room() {
  if (capacity_ - end_ >= block / 2) return;
  const std::size_t held = size();
  const bool grow = capacity_ - held < block / 2;
  const bool shrink = capacity_ > 4 * block && held < block / 2;
  if (!grow && !shrink) {
    std::memmove(buffer_.get(), buffer_.get() + begin_, held);
  } else {
    const std::size_t capacity = grow && capacity_ ? capacity_ * 2 : block;
    std::unique_ptr<char[]> moved(new char[capacity + padding]);
    if (held) std::memcpy(moved.get(), buffer_.get() + begin_, held);
    buffer_ = std::move(moved);
    capacity_ = capacity;
  }
  begin_ = 0;
  end_ = held;
}

}  // namespace intelmq
