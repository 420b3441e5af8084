// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "render/tables.hpp"

namespace intelmq::render {

/// Completions for bash (no package needed): options, choices, field names, files.
std::string bash(const Description& bot, const Parameters& common);

}  // namespace intelmq::render
