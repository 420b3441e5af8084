// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "render/tables.hpp"

namespace intelmq::render {

/// Completions for zsh, a file `_PROGRAM` for $fpath.
std::string zsh(const Description& bot, const Parameters& common);

}  // namespace intelmq::render
