// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "render/tables.hpp"

namespace intelmq::render {

/// What `--help` prints, in lines of at most `width` characters where words allow.
std::string help(const Description& bot, const Parameters& common, int width = 80);

}  // namespace intelmq::render
