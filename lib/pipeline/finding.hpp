// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace intelmq {

enum class Severity : std::uint8_t { note, warn, fail };
std::string_view name_of(Severity severity);

/// Fixed words for machines; each is one rule of intelmq(1).
namespace rule {
inline constexpr std::string_view needs_missing = "F001", needs_uncertain = "F002",
                                  unknown_program = "F003", bad_parameters = "F004",
                                  wrong_place = "F005", parser_input = "F006",
                                  raw_mismatch = "F007", empty = "F008", unreachable = "F009",
                                  orphan_queue = "F010", no_default = "F011", unknown_path = "F012",
                                  format_mismatch = "F013", message_type = "F014",
                                  too_many = "F015", cycle = "F016", remark = "F017",
                                  bypassed = "F018", missing_parameter = "F019", malformed = "F020",
                                  unknown_input = "F021";
}

/// One thing that a check found.
struct Finding {
  std::string_view code;
  Severity severity = Severity::fail;
  std::string bot;                   ///< Id of the node; empty: the pipeline as a whole.
  std::string message;               ///< A sentence without the bot's name.
  std::vector<std::string> path;     ///< Ids from a source to the bot; may be empty.
  std::vector<std::string> suggest;  ///< Programs that would help.
};

}  // namespace intelmq
