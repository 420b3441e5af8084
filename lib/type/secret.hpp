// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>

namespace intelmq {

/// Text that must not be seen: it converts to nothing, no stream or formatter prints it, and its
/// memory is wiped when it goes. `reveal()` is the only way to the text.
class Secret {
 public:
  Secret() = default;
  explicit Secret(std::string text) noexcept : text_{std::move(text)} { wipe(text); }

  Secret(const Secret&) = default;
  Secret(Secret&& other) noexcept : text_{std::move(other.text_)} { wipe(other.text_); }

  Secret& operator=(const Secret& other) {
    if (this != &other) {
      wipe(text_);
      text_ = other.text_;
    }
    return *this;
  }

  Secret& operator=(Secret&& other) noexcept {
    if (this != &other) {
      wipe(text_);
      text_ = std::move(other.text_);
      wipe(other.text_);
    }
    return *this;
  }

  ~Secret() { wipe(text_); }

  std::string_view reveal() const noexcept { return text_; }
  bool empty() const noexcept { return text_.empty(); }

  /// Takes the same time wherever the texts differ.
  friend bool operator==(const Secret& a, const Secret& b) noexcept {
    if (a.text_.size() != b.text_.size()) return false;
    unsigned difference = 0;
    for (std::size_t i = 0; i < a.text_.size(); ++i) {
      difference |= static_cast<unsigned char>(a.text_[i]) ^ static_cast<unsigned char>(b.text_[i]);
    }
    return difference == 0;
  }

  friend std::ostream& operator<<(std::ostream&, const Secret&) = delete;

 private:
  // Clears everything the string has reserved; volatile keeps the compiler from dropping it.
  static void wipe(std::string& text) noexcept {
    text.resize(text.capacity());  // NOLINT(clang-analyzer-cplusplus.Move): moved from or not
    volatile char* byte = text.data();
    for (std::size_t left = text.size(); left > 0; --left) *byte++ = '\0';
    text.clear();
  }

  std::string text_;
};

}  // namespace intelmq
