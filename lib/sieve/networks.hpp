// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <vector>

#include "type/ip.hpp"

namespace intelmq::sieve {

/// Networks as sorted, joined ranges: one binary search answers for all of them.
class Networks {
 public:
  explicit Networks(const std::vector<IpNetwork>& networks);
  bool contains(const IpAddress& address) const;

 private:
  struct Range {
    IpAddress first, last;
  };
  std::vector<Range> ranges_;
};

}  // namespace intelmq::sieve
