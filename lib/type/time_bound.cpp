// SPDX-License-Identifier: Apache-2.0
#include "type/time_bound.hpp"

#include <cmath>

#include "base/text.hpp"
#include "type/fuzzy_date.hpp"
#include "type/relative_time.hpp"

namespace intelmq {

Result<TimeBound> TimeBound::parse(std::string_view text, Timestamp now) {
  constexpr double most_seconds = 10000.0 * 365 * 86400;
  if (intelmq::is_relative(text)) {
    const auto minutes = parse_relative_minutes(text);
    if (!minutes)
      return fail(quote_for_message(text) +
                  " is not a span such as '2 hours' or '30 days'; write a number, a blank and "
                  "second, minute, hour, day, week, month or year");
    if (*minutes * 60 > most_seconds)
      return fail(quote_for_message(text) + " is more than 10000 years");
    return TimeBound({std::llround(*minutes * 60), 0}, true);
  }
  if (const auto instant = parse_fuzzy(text, now)) return TimeBound(*instant, false);
  return fail(
      quote_for_message(text) +
      " is neither a time such as '2024-01-31T12:00:00+00:00' nor a span such as '2 hours'");
}

}  // namespace intelmq
