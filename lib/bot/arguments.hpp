// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <utility>
#include <vector>

#include "spec/parameter.hpp"

namespace intelmq {

/// An option that was given, with its values in order; a switch without a value has "true".
struct GivenOption {
  const Parameter* parameter;
  std::vector<std::string> values;
};

/// Reads a command line (without the program's name) by the table of parameters.
/// Throws StartError(usage): an unknown option (with "did you mean"), a missing value, a stray
/// argument.
std::vector<GivenOption> parse_arguments(std::span<const Parameter* const> parameters,
                                         std::vector<std::string> arguments);

}  // namespace intelmq
