// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>

namespace intelmq {

/// What 64 bytes of a table hold, a bit for each byte.
struct CsvBits {
  std::uint64_t delimiters, quotes, ends;
  std::uint64_t odd;  ///< Not plain (see event/clean.hpp); quotes do not count.
};

/// Looks at 64 bytes as this processor does it best.
extern CsvBits (*const look_at_csv)(const char* from, char delimiter);

}  // namespace intelmq
