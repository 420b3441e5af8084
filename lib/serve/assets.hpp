// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>
#include <vector>

namespace intelmq::serve {

/// A file that the program carries; see embed.cmake.
struct Asset {
  std::string_view name;  ///< Without folders: "page.js".
  std::string_view type;  ///< Media type.
  std::string_view content;
};
const std::vector<Asset>& assets();

}  // namespace intelmq::serve
