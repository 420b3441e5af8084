// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bot/exit_code.hpp"
#include "pipeline/catalogue.hpp"
#include "spec/parameter.hpp"

namespace intelmq::front {

/// A subcommand of `intelmq`: options are declared once, for the command line and for help. The
/// structs they are bound to have different names: GCC 12 gives `param<&Params::x>` external
/// linkage even if Params is local to its file, and one program would mix them up.
struct Command {
  std::string_view name;
  std::string_view words;  ///< What follows the options: `BOT [ARGUMENT]...`
  std::string_view summary;
  std::string_view details;  ///< Paragraphs of its help.
  std::vector<Parameter> options;
  /// What follows the first word belongs to somebody else, except --json.
  bool passes_arguments = false;
  /// Returns the exit code; may throw StartError.
  int (*run)(const Command& command, const std::vector<std::string>& arguments);
};

const Command& list_command();
const Command& describe_command();
const Command& check_command();
const Command& test_command();
const Command& dead_letters_command();
const Command& swap_command();

/// All of them, in the order of the help.
std::span<const Command* const> commands();

/// Sets the members of `params` that `arguments` name and returns the words that are no options.
/// Throws StartError(usage).
std::vector<std::string> read_options(const Command& command,
                                      const std::vector<std::string>& arguments, void* params);

/// Whether `--help` or `-h` is among the command's own options.
bool wants_help(const Command& command, const std::vector<std::string>& arguments);

std::string help_of(const Command& command);
std::string help_of_all();

/// Writes to standard output; a reader that has gone is fine. Throws StartError(io_error).
void print(std::string_view text);
/// `intelmq: TEXT` on standard error.
void complain(std::string_view text);

/// The bots of this machine; programs that cannot be asked are named on standard error.
Catalogue read_catalogue();

}  // namespace intelmq::front
