// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "command.hpp"

namespace intelmq::front {
namespace {

struct ListParams {
  bool json = false;
};

std::string table(const Catalogue& catalogue) {
  std::size_t program = 0;
  for (const CatalogueEntry& entry : catalogue.entries())
    program = std::max(program, entry.sheet.program.size());
  std::string out;
  for (const CatalogueEntry& entry : catalogue.entries())
    out += fmt::format("{:<{}}  {:<11}  {}\n", entry.sheet.program, program,
                       name_of(entry.sheet.kind), entry.sheet.summary);
  return out;
}

std::string documents(const Catalogue& catalogue) {
  Json out = Json::array();
  for (const CatalogueEntry& entry : catalogue.entries())
    out.push(main_members(entry.sheet.document));
  return out.dump_pretty() + "\n";
}

int run(const Command& command, const std::vector<std::string>& arguments) {
  ListParams params;
  const auto words = read_options(command, arguments, &params);
  if (!words.empty())
    throw StartError("list takes no words; intelmq describe BOT shows one bot", ExitCode::usage);
  const Catalogue catalogue = read_catalogue();
  if (catalogue.entries().empty())
    throw StartError("no bots found beside this program or in INTELMQ_BOT_PATH",
                     ExitCode::no_input);
  print(params.json ? documents(catalogue) : table(catalogue));
  return 0;
}

}  // namespace

const Command& list_command() {
  static const Command command{
      .name = "list",
      .words = "",
      .summary = "List the bots of this machine.",
      .details =
          "Bots are the programs intelmq-KIND-NAME beside this program and in the "
          "directories of INTELMQ_BOT_PATH, separated by colons. What they say of "
          "themselves is kept in $XDG_CACHE_HOME/intelmq/catalogue.json.",
      .options = {param<&ListParams::json>("json", "Print an array of the bots' descriptions.")},
      .run = run};
  return command;
}

}  // namespace intelmq::front
