// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/text.hpp"
#include "command.hpp"
#include "pipeline/inspect_bot.hpp"

namespace intelmq::front {
namespace {

constexpr std::size_t width = 80, column = 18;

struct DescribeParams {
  bool json = false;
};

/// Terms in a column of their own, meanings wrapped beside them.
void add_row(std::string& out, std::string_view term, std::string_view meaning) {
  std::string left = fmt::format("  {:<{}}", term, column - 2);
  if (!left.ends_with(' ')) {
    out += left + "\n";
    left = std::string(column, ' ');
  }
  for (const std::string& line : wrap(meaning, width - column)) {
    out += left + line + "\n";
    left = std::string(column, ' ');
  }
}

std::string names(const Json& list) {
  std::vector<std::string> out;
  for (const Json& item : list.items()) out.push_back(item.text());
  return join(out, ", ");
}

void add_fields(std::string& out, const ConfiguredBot& bot) {
  const Sheet& sheet = bot.sheet;
  out += "\nFields:\n";
  for (const NeededFields& needed : sheet.needs) add_row(out, "needs", needed.text());
  add_row(out, "reads", names(sheet.document["fields"]["optional"]));
  for (const bool certain : {true, false}) {
    std::vector<std::string> made;
    for (const MadeField& field : sheet.makes)
      if (field.certain == certain)
        made.push_back(field.name + (field.when.empty() ? "" : " (given " + field.when + ")"));
    add_row(out, certain ? "always sets" : "may set", join(made, ", "));
  }
  add_row(out, "removes", join(sheet.removes, ", "));
  add_row(out, "passes", sheet.keeps_all ? "all other fields" : join(sheet.keeps, ", "));
  if (sheet.dynamic) add_row(out, "also", "fields that the parameters or the data name");
}

void add_parameters(std::string& out, const ConfiguredBot& bot) {
  const Json& schema = bot.sheet.document["parameters"];
  const std::string required = ", " + names(schema["required"]) + ",";
  std::string rows;
  for (const auto& [name, value] : schema["properties"].members()) {
    if (value["x-group"].text() != "bot") continue;
    std::string meaning = value["description"].text();
    if (required.find(", " + name + ",") != required.npos) meaning += " Required.";
    if (bot.is_given(name) && !value.has("x-secret"))
      meaning += " [now: " + bot.settings[name].dump() + "]";
    else if (value.has("default") && !value["default"].is_null())
      meaning += " [default: " + value["default"].dump() + "]";
    add_row(rows, value["x-cli"].text(), meaning);
  }
  if (!rows.empty()) out += "\nParameters:\n" + rows;
}

std::string page(const ConfiguredBot& bot) {
  const Sheet& sheet = bot.sheet;
  const Json& document = sheet.document;
  std::string out = fmt::format("{} {}\n", sheet.program, document["version"].text());
  for (const std::string& line : wrap(sheet.summary, width)) out += line + "\n";
  out += "\n";
  add_row(out, "kind", name_of(sheet.kind));
  add_row(out, "in IntelMQ", sheet.module);
  add_row(out, "reads format", join(sheet.input_formats, ", "));
  add_row(out, "writes format", join(sheet.output_formats, ", "));
  add_row(out, "paths", join(sheet.paths, ", "));
  add_row(out, "remembers", document["state"]["holds"].text());
  add_row(out, "instances", document["scaling"]["mode"].text());
  for (const Json& data : document["external_data"].items())
    add_row(
        out, "data file",
        fmt::format("{} ({}), {}", data["name"].text(), data["kind"].text(), data["path"].text()));
  add_fields(out, bot);
  add_parameters(out, bot);
  return out + fmt::format("\nMore: {} --help, man {}\n", sheet.program, sheet.program);
}

int run(const Command& command, const std::vector<std::string>& arguments) {
  DescribeParams params;
  const auto words = read_options(command, arguments, &params);
  if (words.empty()) throw StartError("describe: which bot? (see intelmq list)", ExitCode::usage);
  const Catalogue catalogue = read_catalogue();
  const auto entry = catalogue.find(words.front());
  if (!entry) throw StartError(entry.error().text, ExitCode::usage);
  const auto bot = inspect_bot((*entry)->path, {words.begin() + 1, words.end()});
  if (!bot)
    throw StartError((*entry)->sheet.program + ": " + bot.error().text, ExitCode::configuration);
  for (const std::string& remark : bot->remarks) complain("warning: " + remark);
  print(params.json ? bot->sheet.document.dump_pretty() + "\n" : page(*bot));
  return 0;
}

}  // namespace

const Command& describe_command() {
  static const Command command{
      .name = "describe",
      .words = "BOT [ARGUMENT]...",
      .summary = "Show what a bot needs, sets and takes.",
      .details =
          "BOT is a program, or its name without what stands before it (taxonomy, "
          "expert/taxonomy), or a module of IntelMQ.\n\n"
          "With arguments of the bot, the fields are those under this configuration. "
          "What follows -- is always an argument of the bot.",
      .options = {param<&DescribeParams::json>("json", "Print the bot's description as JSON.")},
      .passes_arguments = true,
      .run = run};
  return command;
}

}  // namespace intelmq::front
