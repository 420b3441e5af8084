// SPDX-License-Identifier: Apache-2.0
#include "render/zsh.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace intelmq::render {
namespace {

/// With a backslash before every character that `_arguments` acts on, inside single quotes.
std::string escape(std::string_view text, std::string_view special) {
  std::string out;
  for (const char c : text) {
    if (special.find(c) != special.npos) out += '\\';
    if (c == '\'') {
      out += "'\\''";
      continue;
    }
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out;
}

/// What may follow the option: files, words, or anything.
std::string action(const Parameter& parameter) {
  if (is_file(parameter)) return "_files";
  const auto words = candidates(parameter);
  if (words.empty()) return " ";
  std::string out = "(";
  for (const std::string& word : words)
    out += (out.size() > 1 ? " " : "") + escape(word, " '\\()[]{}:;&|<>*?$`\"~#!^=");
  return out + ")";
}

std::string specification(const Parameter& parameter) {
  const std::string meaning = escape(parameter.summary, "[]\\");
  const std::string_view star = is_list(parameter) ? "*" : "";
  if (parameter.is_switch()) return fmt::format("'{}{}[{}]'", star, parameter.option(), meaning);
  return fmt::format("'{}{}=[{}]:{}:{}'", star, parameter.option(), meaning,
                     escape(parameter.type, ":\\"), action(parameter));
}

}  // namespace

std::string zsh(const Description& bot, const Parameters& common) {
  std::string out = fmt::format("#compdef {}\n\n_arguments -s -S", bot.program());
  for (const Parameter* parameter : all_parameters(bot, common))
    out += " \\\n  " + specification(*parameter);
  return out + "\n";
}

}  // namespace intelmq::render
