// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "render/tables.hpp"

namespace intelmq::render {

/// The manual page of section 1 in mdoc(7).
std::string man(const Description& bot, const Parameters& common);

}  // namespace intelmq::render
