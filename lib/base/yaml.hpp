// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/json.hpp"

namespace intelmq {

/// Reads a JSON document, or YAML 1.1's plain types through the module `yaml` when the text does
/// not begin like JSON. Error: line and column. Aliases are limited, tags are refused.
Result<Json> parse_json_or_yaml(std::string_view text);

}  // namespace intelmq
