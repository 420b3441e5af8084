// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace intelmq::serve {

/// Strictly (RFC 7515): no padding, no other characters, no bits left over. Nothing: it is not.
std::optional<std::string> decode_base64url(std::string_view text);
std::string encode_base64url(std::string_view bytes);

}  // namespace intelmq::serve
