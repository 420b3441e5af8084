// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "sieve/syntax.hpp"

namespace intelmq::sieve {

/// Blocks and parentheses inside one another that are followed.
inline constexpr int max_depth = 200;

/// Reads a rules file. Error: `FILE:LINE:COLUMN: what; remedy`, for the first mistake.
Result<std::vector<Statement>> parse(std::string_view source, std::string_view file);

}  // namespace intelmq::sieve
