// SPDX-License-Identifier: Apache-2.0
#include "render/man.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

#ifndef INTELMQ_MAN_DATE
#define INTELMQ_MAN_DATE "November 24, 2026"
#endif

namespace intelmq::render {
namespace {

/// Text with nothing left that roff would act on; control characters become blanks.
std::string escape(std::string_view text) {
  std::string out;
  for (const char c : text) {
    switch (c) {
      case '\\': out += "\\e"; break;
      case '\'': out += "\\(aq"; break;
      case '`': out += "\\(ga"; break;
      case '^': out += "\\(ha"; break;
      case '~': out += "\\(ti"; break;
      case '"': out += "\\(dq"; break;
      case '-': out += "\\-"; break;
      default: out += static_cast<unsigned char>(c) < 0x20 || c == 0x7F ? ' ' : c;
    }
  }
  return out;
}

/// One argument of a macro, never taken for another macro or for punctuation.
std::string argument(std::string_view text) { return "\"\\&" + escape(trim(text)) + "\""; }

/// A line of text, never taken for a request.
std::string text_line(std::string_view text) {
  const std::string_view line = trim(text);
  return line.empty() ? "" : "\\&" + escape(line) + "\n";
}

/// The text with every sentence on a line of its own, as mdoc wants it.
std::string sentences(std::string_view text) {
  std::string out;
  bool ended = false;
  for (const char c : text) {
    if (c == ' ' && ended) {
      out += '\n';
    } else {
      out += c;
    }
    const bool closes = c == ')' || c == ']' || c == '\'' || c == '"';
    ended = c == '.' || c == '!' || c == '?' || (ended && closes);
  }
  return out;
}

std::string prose(std::string_view text) {
  std::string out;
  for (const std::string& paragraph : paragraphs(text)) {
    if (!out.empty()) out += ".Pp\n";
    for (const std::string& line : wrap(sentences(paragraph), 78)) out += text_line(line);
  }
  return out;
}

std::string without_stop(std::string_view text) {
  text = trim(text);
  while (text.ends_with('.')) text.remove_suffix(1);
  return std::string(text);
}

std::string flag(const Parameter& parameter) {
  const std::string value = placeholder(parameter);
  std::string out = "Fl Fl " + argument(long_name(parameter));
  if (!value.empty()) out += " Ar " + argument(value);
  return out;
}

std::string synopsis(const Description& bot, const Parameters& common) {
  std::string out = ".Sh SYNOPSIS\n.Nm\n";
  for (const Parameter* parameter : all_parameters(bot, common))
    if (parameter->need == Need::required) out += "." + flag(*parameter) + "\n";
  out += ".Op Ar option ...\n";
  return bot.operands.empty() ? out : out + ".No " + escape(bot.operands) + "\n";
}

std::string description(const Description& bot) {
  std::string out = ".Sh DESCRIPTION\n" + prose(bot.summary);
  if (!paragraphs(bot.details).empty()) out += ".Pp\n" + prose(bot.details);
  if (!bot.operands.empty()) return out;
  if (bot.kind != Kind::collector) {
    out += ".Pp\n.Nm\nreads events as JSON lines on standard input";
    out += bot.kind == Kind::output ? ".\n" : "\nand writes them on standard output.\n";
  } else {
    out += ".Pp\n.Nm\nwrites what it collects as JSON lines on standard output.\n";
  }
  return out;
}

std::string own_option(const Parameter& parameter) {
  std::string out = ".It " + flag(parameter) + "\n" + prose(parameter.summary);
  if (parameter.need == Need::required) out += "Required.\n";
  const std::string value = default_text(parameter);
  if (!value.empty()) out += "Default:\n.Ql " + argument(value) + " .\n";
  if (is_list(parameter)) out += "A list, with commas between its items.\n";
  return out;
}

std::string options(const Description& bot, const Parameters& common) {
  std::string out = ".Sh OPTIONS\n";
  if (!bot.params.empty()) {
    out += ".Bl -tag -width Ds\n";
    for (const Parameter& parameter : bot.params) out += own_option(parameter);
    out += ".El\n.Pp\n";
  }
  if (common.empty()) return out + "Values may also be given in a file or in the environment.\n";
  out += "Common to all bots:\n.Bl -tag -width Ds -compact\n";
  for (const Group group : groups())
    for (const Parameter& parameter : common)
      if (parameter.group == group)
        out += ".It " + flag(parameter) + "\n" + prose(parameter.summary);
  return out + ".El\n";
}

std::string field_list(std::string_view introduction, const std::vector<FieldName>& fields) {
  if (fields.empty()) return {};
  std::string out = fmt::format("{}\n.Bl -item -compact -offset indent\n", introduction);
  for (const FieldName& field : fields) out += ".It\n.Va " + argument(field.text()) + "\n";
  return out + ".El\n";
}

std::string set_fields(const FieldUse& fields) {
  if (fields.sets.empty()) return {};
  std::string out = "Sets:\n.Bl -tag -width Ds -compact -offset indent\n";
  for (const Produced& produced : fields.sets) {
    out += ".It Va " + argument(produced.name.text()) + "\n";
    const std::string when = condition(produced);
    out += text_line(when.empty() ? "if known" : when);
  }
  return out + ".El\n";
}

std::string fields(const FieldUse& use) {
  std::string out = field_list("Needs all of:", use.needs) +
                    field_list("Needs at least one of:", use.needs_any) +
                    field_list("Reads, when there:", use.reads) + set_fields(use) +
                    field_list("Removes:", use.removes);
  if (use.any_field) out += "Which fields are used depends on the parameters or the data.\n";
  if (out.empty()) return {};
  if (!use.needs.empty() || !use.needs_any.empty())
    out += ".Pp\nAn event without the needed fields passes unchanged.\n";
  return ".Sh FIELDS\n" + out;
}

std::string environment(const Description& bot) {
  std::string out =
      ".Sh ENVIRONMENT\n"
      "Each parameter may be given as a variable named\n"
      ".Ev INTELMQ_NAME ,\n"
      "in capitals and with underscores.\n"
      "An option wins over a variable, a variable over a file.\n";
  if (bot.params.empty()) return out;
  out += ".Pp\n.Bl -item -compact\n";
  for (const Parameter& parameter : bot.params)
    out += ".It\n.Ev " + argument(parameter.environment()) + "\n";
  return out + ".El\n";
}

std::string exit_status() {
  std::string out = ".Sh EXIT STATUS\n.Bl -tag -width Ds -compact\n";
  for (const ExitRow& row : exit_rows())
    out += fmt::format(".It {}\n{}", row.code, prose(row.meaning));
  return out + ".El\n";
}

std::string signal_list() {
  std::string out = ".Sh SIGNALS\n.Bl -tag -width SIGUSR1 -compact\n";
  for (const SignalRow& row : signal_rows())
    out += fmt::format(".It Dv SIG{}\n{}", row.name, prose(row.meaning));
  return out + ".El\n";
}

std::string literal(std::string_view text) {
  std::string out = ".Bd -literal -offset indent\n";
  while (text.ends_with('\n')) text.remove_suffix(1);
  for (const std::string_view line : split(text, '\n')) out += "\\&" + escape(line) + "\n";
  return out + ".Ed\n";
}

std::string examples(const Description& bot) {
  if (bot.examples.empty()) return {};
  std::string out = ".Sh EXAMPLES\n";
  bool first = true;
  for (const Example& example : bot.examples) {
    if (!first) out += ".Pp\n";
    first = false;
    out += prose(trim(example.about).empty() ? "For example:" : example.about);
    out += literal(pipeline(bot, example));
    if (!trim(example.output).empty()) out += "gives\n" + literal(example.output);
    if (!trim(example.failed).empty()) out += "fails:\n.Ql " + argument(example.failed) + "\n";
  }
  return out;
}

}  // namespace

std::string man(const Description& bot, const Parameters& common) {
  const std::string title = ascii_upper(bot.program());
  std::string out = ".Dd " INTELMQ_MAN_DATE "\n";
  out += fmt::format(".Dt {} 1\n.Os\n.Sh NAME\n.Nm {}\n", title, bot.program());
  out += ".Nd " + escape(without_stop(join(paragraphs(bot.summary), " "))) + "\n";
  out += synopsis(bot, common) + description(bot) + options(bot, common) + fields(bot.fields);
  out += environment(bot) + exit_status() + signal_list() + examples(bot);
  out += ".Sh SEE ALSO\n.Xr intelmq 1 ,\n.Xr dho 5 ,\n.Xr intelmq-guarantees 7 ,\n";
  return out + ".Xr intelmq-pipelines 7\n";
}

}  // namespace intelmq::render
