// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

namespace intelmq {

/// Whether URLs of the scheme need no module.
bool is_built_in_scheme(std::string_view scheme);

/// A function of the module that serves the scheme. Error: there is no module, or it has none.
Result<void*> adapter_symbol(const std::string& scheme, std::string_view symbol);

}  // namespace intelmq
