// SPDX-License-Identifier: Apache-2.0
// The front command: looks at bots, pipelines and dead letters. It runs no pipeline itself.
#include <signal.h>

#include <array>

#include "base/text.hpp"
#include "command.hpp"

namespace intelmq::front {
namespace {

const Command& find_command(const std::string& name) {
  std::vector<std::string> names;
  for (const Command* command : commands()) {
    if (command->name == name) return *command;
    names.emplace_back(command->name);
  }
  const bool option = name.starts_with('-');
  if (option) names = {"--help", "--version"};
  throw StartError(std::string(option ? "unknown option " : "unknown command ") +
                       quote_for_message(name) +
                       did_you_mean(nearest(name, std::span<const std::string>{names})) +
                       " (see intelmq --help)",
                   ExitCode::usage);
}

int run(std::vector<std::string> arguments) {
  if (arguments.empty())
    throw StartError("a command is missing, such as intelmq list (see intelmq --help)",
                     ExitCode::usage);
  const std::string first = arguments.front();
  arguments.erase(arguments.begin());
  if (first == "--version") {
    print("intelmq " INTELMQ_VERSION "\n");
    return 0;
  }
  const bool help = first == "help" || first == "--help" || first == "-h";
  if (help && (arguments.empty() || first != "help")) {
    print(help_of_all());
    return 0;
  }
  const Command& command = find_command(help ? arguments.front() : first);
  if (help || wants_help(command, arguments)) {
    print(help_of(command));
    return 0;
  }
  return command.run(command, arguments);
}

}  // namespace

std::span<const Command* const> commands() {
  static const std::array<const Command*, 6> all = {&list_command(),         &describe_command(),
                                                    &check_command(),        &test_command(),
                                                    &dead_letters_command(), &swap_command()};
  return all;
}

}  // namespace intelmq::front

int main(int argc, char** argv) {
  signal(SIGPIPE, SIG_IGN);
  try {
    return intelmq::front::run({argv + 1, argv + argc});
  } catch (const intelmq::StartError& error) {
    intelmq::front::complain(error.what());
    return static_cast<int>(error.code());
  } catch (const std::exception& error) {
    intelmq::front::complain(error.what());
    return static_cast<int>(intelmq::ExitCode::internal);
  }
}
