// SPDX-License-Identifier: Apache-2.0
#include "type/base64.hpp"

#include <array>
#include <cstring>

namespace intelmq {
namespace {

constexpr char alphabet[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

// The two characters of every group of twelve bits.
constexpr std::array<std::array<char, 2>, 4096> make_pairs() {
  std::array<std::array<char, 2>, 4096> pairs{};
  for (std::size_t i = 0; i < pairs.size(); ++i) pairs[i] = {alphabet[i >> 6U], alphabet[i & 63U]};
  return pairs;
}

constexpr std::uint32_t foreign = 0x80000000U;

// The value of every character, shifted by so many bits; `foreign` for the others.
constexpr std::array<std::uint32_t, 256> make_values(unsigned shift) {
  std::array<std::uint32_t, 256> values{};
  for (auto& value : values) value = foreign;
  for (std::uint32_t i = 0; i < 64; ++i) {
    values[static_cast<unsigned char>(alphabet[i])] = i << shift;
  }
  return values;
}

constexpr auto pairs = make_pairs();
constexpr std::array<std::array<std::uint32_t, 256>, 4> values{make_values(18), make_values(12),
                                                               make_values(6), make_values(0)};

// The 24 bits of four characters, or a number with the bit `foreign`.
std::uint32_t quad(const unsigned char* in) noexcept {
  return values[0][in[0]] | values[1][in[1]] | values[2][in[2]] | values[3][in[3]];
}

void put_three(char* out, std::uint32_t bits) noexcept {
  out[0] = static_cast<char>(bits >> 16U);
  out[1] = static_cast<char>(bits >> 8U);
  out[2] = static_cast<char>(bits);
}

}  // namespace

void append_base64(std::string& out, std::string_view bytes) {
  const std::size_t before = out.size();
  out.resize(before + (bytes.size() + 2) / 3 * 4);
  char* to = out.data() + before;
  const auto* from = reinterpret_cast<const unsigned char*>(bytes.data());
  std::size_t left = bytes.size();
  for (; left >= 3; left -= 3, from += 3, to += 4) {
    const std::uint32_t bits =
        std::uint32_t{from[0]} << 16U | std::uint32_t{from[1]} << 8U | from[2];
    std::memcpy(to, pairs[bits >> 12U].data(), 2);
    std::memcpy(to + 2, pairs[bits & 0xFFFU].data(), 2);
  }
  if (left == 0) return;
  const std::uint32_t bits =
      std::uint32_t{from[0]} << 16U | (left == 2 ? std::uint32_t{from[1]} << 8U : 0U);
  to[0] = alphabet[bits >> 18U];
  to[1] = alphabet[(bits >> 12U) & 63U];
  to[2] = left == 2 ? alphabet[(bits >> 6U) & 63U] : '=';
  to[3] = '=';
}

// One character; false if it is not ASCII.
bool Base64Decoder::step(unsigned char c, char*& out) noexcept {
  if (c >= 0x80) return false;
  if (done_) return true;
  if (c == '=') {
    if (held_ >= 2 && held_ + ++pads_ >= 4) done_ = true;
    return true;
  }
  const std::uint32_t value = values[3][c];
  if (value == foreign) return true;
  pads_ = 0;
  bits_ = (bits_ << 6U | value) & 0xFFFFFFU;
  held_ = (held_ + 1) % 4;
  if (held_ == 2) *out++ = static_cast<char>(bits_ >> 4U);
  if (held_ == 3) *out++ = static_cast<char>(bits_ >> 2U);
  if (held_ == 0) *out++ = static_cast<char>(bits_);
  return true;
}

std::optional<std::size_t> Base64Decoder::feed(std::string_view in, char* out) noexcept {
  char* const first = out;
  const auto* from = reinterpret_cast<const unsigned char*>(in.data());
  const auto* const end = from + in.size();
  while (from != end) {
    while (held_ == 0 && !done_ && end - from >= 4) {
      const std::uint32_t bits = quad(from);
      if ((bits & foreign) != 0) break;
      put_three(out, bits);
      out += 3;
      from += 4;
    }
    if (from == end) break;
    if (!step(*from, out)) return std::nullopt;
    ++from;
  }
  return static_cast<std::size_t>(out - first);
}

std::optional<std::string> decode_base64(std::string_view text) {
  std::string out(Base64Decoder::room(text.size()), '\0');
  Base64Decoder decoder;
  const auto size = decoder.feed(text, out.data());
  if (!size || !decoder.finish()) return std::nullopt;
  out.resize(*size);
  return out;
}

}  // namespace intelmq
