// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "type/timestamp.hpp"

namespace intelmq {

/// What a text said under a pattern: fields that were not named are those of 1900-01-01 00:00:00.
struct PatternTime {
  CivilTime local;
  std::optional<int> offset;  ///< Seconds east of UTC, when the pattern has %z.
};

/// A format such as `%d.%m.%Y %H:%M`, with the directives of Python's strptime in the English
/// locale: %a %A %b %B %c %d %f %G %H %I %j %m %M %p %S %u %U %V %w %W %x %X %y %Y %z %Z %%. White
/// space stands for one or more white space characters; letters match in either case.
class TimePattern {
 public:
  /// Fails for an unknown directive, for one that is used twice, and for an incomplete ISO week
  /// date.
  static Result<TimePattern> parse(std::string_view format);

  /// Nothing unless the whole text fits and names a possible time.
  std::optional<PatternTime> match(std::string_view text) const;

 private:
  struct Item {
    char directive = 0;  // 0 is literal text, ' ' is white space
    std::string literal;
  };

  Result<bool> add(std::string_view format);
  Result<bool> add_directive(char directive, std::string_view format);
  bool uses(std::string_view directives) const;

  friend class PatternMatch;
  std::vector<Item> items_;
};

}  // namespace intelmq
