// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"

namespace intelmq {

/// One command of a pipeline.
struct ShellStage {
  std::vector<std::string> environment;  ///< `NAME=VALUE` before the command.
  std::vector<std::string> words;        ///< The program and its arguments.
  std::string input;                     ///< Of `< FILE`; empty: none.
  std::string output;                    ///< Of `> FILE` or `>> FILE`.
  bool expands = false;                  ///< Some word has a `$` that a shell would expand.
};

/// Reads `a | b 'x y' < FILE | c > FILE` as a POSIX shell would; nothing is expanded or run. Line
/// ends after `|` or a backslash and comments are passed over; a text without a command has no
/// stages. Error: what is more than one pipeline, or a construct that only a shell can follow.
Result<std::vector<ShellStage>> parse_shell_pipeline(std::string_view text);

}  // namespace intelmq
