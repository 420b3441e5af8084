// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.hpp"
#include "type/json_text.hpp"

namespace intelmq {

class Event;

struct ExportForm {
  bool hierarchical = false;  ///< Dots in names become nested objects.
  bool with_type = false;     ///< With the member `__type`.
  Charset charset = Charset::utf8;
};

/// Appends the event as one object in Python's spelling with its keys sorted by code point, as
/// IntelMQ's file, TCP and Redis outputs write it. Error: two keys cannot both be nested because
/// one is the beginning of the other; names both.
Result<void> append_sorted(std::string& out, const Event& event, const ExportForm& form);

/// Appends the message as IntelMQ puts it into a queue: keys in their order, `__type` last,
/// non-ASCII characters as escapes.
void append_wire(std::string& out, const Event& event);

/// All `extra.*` as one flat JSON object without the prefix, in their order, non-ASCII as UTF-8:
/// what outputs that want a column `extra` write.
std::string flat_extra(const Event& event);

/// Calls `visit(name, raw)` for each member of an object that is given as a JSON string holding
/// its text; names are decoded, values in Python's spelling.
void each_extra_member(std::string_view json,
                       const std::function<void(std::string_view, std::string_view)>& visit);

/// All `extra.*` fields as one nested object in JSON text. Of a pair of keys that cannot both be
/// nested the longer one stays flat.
std::string nested_extra(const Event& event);

}  // namespace intelmq
