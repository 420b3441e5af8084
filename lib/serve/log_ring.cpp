// SPDX-License-Identifier: Apache-2.0
#include "serve/log_ring.hpp"

#include <algorithm>
#include <utility>

namespace intelmq::serve {

void LogRing::add(SharedRecord record) {
  bytes_ += record->bytes();
  records_.push_back(std::move(record));
  while (records_.size() > limits_.lines || (bytes_ > limits_.bytes && !records_.empty())) {
    bytes_ -= records_.front()->bytes();
    records_.pop_front();
  }
}

std::vector<SharedRecord> LogRing::find(const Query& query) const {
  std::vector<SharedRecord> out;
  for (auto at = records_.rbegin(); at != records_.rend() && out.size() < query.lines; ++at)
    if (query.wants(**at)) out.push_back(*at);
  std::reverse(out.begin(), out.end());
  return out;
}

}  // namespace intelmq::serve
