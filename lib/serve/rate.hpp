// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <cstddef>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

namespace intelmq::serve {

/// How often each of many may do something: a bucket of tokens for each name. The names are those
/// of the last `names` that did something; one that was forgotten begins anew.
class Rate {
 public:
  using Clock = std::chrono::steady_clock;
  /// `per_second` 0: no limit. `burst`: as many at once.
  Rate(double per_second, double burst, std::size_t names = 4096);
  /// Takes a token; false: there is none.
  bool take(std::string_view name, Clock::time_point now = Clock::now());
  /// Whether there is one.
  bool has(std::string_view name, Clock::time_point now = Clock::now()) const;
  /// Seconds until a token comes, at least 1.
  int wait() const;

 private:
  struct Bucket {
    std::string name;
    double tokens;
    Clock::time_point at;
  };
  double tokens(const Bucket& bucket, Clock::time_point now) const;
  double per_second_, burst_;
  std::size_t names_;
  std::list<Bucket> buckets_;  // the one used last comes first
  std::unordered_map<std::string_view, std::list<Bucket>::iterator> index_;
};

}  // namespace intelmq::serve
