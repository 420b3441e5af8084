// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdlib>
#include <cstring>
#include <new>
#include <string_view>

namespace intelmq {

/// Bytes on their way out: grows like a string, but never fills what it does not hold.
class OutBuffer {
 public:
  OutBuffer() = default;
  OutBuffer(const OutBuffer&) = delete;
  OutBuffer& operator=(const OutBuffer&) = delete;
  ~OutBuffer() { std::free(data_); }

  void append(std::string_view text) { append(text.data(), text.size()); }
  void append(const char* text, std::size_t size) {
    reserve(size);
    std::memcpy(data_ + size_, text, size);
    size_ += size;
  }
  void append(char c) {
    reserve(1);
    data_[size_++] = c;
  }
  void reserve(std::size_t more) {
    if (size_ + more > capacity_) grow(size_ + more);
  }
  /// Room for up to `size` bytes behind the text; `advance` says how many were written there.
  char* room(std::size_t size) {
    reserve(size);
    return data_ + size_;
  }
  void advance(std::size_t size) { size_ += size; }
  std::size_t size() const { return size_; }
  std::string_view text() const { return {data_, size_}; }
  void clear() { size_ = 0; }
  void truncate(std::size_t size) { size_ = size; }

 private:
  void grow(std::size_t wanted) {
    std::size_t capacity = capacity_ ? capacity_ : 4096;
    while (capacity < wanted) capacity *= 2;
    void* moved = std::realloc(data_, capacity);
    if (!moved) throw std::bad_alloc{};
    data_ = static_cast<char*>(moved);
    capacity_ = capacity;
  }
  char* data_ = nullptr;
  std::size_t size_ = 0, capacity_ = 0;
};

}  // namespace intelmq
