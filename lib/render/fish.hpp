// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "render/tables.hpp"

namespace intelmq::render {

/// Completions for fish, a file `PROGRAM.fish`.
std::string fish(const Description& bot, const Parameters& common);

}  // namespace intelmq::render
