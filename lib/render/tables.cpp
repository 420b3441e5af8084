// SPDX-License-Identifier: Apache-2.0
#include "render/tables.hpp"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "base/text.hpp"

#ifndef INTELMQ_VERSION
#define INTELMQ_VERSION "3.0.0"
#endif

namespace intelmq::render {
namespace {

constexpr std::array exits = {
    ExitRow{0, "Everything was read, or nobody reads the output any more."},
    ExitRow{64, "Usage: an option is unknown or a parameter is missing."},
    ExitRow{65, "Finished, but more records failed than are accepted."},
    ExitRow{66, "The input is missing or cannot be read."},
    ExitRow{69, "A service is not available."},
    ExitRow{70, "Internal: a defect of the program."},
    ExitRow{73, "An output file cannot be created."},
    ExitRow{74, "An error while reading or writing."},
    ExitRow{75, "Temporary: trying again later may help."},
    ExitRow{77, "Permission denied."},
    ExitRow{78, "Configuration: a parameter or a file is not usable."}};

constexpr std::array signals = {
    SignalRow{"TERM", "Finish the record in hand, flush, acknowledge, exit 0."},
    SignalRow{"INT", "As TERM."}, SignalRow{"HUP", "Reload parameters and data files."},
    SignalRow{"USR1", "Print statistics on standard error."}};

constexpr std::array order = {Group::bot,    Group::feed,    Group::streams,
                              Group::errors, Group::running, Group::inspect};

std::string shell_input(std::string_view input) {
  while (input.ends_with('\n')) input.remove_suffix(1);
  const auto lines = split(input, '\n');
  const bool plain = input.find('\\') == input.npos && !input.starts_with('-');
  if (lines.size() == 1 && plain) return "echo " + quote_shell(input);
  std::string out = "printf '%s\\n'";
  for (const std::string_view line : lines) out += " " + quote_shell(line);
  return out;
}

}  // namespace

std::string_view version() { return INTELMQ_VERSION; }
std::span<const ExitRow> exit_rows() { return exits; }
std::span<const SignalRow> signal_rows() { return signals; }
std::span<const Group> groups() { return order; }

std::string_view title_of(Group group) {
  switch (group) {
    case Group::bot: return "Parameters of this bot";
    case Group::feed: return "The feed";
    case Group::streams: return "Streams";
    case Group::errors: return "Errors";
    case Group::running: return "Running";
    case Group::inspect: return "Inspecting";
  }
  return {};
}

std::string_view name_of(Group group) {
  switch (group) {
    case Group::bot: return "bot";
    case Group::feed: return "feed";
    case Group::streams: return "streams";
    case Group::errors: return "errors";
    case Group::running: return "running";
    case Group::inspect: return "inspect";
  }
  return {};
}

std::vector<const Parameter*> parameters_in(Group group, const Description& bot,
                                            const Parameters& common) {
  std::vector<const Parameter*> out;
  for (const Parameters* list : {&bot.params, &common})
    for (const Parameter& parameter : *list)
      if (parameter.group == group) out.push_back(&parameter);
  return out;
}

std::vector<const Parameter*> all_parameters(const Description& bot, const Parameters& common) {
  std::vector<const Parameter*> out;
  for (const Group group : order) {
    const auto some = parameters_in(group, bot, common);
    out.insert(out.end(), some.begin(), some.end());
  }
  return out;
}

std::string long_name(const Parameter& parameter) { return parameter.option().substr(2); }

std::string placeholder(const Parameter& parameter) {
  if (parameter.is_switch()) return {};
  const Json& choices = parameter.schema["enum"];
  if (!choices.is_array()) return ascii_upper(parameter.type);
  std::string out;
  for (const Json& choice : choices.items()) out += (out.empty() ? "" : "|") + choice.text();
  return out;
}

std::string default_text(const Parameter& parameter) {
  const Json& value = parameter.default_value;
  if (parameter.secret || parameter.need == Need::required || value.is_null()) return {};
  if (value.is_boolean()) return value.boolean() ? "true" : "";
  if (value.is_string() || value.is_number()) return value.text();
  if (value.is_object()) return value.members().empty() ? "" : value.dump();
  std::vector<std::string> items;
  for (const Json& item : value.items())
    items.push_back(item.is_string() ? item.text() : item.dump());
  return join(items, ",");
}

bool is_file(const Parameter& parameter) { return parameter.is_file(); }

bool is_list(const Parameter& parameter) {
  return parameter.repeatable || parameter.schema["type"] == Json("array");
}

std::vector<std::string> candidates(const Parameter& parameter) {
  const bool list = parameter.schema["items"].is_object();
  const Json& schema = list ? parameter.schema["items"] : parameter.schema;
  std::vector<std::string> out;
  for (const Json& choice : schema["enum"].items()) out.push_back(choice.text());
  if (schema["format"] == Json("x-field"))
    for (const FieldRow& row : field_table) out.emplace_back(row.name);
  return out;
}

std::string names_text(const std::vector<FieldName>& fields, std::string_view last) {
  std::string out;
  for (std::size_t i = 0; i < fields.size(); ++i) {
    if (i > 0) out += i + 1 == fields.size() ? last : std::string_view(", ");
    out += fields[i].text();
  }
  return out;
}

std::string condition(const Produced& produced) {
  if (produced.when) return fmt::format("given {}", produced.when->text());
  return produced.certain ? "always" : "";
}

std::string pipeline(const Description& bot, const Example& example) {
  std::string out = bot.program();
  if (!trim(example.args).empty()) out += fmt::format(" {}", trim(example.args));
  if (trim(example.input).empty()) return out;
  return shell_input(example.input) + " | " + out;
}

std::vector<std::string> paragraphs(std::string_view text) {
  std::vector<std::string> out;
  std::string now;
  for (const std::string_view line : split(text, '\n')) {
    const std::string_view part = trim(line);
    if (part.empty() && !now.empty()) out.push_back(std::exchange(now, {}));
    if (!part.empty()) now += (now.empty() ? "" : " ") + std::string(part);
  }
  if (!now.empty()) out.push_back(std::move(now));
  return out;
}

std::string replace_all(std::string_view text, std::string_view from, std::string_view to) {
  std::string out;
  for (;;) {
    const std::size_t at = text.find(from);
    out += text.substr(0, at);
    if (at == text.npos) return out;
    out += to;
    text.remove_prefix(at + from.size());
  }
}

}  // namespace intelmq::render
