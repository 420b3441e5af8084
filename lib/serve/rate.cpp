// SPDX-License-Identifier: Apache-2.0
#include "serve/rate.hpp"

#include <algorithm>
#include <cmath>

namespace intelmq::serve {

Rate::Rate(double per_second, double burst, std::size_t names)
    : per_second_{per_second}, burst_{std::max(burst, 1.0)}, names_{names} {}

double Rate::tokens(const Bucket& bucket, Clock::time_point now) const {
  const double passed = std::chrono::duration<double>(now - bucket.at).count();
  return std::min(burst_, bucket.tokens + std::max(passed, 0.0) * per_second_);
}

bool Rate::take(std::string_view name, Clock::time_point now) {
  if (per_second_ <= 0) return true;
  auto found = index_.find(name);
  if (found == index_.end()) {
    if (buckets_.size() >= names_) {
      index_.erase(buckets_.back().name);
      buckets_.pop_back();
    }
    buckets_.push_front({std::string(name), burst_, now});
    found = index_.emplace(buckets_.front().name, buckets_.begin()).first;
  } else {
    buckets_.splice(buckets_.begin(), buckets_, found->second);
  }
  Bucket& bucket = buckets_.front();
  bucket.tokens = tokens(bucket, now);
  bucket.at = now;
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

bool Rate::has(std::string_view name, Clock::time_point now) const {
  const auto found = index_.find(name);
  return per_second_ <= 0 || found == index_.end() || tokens(*found->second, now) >= 1;
}

int Rate::wait() const {
  return per_second_ <= 0 ? 1 : std::max(1, static_cast<int>(std::ceil(1 / per_second_)));
}

}  // namespace intelmq::serve
