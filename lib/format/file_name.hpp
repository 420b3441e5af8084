// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "event/event.hpp"
#include "type/python_format.hpp"

namespace intelmq {

/// The name of an output file, perhaps with fields of the event in it: `{event[feed.code]}`, and
/// for time.source and time.observation strftime's directives: `{event[time.source]:%Y-%m-%d}`.
/// A value cannot leave its place in the path: `/`, `%`, control characters and names of dots are
/// percent-encoded, long values cut.
class FileName {
 public:
  /// `is_template` false: the text as it is. Error: the template is none, or names no field.
  static Result<FileName> compile(const std::string& text, bool is_template);
  /// Error: names the field the event does not have.
  Result<std::string> of(Event& event) const;

 private:
  std::string text_;
  std::optional<FormatTemplate> template_;
};

/// A value as one component of a path.
std::string path_component(std::string_view value);

}  // namespace intelmq
