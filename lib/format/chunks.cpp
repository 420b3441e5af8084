// SPDX-License-Identifier: Apache-2.0
#include "format/chunks.hpp"

#include <algorithm>
#include <memory>

namespace intelmq {
namespace {

constexpr std::size_t step = 64u << 10;

}  // namespace

Chunks::Chunks(ByteSource input, std::size_t size, bool repeat_header)
    : input_{std::move(input)}, size_{size}, repeat_header_{repeat_header} {}

/// Reads until `wanted` bytes are held or the stream ends.
bool Chunks::fill(std::size_t wanted) {
  while (!ended_ && held_.size() < wanted) {
    const std::size_t before = held_.size();
    const std::size_t room = std::min(step, wanted - before);
    held_.resize(before + room);
    const auto got = input_(held_.data() + before, room);
    held_.resize(before + (got ? *got : 0));
    if (!got) {
      error_ = got.error();
      failed_ = ended_ = true;
    } else if (*got == 0) {
      ended_ = true;
    }
  }
  return !failed_;
}

bool Chunks::next() {
  if (size_ == 0) return !std::exchange(started_, true);
  if (failed_) return false;
  if (!fill(size_)) return true;
  if (held_.empty()) return false;
  std::size_t end = held_.size();
  if (held_.size() >= size_) {
    end = held_.rfind('\n', size_ - 1);
    while (end == std::string::npos) {
      const std::size_t before = held_.size();
      if (!fill(before + step)) return true;
      end = held_.find('\n', before);
      if (end == std::string::npos && ended_) end = held_.size() - 1;
    }
    ++end;
  }
  piece_ = started_ && repeat_header_ ? header_ : std::string{};
  piece_.append(held_, 0, end);
  if (!started_) header_ = held_.substr(0, std::min(end, held_.find('\n') + 1));
  held_.erase(0, end);
  started_ = true;
  return true;
}

ByteSource Chunks::bytes() {
  if (size_ == 0) return input_;
  if (failed_)
    return [this](char*, std::size_t) -> Result<std::size_t> { return tl::unexpected(error_); };
  return [this, at = std::make_shared<std::size_t>(0)](char* out,
                                                       std::size_t size) -> Result<std::size_t> {
    const std::size_t taken = std::min(size, piece_.size() - *at);
    std::copy_n(piece_.data() + *at, taken, out);
    *at += taken;
    return taken;
  };
}

}  // namespace intelmq
