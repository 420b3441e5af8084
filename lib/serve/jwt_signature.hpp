// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string_view>

#include "serve/jwt.hpp"

namespace intelmq::serve {

/// Whether the compact token is signed with the key. `algorithm` is that of the token's header and
/// fits the key; `signature` are its bytes.
bool is_signed(std::string_view token, std::string_view signature, std::string_view algorithm,
               const JsonWebKey& key);

}  // namespace intelmq::serve
