// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace intelmq {

/// A program started by IntelMQ's `intelmqctl`: by a file that has a module's name and whose first
/// line is `#!` and the program, so that the arguments are that file and the bot's id.
struct BotnetStart {
  std::string id;
  std::string log_file;
  std::vector<std::string> arguments;  ///< What it means as options.
};

/// Nothing: it was started in another way. The directories are IntelMQ's: below
/// `INTELMQ_ROOT_DIR` or /opt/intelmq, or with `INTELMQ_PATHS_NO_OPT` those of the system below
/// `ROOT_DIR`.
std::optional<BotnetStart> botnet_start(int argc, char** argv);

/// Becomes IntelMQ's own user, if this is root and there is such a user. Error: it cannot.
bool leave_root();

}  // namespace intelmq
