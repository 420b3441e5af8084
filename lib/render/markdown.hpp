// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "render/tables.hpp"

namespace intelmq::render {

/// The bot's page of the documentation, in CommonMark with tables.
std::string markdown(const Description& bot, const Parameters& common);

}  // namespace intelmq::render
