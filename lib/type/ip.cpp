// SPDX-License-Identifier: Apache-2.0
#include "type/ip.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

#include "base/short_text.hpp"

#include "type/python_text.hpp"

namespace intelmq {
namespace {

constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }

bool parse_v4(std::string_view text, std::uint8_t* out) noexcept {
  std::size_t at = 0;
  for (int octet = 0; octet < 4; ++octet) {
    if (octet > 0 && (at >= text.size() || text[at++] != '.')) return false;
    const std::size_t first = at;
    unsigned value = 0;
    while (at < text.size() && at - first < 3 && is_digit(text[at])) {
      value = value * 10 + static_cast<unsigned>(text[at++] - '0');
    }
    if (at == first || value > 255 || (text[first] == '0' && at - first > 1)) return false;
    out[octet] = static_cast<std::uint8_t>(value);
  }
  return at == text.size();
}

/// parse_v4 for texts of 8 to 15 bytes, without a branch that depends on where the points are.
bool parse_usual_v4(std::string_view text, std::uint8_t* out) noexcept {
  const __m128i digits = _mm_sub_epi8(load_16(text), _mm_set1_epi8('0'));
  const auto mask = [](__m128i bytes) { return static_cast<unsigned>(_mm_movemask_epi8(bytes)); };
  const unsigned points = mask(_mm_cmpeq_epi8(digits, _mm_set1_epi8('.' - '0')));
  const unsigned good = mask(_mm_cmpeq_epi8(_mm_min_epu8(digits, _mm_set1_epi8(9)), digits));
  const unsigned zeros = mask(_mm_cmpeq_epi8(digits, _mm_setzero_si128()));
  const unsigned second = points & (points - 1), third = second & (second - 1);
  const unsigned starts = points << 1 | 1, all = (1U << text.size()) - 1;
  const unsigned long_numbers = good & good >> 1 & good >> 2 & good >> 3;
  const unsigned leading_zeros = zeros & starts & good >> 1;
  if ((points | good) != all || third == 0 || (third & (third - 1)) != 0 || (starts & ~good) != 0 ||
      long_numbers != 0 || leading_zeros != 0)
    return false;
  char values[20];  // four bytes can be read wherever a number begins
  _mm_storeu_si128(reinterpret_cast<__m128i*>(values), digits);
  const auto octet = [&](unsigned from, unsigned to) {
    std::uint32_t word;
    std::memcpy(&word, values + from, 4);
    word <<= 8 * (4 - (to - from));
    return (word >> 24) + 10 * (word >> 16 & 0xff) + 100 * (word >> 8 & 0xff);
  };
  const auto place = [](unsigned bits) { return static_cast<unsigned>(std::countr_zero(bits)); };
  const unsigned a = place(points), b = place(second), c = place(third);
  const std::uint32_t first_octet = octet(0, a), second_octet = octet(a + 1, b),
                      third_octet = octet(b + 1, c),
                      last_octet = octet(c + 1, static_cast<unsigned>(text.size()));
  if ((first_octet | second_octet | third_octet | last_octet) > 255) return false;
  const std::uint32_t octets =
      first_octet | second_octet << 8 | third_octet << 16 | last_octet << 24;
  std::memcpy(out, &octets, sizeof octets);
  return true;
}

constexpr std::uint8_t no_digit = 0xff;

constexpr std::array<std::uint8_t, 256> make_hex_values() {
  std::array<std::uint8_t, 256> values{};
  for (auto& value : values) value = no_digit;
  for (unsigned i = 0; i < 10; ++i) values['0' + i] = static_cast<std::uint8_t>(i);
  for (unsigned i = 0; i < 6; ++i)
    values['a' + i] = values['A' + i] = static_cast<std::uint8_t>(10 + i);
  return values;
}

constexpr auto hex_values = make_hex_values();

// Groups read so far, two bytes each, and where the `::` was.
class V6Reader {
 public:
  explicit V6Reader(std::string_view text) noexcept : text_{text} {}

  bool read(std::uint8_t* out) noexcept {
    if (text_.size() < 2 || (text_[0] == ':' && text_[1] != ':')) return false;
    if (text_[0] == ':') {
      gap_ = 0;
      at_ = 2;
    }
    while (at_ < text_.size()) {
      if (!group()) return false;
    }
    return place(out);
  }

 private:
  // One group and the separator behind it.
  bool group() noexcept {
    const std::size_t first = at_;
    unsigned value = 0;
    while (at_ < text_.size() && at_ - first < 4) {
      const unsigned digit = hex_values[static_cast<unsigned char>(text_[at_])];
      if (digit == no_digit) break;
      value = value * 16 + digit;
      ++at_;
    }
    if (at_ < text_.size() && text_[at_] == '.') return dotted(first);
    if (at_ == first || used_ + 2 > bytes_.size()) return false;
    bytes_[used_++] = static_cast<std::uint8_t>(value >> 8U);
    bytes_[used_++] = static_cast<std::uint8_t>(value & 0xFFU);
    return at_ == text_.size() || separator();
  }

  bool dotted(std::size_t first) noexcept {
    if (used_ + 4 > bytes_.size() || !parse_v4(text_.substr(first), bytes_.data() + used_)) {
      return false;
    }
    used_ += 4;
    at_ = text_.size();
    return true;
  }

  bool separator() noexcept {
    if (text_[at_] != ':' || ++at_ == text_.size()) return false;
    if (text_[at_] != ':') return true;
    if (gap_ >= 0) return false;
    gap_ = static_cast<int>(used_);
    ++at_;
    return true;
  }

  bool place(std::uint8_t* out) const noexcept {
    const std::size_t missing = bytes_.size() - used_;
    if ((gap_ < 0) != (missing == 0)) return false;
    const std::size_t front = gap_ < 0 ? used_ : static_cast<std::size_t>(gap_);
    std::memcpy(out, bytes_.data(), front);
    std::memset(out + front, 0, missing);
    std::memcpy(out + front + missing, bytes_.data() + front, used_ - front);
    return true;
  }

  std::string_view text_;
  std::size_t at_ = 0;
  std::array<std::uint8_t, 16> bytes_{};
  std::size_t used_ = 0;
  int gap_ = -1;
};

char* write_octet(char* out, unsigned value) noexcept {
  if (value >= 100) {
    *out++ = static_cast<char>('0' + value / 100);
    value %= 100;
    *out++ = static_cast<char>('0' + value / 10);
  } else if (value >= 10) {
    *out++ = static_cast<char>('0' + value / 10);
  }
  *out++ = static_cast<char>('0' + value % 10);
  return out;
}

char* write_group(char* out, unsigned value) noexcept {
  constexpr char digits[] = "0123456789abcdef";
  if (value >= 0x1000) *out++ = digits[value >> 12U];
  if (value >= 0x100) *out++ = digits[(value >> 8U) & 15U];
  if (value >= 0x10) *out++ = digits[(value >> 4U) & 15U];
  *out++ = digits[value & 15U];
  return out;
}

struct ZeroRun {
  std::size_t first = 8;
  std::size_t size = 0;
};

// The first of the longest runs of at least two zero groups.
ZeroRun longest_zeros(const std::array<unsigned, 8>& groups) noexcept {
  ZeroRun best;
  for (std::size_t at = 0; at < groups.size(); ++at) {
    std::size_t end = at;
    while (end < groups.size() && groups[end] == 0) ++end;
    if (end - at > std::max<std::size_t>(best.size, 1)) best = {at, end - at};
    at = end;
  }
  return best;
}

std::size_t write_v6(const std::array<std::uint8_t, 16>& bytes, char* const out) noexcept {
  std::array<unsigned, 8> groups;
  for (std::size_t i = 0; i < 8; ++i) groups[i] = bytes[2 * i] * 256U + bytes[2 * i + 1];
  const ZeroRun zeros = longest_zeros(groups);
  char* end = out;
  for (std::size_t i = 0; i < 8; ++i) {
    if (i == zeros.first) {
      *end++ = ':';
      if (i + zeros.size == 8) *end++ = ':';
      i += zeros.size - 1;
      continue;
    }
    if (i > 0) *end++ = ':';
    end = write_group(end, groups[i]);
  }
  return static_cast<std::size_t>(end - out);
}

// A prefix length in ASCII digits, leading zeros allowed.
std::optional<std::uint8_t> parse_length(std::string_view text, unsigned bits) noexcept {
  if (text.empty()) return std::nullopt;
  unsigned value = 0;
  for (const char c : text) {
    if (!is_digit(c)) return std::nullopt;
    value = value * 10 + static_cast<unsigned>(c - '0');
    if (value > bits) return std::nullopt;
  }
  return static_cast<std::uint8_t>(value);
}

// The length that a dotted netmask, or else hostmask, stands for.
std::optional<std::uint8_t> parse_mask(std::string_view text) noexcept {
  std::uint8_t octets[4];
  if (!parse_v4(text, octets)) return std::nullopt;
  std::uint32_t mask = 0;
  for (const std::uint8_t octet : octets) mask = mask << 8U | octet;
  for (const std::uint32_t candidate : {mask, ~mask}) {
    const int ones = std::countl_one(candidate);
    if (ones + std::countr_zero(candidate) == 32 || ones == 32) {
      return static_cast<std::uint8_t>(ones);
    }
  }
  return std::nullopt;
}

// Cuts a scope off an IPv6 address; false if it is empty or holds another `%`.
bool drop_scope(std::string_view& address) noexcept {
  const std::size_t percent = address.find('%');
  if (percent == std::string_view::npos) return true;
  const std::string_view scope = address.substr(percent + 1);
  address = address.substr(0, percent);
  return !scope.empty() && scope.find('%') == std::string_view::npos &&
         address.find(':') != std::string_view::npos;
}

bool is_canonical_number(std::string_view text) noexcept {
  const std::string_view digits = text.substr(!text.empty() && text.front() == '-' ? 1 : 0);
  if (digits.empty() || !std::all_of(digits.begin(), digits.end(), is_digit)) return false;
  return digits.front() != '0' || text == "0";
}

// Adds `digit` to the number times ten; false if it does not fit.
bool append_decimal(std::array<std::uint8_t, 16>& number, unsigned digit) noexcept {
  unsigned carry = digit;
  for (std::size_t i = number.size(); i-- > 0;) {
    carry += number[i] * 10U;
    number[i] = static_cast<std::uint8_t>(carry & 0xFFU);
    carry >>= 8U;
  }
  return carry == 0;
}

std::optional<IpAddress> address_of_number(std::string_view digits) noexcept {
  IpAddress result;
  for (const char c : digits) {
    if (!append_decimal(result.bytes, static_cast<unsigned>(c - '0'))) return std::nullopt;
  }
  result.v6 = std::any_of(result.bytes.begin(), result.bytes.begin() + 12,
                          [](std::uint8_t byte) { return byte != 0; });
  if (!result.v6) {
    std::copy_n(result.bytes.begin() + 12, 4, result.bytes.begin());
    std::fill(result.bytes.begin() + 4, result.bytes.end(), std::uint8_t{0});
  }
  return result;
}

}  // namespace

bool IpAddress::read(std::string_view text) noexcept {
  *this = {};
  if (text.size() >= 8 && text.size() <= 15 && parse_usual_v4(text, bytes.data())) return true;
  if (parse_v4(text, bytes.data())) return true;
  v6 = true;
  return V6Reader{text}.read(bytes.data());
}

std::size_t IpAddress::write(char* out) const noexcept {
  if (v6) return write_v6(bytes, out);
  char* end = out;
  for (std::size_t i = 0; i < 4; ++i) {
    if (i > 0) *end++ = '.';
    end = write_octet(end, bytes[i]);
  }
  return static_cast<std::size_t>(end - out);
}

std::string IpAddress::text() const {
  char buffer[max_text];
  const std::size_t size = write(buffer);
  return std::string{static_cast<const char*>(buffer), size};
}

IpAddress IpAddress::masked(std::uint8_t length) const noexcept {
  IpAddress result = *this;
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const std::size_t first_bit = i * 8;
    if (first_bit >= length) {
      result.bytes[i] = 0;
    } else if (length - first_bit < 8) {
      result.bytes[i] &= static_cast<std::uint8_t>(0xFF00U >> (length - first_bit));
    }
  }
  return result;
}

std::optional<IpNetwork> IpNetwork::parse(std::string_view text, HostBits host_bits) noexcept {
  const std::size_t slash = text.find('/');
  std::string_view address_text = text.substr(0, slash);
  if (!drop_scope(address_text)) return std::nullopt;
  const auto address = IpAddress::parse(address_text);
  if (!address) return std::nullopt;
  IpNetwork result{*address, address->bits()};
  if (slash == std::string_view::npos) return result;
  const std::string_view mask = text.substr(slash + 1);
  auto length = parse_length(mask, address->bits());
  if (!length && !address->v6) length = parse_mask(mask);
  if (!length) return std::nullopt;
  result = {address->masked(*length), *length};
  if (host_bits == HostBits::refuse && result.address != *address) return std::nullopt;
  return result;
}

bool IpNetwork::contains(const IpAddress& other) const noexcept {
  if (other.v6 != address.v6) return false;
  const std::size_t whole = length / 8;
  if (std::memcmp(other.bytes.data(), address.bytes.data(), whole) != 0) return false;
  const unsigned rest = length % 8U;
  return rest == 0 || ((other.bytes[whole] ^ address.bytes[whole]) >> (8U - rest)) == 0;
}

bool IpNetwork::contains(const IpNetwork& other) const noexcept {
  return other.length >= length && contains(other.address);
}

std::string IpNetwork::text() const {
  char buffer[IpAddress::max_text + 4];
  char* end = buffer + address.write(buffer);
  *end++ = '/';
  end = write_octet(end, length);
  return std::string{static_cast<const char*>(buffer), static_cast<std::size_t>(end - buffer)};
}

std::optional<std::string> sanitise_ip(std::string_view text) {
  if (is_canonical_number(text)) return sanitise_ip_number(text);
  text = strip(text);
  const auto network = IpNetwork::parse(text.substr(0, text.find('%')), HostBits::clear);
  if (!network || network->length != network->address.bits()) return std::nullopt;
  return network->address.text();
}

std::optional<std::string> sanitise_ip_number(std::string_view decimal) {
  if (decimal == "-0") decimal = "0";
  if (decimal.empty() || !std::all_of(decimal.begin(), decimal.end(), is_digit)) {
    return std::nullopt;
  }
  const auto address = address_of_number(decimal);
  if (!address) return std::nullopt;
  return address->text();
}

bool valid_ip(std::string_view text) noexcept {
  return text != "0.0.0.0" && IpAddress::parse(text).has_value();
}

std::optional<std::string> sanitise_network(std::string_view text) {
  const auto network = IpNetwork::parse(strip(text), HostBits::clear);
  if (!network) return std::nullopt;
  return network->text();
}

bool valid_network(std::string_view text) noexcept {
  return IpNetwork::parse(text, HostBits::refuse).has_value();
}

}  // namespace intelmq
