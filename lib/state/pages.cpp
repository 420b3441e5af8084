// SPDX-License-Identifier: Apache-2.0
#include "state/pages.hpp"

#include <sys/mman.h>

#include <utility>

namespace intelmq {

Pages::Pages(Pages&& other) noexcept
    : begin_{std::exchange(other.begin_, nullptr)}, size_{std::exchange(other.size_, 0)} {}

Pages& Pages::operator=(Pages&& other) noexcept {
  std::swap(begin_, other.begin_);
  std::swap(size_, other.size_);
  return *this;
}

Pages::~Pages() {
  if (begin_ != nullptr) ::munmap(begin_, size_);
}

bool Pages::resize(std::size_t bytes) {
  if (bytes == size_) return true;
  void* moved = begin_ == nullptr ? ::mmap(nullptr, bytes, PROT_READ | PROT_WRITE,
                                           MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                                  : ::mremap(begin_, size_, bytes, MREMAP_MAYMOVE);
  if (moved == MAP_FAILED) return false;
  begin_ = moved;
  size_ = bytes;
  return true;
}

}  // namespace intelmq
