// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string_view>

#include "type/timestamp.hpp"

namespace intelmq {

/// Finds a date and time in free text, the way python-dateutil 2.8.2 does with `fuzzy=True`, so
/// that feeds written in the customs of many countries arrive at the same instant as in a Python
/// installation.
///
/// - Dates: `2020-01-02`, `01/02/2020` (month first unless it exceeds 12), `2 Jan 2020`,
/// `20200102`, `200102` and so on;
///   two-digit years lie within 50 years of `now`. Unknown words are skipped.
/// - Times: `03:04[:05[.678]]`, `0304` after a date, `3 PM`, `3h 4m 5s`; comma or point before the
/// fraction.
/// - Zones: `Z`, `UTC`, `GMT`, `+02:00`, `-0500`; `UTC+3` has the POSIX sense (3 hours behind);
/// other names count as UTC.
/// - Fields that are missing come from the day of `now` at 00:00; a lone weekday means the next
/// such day.
///
/// Nothing when there is no date, more than one, or an impossible one. Any bytes are safe.
std::optional<Timestamp> parse_fuzzy(std::string_view text, Timestamp now);

}  // namespace intelmq
