// SPDX-License-Identifier: Apache-2.0
#include "render/markdown.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace intelmq::render {
namespace {

std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (std::string_view("\\`*_{}[]<>|#&$~").find(c) != std::string_view::npos) out += '\\';
    out += c;
  }
  return out;
}

std::string prose(std::string_view text) {
  std::string out;
  for (const std::string& paragraph : paragraphs(text)) {
    const bool looks_like_a_list =
        std::string_view("+-=1234567890").find(paragraph.front()) != std::string_view::npos;
    out += (out.empty() ? "" : "\n\n") + std::string(looks_like_a_list ? "&#8203;" : "") +
           escape(paragraph);
  }
  return out;
}

/// The longest run of backticks in the text.
std::size_t longest_run(std::string_view text) {
  std::size_t best = 0, now = 0;
  for (const char c : text) {
    now = c == '`' ? now + 1 : 0;
    best = std::max(best, now);
  }
  return best;
}

/// A code span for a table's cell.
std::string code(std::string_view text) {
  if (text.empty()) return {};
  const std::string fence(longest_run(text) + 1, '`');
  const std::string blank = text.starts_with('`') || text.ends_with('`') ? " " : "";
  const std::string one_line = replace_all(replace_all(text, "\n", " "), "|", "\\|");
  return fence + blank + one_line + blank + fence;
}

std::string block(std::string_view language, std::string_view text) {
  while (text.ends_with('\n')) text.remove_suffix(1);
  const std::string fence(std::max<std::size_t>(3, longest_run(text) + 1), '`');
  return fmt::format("{}{}\n{}\n{}\n", fence, language, text, fence);
}

std::string parameter_table(const std::vector<const Parameter*>& parameters) {
  std::string out = "| Option | Value | Default | Meaning |\n|---|---|---|---|\n";
  for (const Parameter* parameter : parameters) {
    std::string meaning = join(paragraphs(parameter->summary), " ");
    out += fmt::format("| {} | {} | {} | {}{} |\n", code(parameter->option()),
                       code(placeholder(*parameter)), code(default_text(*parameter)),
                       escape(meaning), parameter->need == Need::required ? " **Required.**" : "");
  }
  return out;
}

std::string field_rows(std::string_view use, const std::vector<FieldName>& fields) {
  std::string out;
  for (const FieldName& field : fields)
    out += fmt::format("| {} | {} | |\n", code(field.text()), use);
  return out;
}

std::string field_table_of(const FieldUse& use) {
  std::string rows = field_rows("needed", use.needs) + field_rows("one is needed", use.needs_any) +
                     field_rows("read", use.reads);
  for (const Produced& produced : use.sets)
    rows += fmt::format("| {} | set | {} |\n", code(produced.name.text()), condition(produced));
  rows += field_rows("removed", use.removes);
  std::string out;
  if (!rows.empty()) out = "\n## Fields\n\n| Field | Use | When |\n|---|---|---|\n" + rows;
  if (use.any_field) {
    if (rows.empty()) out = "\n## Fields\n";
    out += "\nWhich fields are used depends on the parameters or the data.\n";
  }
  return out;
}

std::string examples(const Description& bot) {
  std::string out;
  for (const Example& example : bot.examples) {
    out += "\n";
    if (!trim(example.about).empty()) out += prose(example.about) + "\n\n";
    out += block("sh", pipeline(bot, example));
    if (!trim(example.output).empty()) out += "\n" + block("json", example.output);
    if (!trim(example.failed).empty()) out += fmt::format("\nFails: {}\n", code(example.failed));
  }
  return out.empty() ? out : "\n## Examples\n" + out;
}

}  // namespace

std::string markdown(const Description& bot, const Parameters& common) {
  std::string out = fmt::format("# {}\n\n{}\n", bot.program(), prose(bot.summary));
  if (!paragraphs(bot.details).empty()) out += "\n" + prose(bot.details) + "\n";
  if (!bot.module.empty()) out += fmt::format("\nIn IntelMQ: {}\n", code(bot.module));
  for (const Group group : groups()) {
    const auto parameters = parameters_in(group, bot, common);
    if (!parameters.empty())
      out += fmt::format("\n## {}\n\n{}", title_of(group), parameter_table(parameters));
  }
  return out + field_table_of(bot.fields) + examples(bot);
}

}  // namespace intelmq::render
