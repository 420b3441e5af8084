// SPDX-License-Identifier: Apache-2.0
#include "sieve/networks.hpp"

#include <algorithm>
#include <bit>
#include <cstring>

namespace intelmq::sieve {

template <class Number>
Number Networks::number_of(const IpAddress& address) {
  static_assert(std::endian::native == std::endian::little);
  if constexpr (sizeof(Number) == 4) {
    std::uint32_t word;
    std::memcpy(&word, address.bytes.data(), sizeof word);
    return __builtin_bswap32(word);
  } else {
    std::uint64_t words[2];
    std::memcpy(words, address.bytes.data(), sizeof words);
    return Number{__builtin_bswap64(words[0])} << 64 | __builtin_bswap64(words[1]);
  }
}

template <class Number>
auto Networks::ranges_of(const std::vector<IpNetwork>& networks) -> std::vector<Range<Number>> {
  std::vector<Range<Number>> all, out;
  for (const IpNetwork& network : networks) {
    if (network.address.v6 != (sizeof(Number) > 4)) continue;
    const Number first = number_of<Number>(network.address);
    const Number hosts =
        network.length == 0 ? ~Number{0} : ~(~Number{0} << (8 * sizeof(Number) - network.length));
    all.push_back({first, first | hosts});
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (const Range<Number>& range : all) {
    if (out.empty() || out.back().last < range.first)
      out.push_back(range);
    else
      out.back().last = std::max(out.back().last, range.last);
  }
  return out;
}

template <class Number>
bool Networks::holds(const std::vector<Range<Number>>& ranges, Number wanted) {
  const auto behind =
      std::upper_bound(ranges.begin(), ranges.end(), wanted,
                       [](Number number, const auto& range) { return number < range.first; });
  return behind != ranges.begin() && wanted <= std::prev(behind)->last;
}

Networks::Networks(const std::vector<IpNetwork>& networks)
    : v4_{ranges_of<std::uint32_t>(networks)}, v6_{ranges_of<Wide>(networks)} {}

bool Networks::contains(const IpAddress& address) const {
  return address.v6 ? holds(v6_, number_of<Wide>(address))
                    : holds(v4_, number_of<std::uint32_t>(address));
}

}  // namespace intelmq::sieve
