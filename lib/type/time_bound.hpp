// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string_view>

#include "base/result.hpp"
#include "type/timestamp.hpp"

namespace intelmq {

/// A bound that times are compared with: an instant, or so long before now.
class TimeBound {
 public:
  /// Reads a span (`2 days`, see relative_time.hpp), counted back from now, or a date (see
  /// fuzzy_date.hpp; UTC where it has no zone; `now` completes it). A text that contains the name
  /// of a unit is a span. Error: the value and what can be written instead.
  static Result<TimeBound> parse(std::string_view text, Timestamp now);

  bool is_relative() const { return relative_; }
  /// The bound as of `now`.
  Timestamp at(Timestamp now) const {
    return relative_ ? Timestamp{now.seconds - instant_.seconds, now.micros} : instant_;
  }

 private:
  TimeBound(Timestamp instant, bool relative) : instant_{instant}, relative_{relative} {}
  Timestamp instant_;  // relative: a length of time
  bool relative_;
};

}  // namespace intelmq
