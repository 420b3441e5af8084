// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <vector>

namespace intelmq {

/// What 64 bytes of a table hold, a bit for each byte.
struct CsvBits {
  std::uint64_t delimiters, quotes, ends;
  std::uint64_t odd;  ///< Not plain (see event/clean.hpp); quotes do not count.
};

/// Looks at 64 bytes.
using LookAtCsv = CsvBits (*)(const char* from, char delimiter);

/// All ways that this processor can do, the best one first.
std::vector<LookAtCsv> ways_to_look_at_csv();
extern const LookAtCsv look_at_csv;

}  // namespace intelmq
