// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>

namespace intelmq {

/// Anonymous memory that grows and shrinks without a second copy: the kernel moves the pages, not
/// the bytes. Bytes that are new read as zero and cost nothing until touched.
class Pages {
 public:
  Pages() = default;
  Pages(Pages&& other) noexcept;
  Pages& operator=(Pages&& other) noexcept;
  Pages(const Pages&) = delete;
  Pages& operator=(const Pages&) = delete;
  ~Pages();

  /// `bytes` must be a multiple of page_size and not 0. False: no memory, nothing has changed.
  [[nodiscard]] bool resize(std::size_t bytes);

  void* begin() const { return begin_; }
  std::size_t size() const { return size_; }

  static constexpr std::size_t page_size = 4096;

 private:
  void* begin_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace intelmq
