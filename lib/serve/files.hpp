// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>

#include "base/result.hpp"

// Files that belong to the service alone.

namespace intelmq::serve {

/// A directory with mode 0700; one that is there is left as it is. Error: names the path.
Result<void> make_private_directory(const std::string& path);

/// Replaces a file (mode 0600) as a whole, without waiting for the disk: for what is written anew
/// at the next start anyway. Error: names the path.
Result<void> replace_private(const std::string& path, std::string_view bytes);

/// Now as the API writes times: 2026-01-31T12:00:00.000Z.
std::string time_text_now();

}  // namespace intelmq::serve
