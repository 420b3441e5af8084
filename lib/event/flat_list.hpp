// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <cstdlib>
#include <new>
#include <type_traits>

namespace intelmq {

/// A list of plain values that is filled anew for every event: adding is a pointer's step.
template <class T>
class FlatList {
  static_assert(std::is_trivially_copyable_v<T>);

 public:
  FlatList() = default;
  FlatList(const FlatList&) = delete;
  FlatList& operator=(const FlatList&) = delete;
  ~FlatList() { std::free(begin_); }

  T& push_back(const T& value) {
    if (end_ == limit_) grow();
    *end_ = value;
    return *end_++;
  }
  void pop_back() { --end_; }
  void clear() { end_ = begin_; }
  /// For who adds in a tight loop: where `size` items may be written from the beginning on;
  /// `resize` says in the end how many there are.
  T* room_for(std::size_t size) {
    clear();
    while (static_cast<std::size_t>(limit_ - begin_) < size) {
      end_ = limit_;
      grow();
    }
    return end_ = begin_;
  }
  void resize(std::size_t size) { end_ = begin_ + size; }
  std::size_t size() const { return static_cast<std::size_t>(end_ - begin_); }
  bool empty() const { return begin_ == end_; }
  T* data() { return begin_; }
  const T* data() const { return begin_; }
  T* begin() { return begin_; }
  T* end() { return end_; }
  const T* begin() const { return begin_; }
  const T* end() const { return end_; }
  T& back() { return end_[-1]; }
  T& operator[](std::size_t i) { return begin_[i]; }
  const T& operator[](std::size_t i) const { return begin_[i]; }

 private:
  [[gnu::noinline]] void grow() {
    const std::size_t used = size(), room = used ? used * 2 : 64;
    void* moved = std::realloc(static_cast<void*>(begin_), room * sizeof(T));
    if (!moved) throw std::bad_alloc{};
    begin_ = static_cast<T*>(moved);
    end_ = begin_ + used;
    limit_ = begin_ + room;
  }
  T* begin_ = nullptr;
  T* end_ = nullptr;
  T* limit_ = nullptr;
};

}  // namespace intelmq
