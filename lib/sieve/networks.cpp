// SPDX-License-Identifier: Apache-2.0
#include "sieve/networks.hpp"

#include <algorithm>

namespace intelmq::sieve {
namespace {

IpAddress last_of(const IpNetwork& network) {
  IpAddress out = network.address;
  for (std::size_t bit = network.length; bit < out.bits(); ++bit)
    out.bytes[bit / 8] |= static_cast<std::uint8_t>(0x80 >> (bit % 8));
  return out;
}

}  // namespace

Networks::Networks(const std::vector<IpNetwork>& networks) {
  std::vector<Range> all;
  for (const IpNetwork& network : networks) all.push_back({network.address, last_of(network)});
  std::sort(all.begin(), all.end(),
            [](const Range& a, const Range& b) { return a.first < b.first; });
  for (const Range& range : all) {
    if (ranges_.empty() || ranges_.back().last < range.first)
      ranges_.push_back(range);
    else
      ranges_.back().last = std::max(ranges_.back().last, range.last);
  }
}

bool Networks::contains(const IpAddress& address) const {
  const auto behind = std::upper_bound(
      ranges_.begin(), ranges_.end(), address,
      [](const IpAddress& wanted, const Range& range) { return wanted < range.first; });
  return behind != ranges_.begin() && address <= std::prev(behind)->last;
}

}  // namespace intelmq::sieve
