// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "spec/spec.hpp"

// What several surfaces say about every bot; each fact stands here once.

namespace intelmq::render {

using Parameters = std::vector<Parameter>;

std::string_view version();  ///< Of the toolkit: the macro INTELMQ_VERSION.

struct ExitRow {
  int code;
  std::string_view meaning;
};
std::span<const ExitRow> exit_rows();

struct SignalRow {
  std::string_view name, meaning;
};
std::span<const SignalRow> signal_rows();

/// All groups in the order they are listed.
std::span<const Group> groups();
std::string_view title_of(Group group);
std::string_view name_of(Group group);

/// The parameters of a group: the bot's own first, then the runner's.
std::vector<const Parameter*> parameters_in(Group group, const Description& bot,
                                            const Parameters& common);
/// All of them, by group.
std::vector<const Parameter*> all_parameters(const Description& bot, const Parameters& common);

/// The option without its dashes.
std::string long_name(const Parameter& parameter);
/// What stands for the value: `FILE`, `DURATION`, `drop|keep`; empty for a switch.
std::string placeholder(const Parameter& parameter);
/// The default as an option's text; empty when there is none or it says nothing.
std::string default_text(const Parameter& parameter);
bool is_file(const Parameter& parameter);
bool is_list(const Parameter& parameter);
/// The values a shell may offer: of a choice, or the names of the fields.
std::vector<std::string> candidates(const Parameter& parameter);

/// `source.ip, source.fqdn`
std::string names_text(const std::vector<FieldName>& fields, std::string_view last = ", ");
/// When a field is set: `always`, `given source.ip`, or nothing.
std::string condition(const Produced& produced);

/// The example as a command line that can be pasted into a POSIX shell.
std::string pipeline(const Description& bot, const Example& example);

/// Paragraphs of a text: parts between blank lines, each as one line.
std::vector<std::string> paragraphs(std::string_view text);

/// The text with every `from` replaced.
std::string replace_all(std::string_view text, std::string_view from, std::string_view to);

}  // namespace intelmq::render
