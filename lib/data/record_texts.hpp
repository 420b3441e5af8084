// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <new>
#include <string>
#include <string_view>

namespace intelmq {

/// Four short texts made of a record of a database, kept by the record's offset: direct mapped, a
/// newer record evicts the one in its slot. A slot is a cache line, and takes memory when it is
/// first filled; texts that do not fit in are made anew each time.
class RecordTexts {
 public:
  /// The texts, valid until the next call.
  struct Texts {
    const char* text;
    std::array<std::uint32_t, 4> end;
    std::string_view operator[](std::size_t i) const {
      const std::uint32_t begin = i == 0 ? 0 : end[i - 1];
      return {text + begin, end[i] - begin};
    }
  };

  /// 2^`bits` slots.
  explicit RecordTexts(unsigned bits = 16) : shift_{32 - bits} {
    const std::size_t size = (sizeof(Slot) << bits) + alignof(Slot);
    memory_.reset(std::calloc(1, size));
    if (!memory_) throw std::bad_alloc{};
    void* first = memory_.get();
    std::size_t space = size;
    slots_ = static_cast<Slot*>(std::align(alignof(Slot), sizeof(Slot), first, space));
  }

  /// Starts to load the slot for `offset`.
  void prefetch(std::uint32_t offset) const { __builtin_prefetch(&slot_of(offset)); }

  /// The texts for `offset`, if need be made by `make(offset, out)`: that appends them to `out` one
  /// behind the other and returns where each ends.
  template <class Make>
  Texts get(std::uint32_t offset, Make&& make) {
    Slot& slot = slot_of(offset);
    if (slot.offset == ~offset) [[likely]]
      return {slot.text.data(), {slot.end[0], slot.end[1], slot.end[2], slot.end[3]}};
    made_.clear();
    const std::array<std::uint32_t, 4> end = make(offset, made_);
    if (made_.size() <= slot.text.size()) {
      slot.offset = ~offset;
      std::transform(end.begin(), end.end(), slot.end.begin(),
                     [](std::uint32_t at) { return static_cast<std::uint8_t>(at); });
      std::memcpy(slot.text.data(), made_.data(), made_.size());
    }
    return {made_.data(), end};
  }

 private:
  struct alignas(64) Slot {
    std::uint32_t offset;  // inverted: no record is at the offset that 0 stands for
    std::array<std::uint8_t, 4> end;
    std::array<char, 56> text;
  };
  struct Free {
    void operator()(void* memory) const { std::free(memory); }
  };
  Slot& slot_of(std::uint32_t offset) const { return slots_[offset * 2654435769u >> shift_]; }

  std::unique_ptr<void, Free> memory_;
  Slot* slots_ = nullptr;
  unsigned shift_;
  std::string made_;
};

}  // namespace intelmq
