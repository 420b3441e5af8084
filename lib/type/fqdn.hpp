// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace intelmq {

/// text.encode("idna") of Python 3.11: IDNA 2003 with nameprep, unassigned code points allowed,
/// any ASCII kept as it is. Nothing for an empty label, one over 63 octets, or characters that
/// nameprep forbids; an empty text gives an empty text.
std::optional<std::string> encode_idna(std::string_view text);

/// An FQDN field made of text: white space and then dots stripped, IDNA-encoded, lower case.
std::optional<std::string> sanitise_fqdn(std::string_view text);

/// Whether an FQDN field may hold a text as it is; `error` where Python raises instead of
/// answering (empty and too long labels).
enum class FqdnCheck { valid, invalid, error };
FqdnCheck check_fqdn(std::string_view text);
bool valid_fqdn(std::string_view text);

}  // namespace intelmq
