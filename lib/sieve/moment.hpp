// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "type/timestamp.hpp"

namespace intelmq::sieve {

/// A bound of :before and :after: an instant, a time of the current day, or so long ago.
struct Moment {
  enum class Kind : std::uint8_t { instant, today, ago };
  Kind kind = Kind::instant;
  Timestamp at;  ///< `today` and `ago`: a length of time.

  /// Reads `2024-01-31`, `2024-01-31 15:00`, `20240131T150000.5+02:00`, `2024-W05-3`, `2024-031`,
  /// `2024`, `15:00` (UTC where no offset stands) or a span such as `2 days`.
  static std::optional<Moment> parse(std::string_view text);
  Timestamp resolve(Timestamp now) const;
};

/// Seconds of a span such as `1 hour`; nothing for other text or more than 10000 years.
std::optional<std::int64_t> parse_span(std::string_view text);

}  // namespace intelmq::sieve
