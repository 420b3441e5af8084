// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <vector>

#include "base/json.hpp"
#include "event/event.hpp"
#include "spec/spec.hpp"

namespace intelmq {

/// What is measured at one event of many, so that the others pay nothing for it: how long it took,
/// and which of the fields that the bot needs were there.
class Meter {
 public:
  /// `one_in`: how many events one is looked at of.
  Meter(const FieldUse& fields, std::uint32_t one_in) : one_in_{one_in}, left_{one_in} {
    set_fields(fields);
  }
  void set_fields(const FieldUse& fields);

  /// Whether this event is the one to look at.
  bool due() {
    if (--left_) return false;
    left_ = one_in_;
    return true;
  }
  void see(const Event& event);
  void took(double seconds);

  /// `{"upper", "counts", "sum", "count"}`: inclusive upper bounds in seconds; one count more than
  /// bounds, not cumulative.
  Json durations() const;
  /// `{FIELD: [present, looked at]}`
  Json fields() const;

 private:
  static constexpr std::array upper = {1e-6, 2.5e-6, 5e-6,   1e-5, 2.5e-5, 5e-5,   1e-4, 2.5e-4,
                                       5e-4, 1e-3,   2.5e-3, 5e-3, 1e-2,   2.5e-2, 5e-2, 0.1,
                                       0.25, 0.5,    1.0,    2.5,  5.0,    10.0};
  struct Presence {
    FieldName name;
    std::uint64_t present = 0, seen = 0;
  };
  std::uint32_t one_in_, left_;
  std::array<std::uint64_t, upper.size() + 1> counts_{};
  double sum_ = 0;
  std::uint64_t count_ = 0;
  std::vector<Presence> fields_;
};

}  // namespace intelmq
