// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

#include "type/ip.hpp"

namespace intelmq::sieve {

/// Networks as sorted, joined ranges: one search among whole numbers answers for all of them.
class Networks {
 public:
  explicit Networks(const std::vector<IpNetwork>& networks);
  bool contains(const IpAddress& address) const;

 private:
  __extension__ using Wide = unsigned __int128;
  template <class Number>
  struct Range {
    Number first, last;
  };
  template <class Number>
  static Number number_of(const IpAddress& address);
  template <class Number>
  static std::vector<Range<Number>> ranges_of(const std::vector<IpNetwork>& networks);
  template <class Number>
  static bool holds(const std::vector<Range<Number>>& ranges, Number wanted);

  std::vector<Range<std::uint32_t>> v4_;
  std::vector<Range<Wide>> v6_;
};

}  // namespace intelmq::sieve
