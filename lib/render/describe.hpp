// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>

#include "render/tables.hpp"

namespace intelmq::render {

/// The document `intelmq-describe/1`. `evaluated`: the fields as the present configuration makes
/// them, or null when it is not known.
Json describe(const Description& bot, const Parameters& common,
              const FieldUse* evaluated = nullptr);

}  // namespace intelmq::render
