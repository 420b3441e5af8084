// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "type/strptime.hpp"
#include "type/timestamp.hpp"

namespace intelmq {

/// How a feed writes its times, as given by the parameter `time_format`:
///
/// - `timestamp`: seconds since 1970, fractions allowed
/// - `windows_nt`: ticks of 100 ns since 1601-01-01
/// - `epoch_millis`: seconds, tenths or milliseconds since 1970 when the text has 10, 12 or 13
/// characters
/// - `from_format|FMT`, `from_format_midnight|FMT`: a strptime pattern; the second keeps the date
/// alone
/// - `utc_isoformat`: the strict form only, kept as it is
/// - `fuzzy` or an empty text: whatever date the text contains, see fuzzy_date.hpp
class TimeFormat {
 public:
  static Result<TimeFormat> parse(std::string_view parameter);

  /// The time in normal form. Nothing when `epoch_millis` meets another length; an error when the
  /// text does not fit. Only `fuzzy` uses `now`.
  Result<std::optional<std::string>> convert(std::string_view text, Timestamp now) const;

 private:
  enum class Kind {
    fuzzy,
    timestamp,
    windows_nt,
    epoch_millis,
    from_format,
    from_format_midnight,
    utc_isoformat
  };

  std::optional<Timestamp> read(std::string_view text, Timestamp now) const;
  std::optional<Timestamp> read_pattern(std::string_view text) const;

  Kind kind_ = Kind::fuzzy;
  std::string parameter_ = "fuzzy";
  std::optional<TimePattern> pattern_;
};

}  // namespace intelmq
