// SPDX-License-Identifier: Apache-2.0
#include "queue/page_buffer.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <utility>

namespace intelmq {

PageBuffer::PageBuffer(PageBuffer&& other) noexcept
    : data_{std::exchange(other.data_, nullptr)}, size_{std::exchange(other.size_, 0)} {}

PageBuffer& PageBuffer::operator=(PageBuffer&& other) noexcept {
  std::swap(data_, other.data_);
  std::swap(size_, other.size_);
  return *this;
}

PageBuffer::~PageBuffer() {
  if (data_ != nullptr) munmap(data_, size_);
}

bool PageBuffer::resize(std::size_t size) {
  const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
  const std::size_t wanted = (size + page - 1) / page * page;
  if (wanted == size_) return true;
  void* place = data_ == nullptr ? mmap(nullptr, wanted, PROT_READ | PROT_WRITE,
                                        MAP_PRIVATE | MAP_ANONYMOUS, -1, 0)
                                 : mremap(data_, size_, wanted, MREMAP_MAYMOVE);
  if (place == MAP_FAILED) return false;
  data_ = static_cast<char*>(place);
  size_ = wanted;
  return true;
}

}  // namespace intelmq
