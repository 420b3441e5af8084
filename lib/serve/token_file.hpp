// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "serve/actor.hpp"

namespace intelmq::serve {

/// One line of a token file.
struct FixedToken {
  std::string digest;  ///< SHA-256, 64 lower-case hex digits.
  Scopes scopes;
  std::string label;
  double expires = 0;  ///< Unix time; 0: never.
};

/// Lines "DIGEST ROLE LABEL EXPIRY"; blank ones and those that begin with # do not count. Error:
/// names file and line; a file that others may write to is one, too.
Result<std::vector<FixedToken>> read_token_file(const std::string& path, std::string_view instance);

/// The line of this token, expired or not. Takes as long whichever it is.
const FixedToken* find_token(const std::vector<FixedToken>& tokens, std::string_view token);

}  // namespace intelmq::serve
