// SPDX-License-Identifier: Apache-2.0
#include "render/bash.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace intelmq::render {
namespace {

std::string function_name(const Description& bot) {
  return "_" + replace_all(bot.program(), "-", "_");
}

/// The branch of `case` for one option that takes a value.
std::string branch(const Parameter& parameter) {
  std::string action;
  const auto words = candidates(parameter);
  if (is_file(parameter)) {
    action = "_intelmq_files \"$cur\"";
  } else if (!words.empty()) {
    action = "_intelmq_words \"$cur\"";
    for (const std::string& word : words) action += " " + quote_shell(word);
  } else {
    action = ":";
  }
  return fmt::format("    {}) {}; return ;;\n", quote_shell(parameter.option()), action);
}

constexpr std::string_view shared = R"sh(_intelmq_words() {
  local cur=$1 word
  shift
  for word in "$@"; do
    if [[ $word == "$cur"* ]]; then COMPREPLY+=("$(printf '%q' "$word")"); fi
  done
}

_intelmq_files() {
  local file
  compopt -o filenames 2>/dev/null
  while IFS= read -r file; do COMPREPLY+=("$file"); done < <(compgen -f -- "$1")
}

)sh";

}  // namespace

std::string bash(const Description& bot, const Parameters& common) {
  const std::string name = function_name(bot);
  std::string out = fmt::format("# bash completion for {}\n\n{}", bot.program(), shared);
  out += fmt::format(
      "{}() {{\n"
      "  local cur=${{COMP_WORDS[COMP_CWORD]}} prev=\n"
      "  COMPREPLY=()\n"
      "  if ((COMP_CWORD > 0)); then prev=${{COMP_WORDS[COMP_CWORD-1]}}; fi\n"
      "  if [[ $cur == = ]]; then\n"
      "    cur=\n"
      "  elif [[ $prev == = ]] && ((COMP_CWORD > 1)); then\n"
      "    prev=${{COMP_WORDS[COMP_CWORD-2]}}\n"
      "  fi\n"
      "  case $prev in\n",
      name);
  std::string options;
  for (const Parameter* parameter : all_parameters(bot, common)) {
    if (!parameter->is_switch()) out += branch(*parameter);
    options += " " + quote_shell(parameter->option());
  }
  out += "    *) ;;\n  esac\n";
  out += fmt::format("  _intelmq_words \"$cur\"{}\n}}\n\n", options);
  return out + fmt::format("complete -F {} {}\n", name, quote_shell(bot.program()));
}

}  // namespace intelmq::render
