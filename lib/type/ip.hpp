// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace intelmq {

/// An IPv4 or IPv6 address. IPv4 sorts before IPv6.
struct IpAddress {
  /// Longest text that write() makes.
  static constexpr std::size_t max_text = 39;

  bool v6 = false;
  /// Network byte order; IPv4 in the first four, the rest zero.
  std::array<std::uint8_t, 16> bytes{};

  /// Reads the whole text as Python's ipaddress does: four decimal octets without leading zeros,
  /// or IPv6 with at most one `::` and perhaps a dotted tail; no scope, no white space.
  static std::optional<IpAddress> parse(std::string_view text) noexcept {
    IpAddress out;
    return out.read(text) ? std::optional(out) : std::nullopt;
  }
  /// As parse, into this; false: it holds nothing of use.
  bool read(std::string_view text) noexcept;

  /// Bits of an address: 32 or 128.
  std::uint8_t bits() const noexcept { return v6 ? 128 : 32; }

  /// Writes at most max_text characters, without a closing zero, and returns their number.
  /// IPv6 is compressed and lower case; `::ffff:1.2.3.4` is `::ffff:102:304`.
  std::size_t write(char* out) const noexcept;
  std::string text() const;

  /// The address with all bits behind the first `length` cleared.
  IpAddress masked(std::uint8_t length) const noexcept;

  bool operator==(const IpAddress&) const noexcept = default;
  // NOLINTNEXTLINE(modernize-use-nullptr): clang-tidy 14 takes what is generated for a 0
  auto operator<=>(const IpAddress&) const noexcept = default;
};

/// What to do with bits set behind the prefix.
enum class HostBits { refuse, clear };

/// A network, such as `192.0.2.0/24`; all bits behind `length` are zero.
struct IpNetwork {
  IpAddress address;
  std::uint8_t length = 0;

  /// Reads what Python's ip_network reads: a bare address is a network of one; behind the slash
  /// stands a length or, for IPv4, a netmask or hostmask. A scope (`fe80::%eth0/64`) is dropped.
  static std::optional<IpNetwork> parse(std::string_view text, HostBits host_bits) noexcept;

  bool contains(const IpAddress& other) const noexcept;
  bool contains(const IpNetwork& other) const noexcept;

  /// `address/length`.
  std::string text() const;

  bool operator==(const IpNetwork&) const noexcept = default;
  auto operator<=>(const IpNetwork&) const noexcept = default;
};

/// An IPAddress field made of text: a decimal number, or an address, perhaps with blanks around it,
/// a scope or a full-length prefix, becomes the canonical address.
std::optional<std::string> sanitise_ip(std::string_view text);

/// The address with this number (a decimal integer): IPv4 below 2^32, IPv6 below 2^128.
std::optional<std::string> sanitise_ip_number(std::string_view decimal);

/// Whether an IPAddress field may hold this text as it is: any address but `0.0.0.0`.
bool valid_ip(std::string_view text) noexcept;

/// An IPNetwork field made of text: host bits cleared, canonical.
std::optional<std::string> sanitise_network(std::string_view text);

/// Whether an IPNetwork field may hold this text as it is: a network without host bits.
bool valid_network(std::string_view text) noexcept;

}  // namespace intelmq
