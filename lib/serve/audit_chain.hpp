// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "base/json.hpp"
#include "base/result.hpp"

namespace intelmq::serve {

/// Where a chain of audit records stands.
struct AuditLink {
  std::uint64_t number = 0;  ///< Of the last record; 0: there is none.
  std::string hash = std::string(64, '0');
};

/// The next line, without its end, and the chain behind it.
std::string chain_record(const Json& record, std::string_view time, AuditLink& link);

/// What the line, without its end, says of itself. Error: what is wrong with it.
struct AuditLine {
  Json record;
  AuditLink link;
  std::string before;  ///< The hash of the line before.
};
Result<AuditLine> read_record(std::string_view line);

}  // namespace intelmq::serve
