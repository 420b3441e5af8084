// SPDX-License-Identifier: Apache-2.0
#include <catch2/catch.hpp>

#include "hostile_bot.hpp"
#include "render/bash.hpp"
#include "render/fish.hpp"
#include "render/zsh.hpp"
#include "shell_tool.hpp"

using namespace intelmq;

namespace {

std::string complete_in_bash(const std::string& file, const std::string& words) {
  const hostile::Scratch script("source " + file + "\nCOMP_WORDS=(intelmq-expert-odd-one " + words +
                                ")\nCOMP_CWORD=$((${#COMP_WORDS[@]}-1))\n"
                                "_intelmq_expert_odd_one\nprintf '%s\\n' \"${COMPREPLY[@]}\"\n");
  return hostile::run("bash --norc --noprofile " + script.path()).output;
}

std::string complete_in_fish(const std::string& file, const std::string& line) {
  const hostile::Scratch script("source " + file + "\ncomplete -C 'intelmq-expert-odd-one " + line +
                                "'\n");
  return hostile::run("HOME=/nonexistent fish --no-config " + script.path()).output;
}

}  // namespace

TEST_CASE("bash completion: options, choices, fields") {
  if (!hostile::has_tool("bash")) return;
  const hostile::Scratch file(render::bash(hostile::bot(), hostile::common()));
  CHECK(complete_in_bash(file.path(), "--o") == "--overwrite\n--on-miss\n");
  CHECK(complete_in_bash(file.path(), "--on-miss ''") == "drop\nkeep\nit\\'s\\ \\$x\\]\\ b\n");
  CHECK(complete_in_bash(file.path(), "--on-miss = k") == "keep\n");
  CHECK(complete_in_bash(file.path(), "--field source.asn") == "source.asn\n");
  CHECK(complete_in_bash(file.path(), "--prefix ''") == "\n");
  CHECK(
      complete_in_bash(file.path(), "--database " + file.path().substr(0, 20)).find(file.path()) !=
      std::string::npos);
}

TEST_CASE("fish completion: options with their meaning, choices") {
  if (!hostile::has_tool("fish")) return;
  const hostile::Scratch file(render::fish(hostile::bot(), hostile::common()));
  CHECK(complete_in_fish(file.path(), "--ov") ==
        "--overwrite\tIt's ] not \\] a $(trap); 100% | sure.\n");
  const std::string choices = complete_in_fish(file.path(), "--on-miss ");
  CHECK(choices.find("it's $x] b\t") != std::string::npos);
  CHECK(choices.find("keep\t") != std::string::npos);
  CHECK(complete_in_fish(file.path(), "--prefix ").empty());
}

TEST_CASE("zsh completion: is read by zsh as one list of specifications") {
  if (!hostile::has_tool("zsh")) return;
  const hostile::Scratch file(render::zsh(hostile::bot(), hostile::common()));
  CHECK(render::zsh(hostile::bot(), hostile::common())
            .starts_with("#compdef intelmq-expert-odd-one\n"));
  const hostile::Scratch script("_arguments() { print -rl -- \"$@\" }\nsource " + file.path() +
                                "\n");
  const auto shown = hostile::run("zsh -f " + script.path());
  CHECK(shown.code == 0);
  for (const char* text :
       {"--overwrite[It's \\] not \\\\\\] a $(trap); 100% | sure.]\n",
        "--on-miss=[.What to do. Fl Ar]:choice:(drop keep it\\'s\\ \\$x\\]\\ b)\n",
        "--database=[Table \\[of\\] 'addresses': \"$HOME\" `id` \\\\.]:file:_files\n",
        "*--tags=[Words.]:list: \n"}) {
    INFO(text);
    CHECK(shown.output.find(text) != std::string::npos);
  }
}
