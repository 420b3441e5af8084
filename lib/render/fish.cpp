// SPDX-License-Identifier: Apache-2.0
#include "render/fish.hpp"

#include <fmt/format.h>

#include "base/text.hpp"

namespace intelmq::render {
namespace {

std::string quote(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += static_cast<unsigned char>(c) < 0x20 ? ' ' : c;
  }
  return out + "'";
}

std::string value(const Parameter& parameter) {
  if (parameter.is_switch()) return {};
  if (is_file(parameter)) return " -r -F";
  std::vector<std::string> words = candidates(parameter);
  if (words.empty()) return " -x";
  for (std::string& word : words) word = quote(word);
  return " -x -a " + quote(join(words, " "));
}

}  // namespace

std::string fish(const Description& bot, const Parameters& common) {
  const std::string command = "complete -c " + quote(bot.program());
  std::string out = fmt::format("# fish completion for {}\n{} -f\n", bot.program(), command);
  for (const Parameter* parameter : all_parameters(bot, common))
    out += fmt::format("{} -l {}{} -d {}\n", command, quote(long_name(*parameter)),
                       value(*parameter), quote(parameter->summary));
  return out;
}

}  // namespace intelmq::render
