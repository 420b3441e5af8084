// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace intelmq {

/// Memory straight from the kernel: grows without copying, is touched only where it is written,
/// and gives back what it is cut by.
class PageBuffer {
 public:
  PageBuffer() = default;
  PageBuffer(PageBuffer&& other) noexcept;
  PageBuffer& operator=(PageBuffer&& other) noexcept;
  ~PageBuffer();

  /// Sets the size, rounded up to whole pages; the content up to the smaller size stays, the
  /// place may change. False: the memory cannot be had, all is as before.
  bool resize(std::size_t size);
  char* data() const { return data_; }
  std::size_t size() const { return size_; }

 private:
  char* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace intelmq
