// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>

#include "base/json.hpp"
#include "base/result.hpp"

namespace intelmq::serve {

/// Who did what, in lines that nobody can change unnoticed.
class Audit {
 public:
  virtual ~Audit() = default;
  /// Appends a record (an object; time, number and hash are added) and calls once it is on disk,
  /// or cannot be. Records are written in the order of the calls.
  virtual void write(Json record, std::function<void(Result<void>)> then) = 0;
};

}  // namespace intelmq::serve
