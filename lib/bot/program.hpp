// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <string>
#include <vector>

#include "bot/bot.hpp"

namespace intelmq {

/// The whole life of a bot's program, from its arguments to its exit code.
int run_program(const Bot& bot, int argc, char** argv);

/// What one run in this process gave, for tests of examples.
struct Rehearsal {
  ExitCode code = ExitCode::ok;
  std::string output;    ///< Lines of `_default`.
  std::string messages;  ///< What went to standard error.
};

/// Runs the bot on lines in memory; `arguments` as on the command line.
Rehearsal rehearse(const Bot& bot, const std::vector<std::string>& arguments,
                   const std::string& input, const Json& overrides = {});

/// Runs every example of the sheet with `arguments` before its own. Returns what differs, one
/// text per failing example; empty when all is as promised.
std::vector<std::string> check_examples(const Bot& bot, const std::vector<std::string>& arguments);

}  // namespace intelmq
