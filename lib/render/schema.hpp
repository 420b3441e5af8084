// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "render/tables.hpp"

namespace intelmq::render {

/// JSON Schema 2020-12 of the object that `--parameters FILE` takes: the bot's parameters and the
/// common ones that may be given in a file.
Json schema(const Description& bot, const Parameters& common);

}  // namespace intelmq::render
