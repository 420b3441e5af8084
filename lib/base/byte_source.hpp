// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <functional>

#include "base/result.hpp"

namespace intelmq {

/// Fills `out` with up to `size` bytes of a stream and returns how many; 0 is the end.
using ByteSource = std::function<Result<std::size_t>(char* out, std::size_t size)>;

}  // namespace intelmq
