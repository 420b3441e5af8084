// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <cstring>
#include <string_view>
#include <vector>

namespace intelmq::bench {

/// Collects text and writes it to a descriptor in large blocks. A reader that goes away ends the
/// program silently, any other write error ends it with status 74.
class Block {
 public:
  explicit Block(int descriptor) : descriptor_{descriptor}, room_(capacity) {}

  Block& operator<<(std::string_view text) {
    if (used_ + text.size() > capacity) flush();
    if (text.size() > capacity) {
      write_all(text.data(), text.size());
      return *this;
    }
    std::memcpy(room_.data() + used_, text.data(), text.size());
    used_ += text.size();
    return *this;
  }

  Block& operator<<(std::uint64_t number) {
    char digits[20];
    const auto end = std::to_chars(digits, digits + sizeof digits, number).ptr;
    return *this << std::string_view(digits, static_cast<std::size_t>(end - digits));
  }

  /// Dotted decimal form of an IPv4 address in host order.
  Block& address(std::uint32_t ip) {
    return *this << std::uint64_t{ip >> 24U} << "." << std::uint64_t{(ip >> 16U) & 255U} << "."
                 << std::uint64_t{(ip >> 8U) & 255U} << "." << std::uint64_t{ip & 255U};
  }

  /// `2024-03-DDxHH:MM:SS` for a second of the first 28 days of that month; x is `between`.
  Block& time(std::uint32_t second, char between) {
    char text[] = "2024-03-01T00:00:00";
    const auto two = [&text](std::size_t at, std::uint32_t value) {
      text[at] = static_cast<char>('0' + value / 10);
      text[at + 1] = static_cast<char>('0' + value % 10);
    };
    two(8, 1 + second / 86400 % 28);
    text[10] = between;
    two(11, second / 3600 % 24);
    two(14, second / 60 % 60);
    two(17, second % 60);
    return *this << std::string_view(text, sizeof text - 1);
  }

  void flush() {
    write_all(room_.data(), used_);
    used_ = 0;
  }

  std::uint64_t written() const { return written_ + used_; }

 private:
  static constexpr std::size_t capacity = 256 * 1024;

  void write_all(const char* from, std::size_t size) {
    while (size > 0) {
      const ssize_t done = ::write(descriptor_, from, size);
      if (done < 0) std::_Exit(errno == EPIPE ? 0 : 74);
      from += done;
      size -= static_cast<std::size_t>(done);
      written_ += static_cast<std::uint64_t>(done);
    }
  }

  int descriptor_;
  std::vector<char> room_;
  std::size_t used_ = 0;
  std::uint64_t written_ = 0;
};

}  // namespace intelmq::bench
