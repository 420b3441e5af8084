// SPDX-License-Identifier: Apache-2.0
#include "render/help.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"

namespace intelmq::render {
namespace {

constexpr std::size_t widest_option = 28;
constexpr std::size_t examples_shown = 3;

/// Writes lines of limited width.
class Page {
 public:
  explicit Page(int width) : width_{static_cast<std::size_t>(std::max(width, 40))} {}

  void line(std::string_view text) { out_ += fmt::format("{}\n", text); }

  void block(std::string_view text, std::size_t indent) {
    for (const std::string& row : wrap(text, width_ - indent))
      out_ += row.empty() ? "\n" : fmt::format("{:{}}{}\n", "", indent, row);
  }

  /// A term, and its meaning in a column that starts at `column` or at half the width.
  void entry(std::string_view term, std::string_view meaning, std::size_t column) {
    column = std::min(column, width_ / 2);
    const auto rows = wrap(meaning, width_ - column);
    std::string left = fmt::format("  {}", term);
    std::size_t used = count_characters(left);
    if (used + 2 > column && !rows.empty()) {
      line(left);
      left.clear();
      used = 0;
    }
    for (const std::string& row : rows) {
      left.append(column - used, ' ').append(row);
      line(left);
      left.clear();
      used = 0;
    }
    if (!left.empty()) line(left);
  }

  std::string take() { return std::move(out_); }

 private:
  std::size_t width_;
  std::string out_;
};

std::string term(const Parameter& parameter) {
  const std::string value = placeholder(parameter);
  return parameter.option() + (value.empty() ? "" : " " + value);
}

std::string meaning(const Parameter& parameter) {
  std::string out = parameter.summary;
  if (parameter.need == Need::required) out += " Required.";
  const std::string value = default_text(parameter);
  if (!value.empty()) out += fmt::format(" [default: {}]", value);
  return out;
}

std::string usage(const Description& bot, const Parameters& common) {
  std::string out = fmt::format("Usage: {}", bot.program());
  for (const Parameter* parameter : all_parameters(bot, common))
    if (parameter->need == Need::required) out += " " + term(*parameter);
  out += " [OPTION]...";
  return bot.operands.empty() ? out : out + " " + std::string(bot.operands);
}

void write_fields(Page& page, const FieldUse& fields) {
  std::string sets;
  for (const Produced& produced : fields.sets)
    sets += (sets.empty() ? "" : ", ") + std::string(produced.name.text());
  const std::pair<std::string_view, std::string> rows[] = {
      {"needs", names_text(fields.needs, " and ")},
      {"needs one of", names_text(fields.needs_any)},
      {"reads", names_text(fields.reads)},
      {"sets", sets},
      {"removes", names_text(fields.removes)},
      {"uses", fields.any_field ? "fields that the parameters or the data name" : ""}};
  bool first = true;
  for (const auto& [what, names] : rows) {
    if (names.empty()) continue;
    if (first) page.line("\nFields:");
    first = false;
    page.entry(what, names, 16);
  }
}

void write_group(Page& page, Group group, const std::vector<const Parameter*>& parameters) {
  if (parameters.empty()) return;
  page.line(fmt::format("\n{}:", title_of(group)));
  std::size_t column = 0;
  for (const Parameter* parameter : parameters)
    column = std::max(column, std::min(widest_option, count_characters(term(*parameter)) + 4));
  for (const Parameter* parameter : parameters)
    page.entry(term(*parameter), meaning(*parameter), column);
}

void write_examples(Page& page, const Description& bot) {
  if (bot.examples.empty()) return;
  page.line("\nExamples:");
  const std::size_t count = std::min(examples_shown, bot.examples.size());
  for (std::size_t i = 0; i < count; ++i) {
    const Example& example = bot.examples[i];
    if (!example.about.empty()) page.block(fmt::format("# {}", example.about), 2);
    page.line("  " + pipeline(bot, example));
  }
}

}  // namespace

std::string help(const Description& bot, const Parameters& common, int width) {
  Page page(width);
  page.block(usage(bot, common), 0);
  page.line("");
  page.block(bot.summary, 0);
  write_fields(page, bot.fields);
  for (const Group group : groups()) write_group(page, group, parameters_in(group, bot, common));
  write_examples(page, bot);
  return page.take();
}

}  // namespace intelmq::render
