// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <initializer_list>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "serve/facts.hpp"

namespace intelmq::serve {

/// Writes metrics: Prometheus text 0.0.4, or OpenMetrics 1.0.0. A family is opened, then gets its
/// samples; one without samples leaves nothing behind, of two with the same labels the first
/// counts.
class Exposition {
 public:
  enum class Type : std::uint8_t { counter, gauge, histogram, info };
  using Labels = std::initializer_list<std::pair<std::string_view, std::string_view>>;

  explicit Exposition(bool openmetrics) : openmetrics_{openmetrics} {}

  /// `name` without the suffix of its type (_total, _info).
  void family(std::string_view name, Type type, std::string_view help);
  void sample(Labels labels, double value);
  void sample(Labels labels, std::uint64_t value);
  void sample(Labels labels, const Histogram& histogram);
  /// The whole text; nothing may follow.
  std::string finish();

 private:
  bool opens(const std::string& labels);
  void line(std::string_view suffix, const std::string& labels, std::string_view value);
  std::string out_;
  bool openmetrics_;
  std::string name_, suffix_;
  Type type_ = Type::gauge;
  std::string head_;              // of the family, until its first sample comes
  std::set<std::string> labels_;  // of the family's samples
};

/// A number as both formats want it: 3, 0.25, 1e-07, +Inf, NaN.
std::string metric_number(double value);

}  // namespace intelmq::serve
