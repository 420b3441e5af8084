// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "base/result.hpp"
#include "pipeline/sheet.hpp"

namespace intelmq {

/// What a program says of itself: `--describe` without arguments, INTELMQ_* variables left out.
/// Error: names the program and what it printed instead.
Result<Sheet> describe_program(const std::string& path);

/// A bot under one configuration.
struct ConfiguredBot {
  Sheet sheet;                        ///< Its fields are those of this configuration.
  Json settings = Json::object();     ///< Parameters by name; secrets are left out.
  std::vector<std::string> defaults;  ///< Names of those that nobody gave.
  std::vector<std::string> remarks;   ///< The bot's warnings about its parameters.

  bool is_given(std::string_view parameter) const;
};

/// Asks the program with these arguments, and `NAME=VALUE` added to the environment; it opens no
/// connection and no data file.
/// Error: the bot's own message, such as "--limit: 'x' is not a number".
Result<ConfiguredBot> inspect_bot(const std::string& path,
                                  const std::vector<std::string>& arguments,
                                  const std::vector<std::string>& environment = {});

/// The lines `name = JSON  # origin` of `--show-parameters`.
void read_settings(std::string_view text, ConfiguredBot& bot);

/// A bot's messages without its name before them, as one line.
std::string without_prefix(std::string_view errors, std::string_view program);

}  // namespace intelmq
