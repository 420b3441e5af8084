// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>

#include "base/file.hpp"
#include "base/text.hpp"
#include "command.hpp"

namespace intelmq::front {
namespace {

struct SwapParams {
  bool undo = false;
  std::optional<std::string> directory;
};

constexpr std::string_view kept = ".python";

[[noreturn]] void fail_with(const std::string& path, std::string_view what) {
  throw StartError(fmt::format("{}: {}: {}", path, what, std::strerror(errno)),
                   ExitCode::cannot_create);
}

/// Where intelmqctl finds the program of a module.
std::string directory_of(const std::string& module) {
  const char* path = std::getenv("PATH");
  for (const std::string_view directory : split(path ? path : "", ':')) {
    const std::string file = fmt::format("{}/{}", directory, module);
    if (!directory.empty() && ::access(file.c_str(), X_OK) == 0) return std::string(directory);
  }
  throw StartError(fmt::format("{} is not in PATH; give --directory, where IntelMQ's programs are",
                               quote_for_message(module)),
                   ExitCode::usage);
}

/// The native program that stands behind the file, if one does.
std::string native_behind(const std::string& file) {
  const auto text = read_file(file);
  if (!text || !text->starts_with("#!")) return {};
  const std::string program = text->substr(2, text->find('\n') - 2);
  return program.find("/intelmq-") == program.npos ? "" : program;
}

void put_native(const std::string& file, const std::string& module, const std::string& program) {
  // The kernel takes the first line up to 255 bytes, and nothing behind a blank.
  if (program.size() > 250 || program.find_first_of(" \t") != program.npos)
    throw StartError(
        fmt::format("{}: a path with blanks or of more than 250 bytes cannot stand "
                    "behind #!; install the program elsewhere",
                    quote_for_message(program)));
  if (const std::string now = native_behind(file); !now.empty())
    throw StartError(fmt::format("{} is {} already", module, now), ExitCode::usage);
  const std::string old = file + std::string(kept), fresh = file + ".new";
  const std::string text =
      fmt::format("#!{}\n# The Python bot is in {}{}; intelmq swap --undo {} puts it back.\n",
                  program, module, kept, module);
  std::FILE* out = std::fopen(fresh.c_str(), "we");
  if (!out) fail_with(fresh, "cannot be written");
  const bool written = std::fwrite(text.data(), 1, text.size(), out) == text.size();
  if (std::fclose(out) != 0 || !written || ::chmod(fresh.c_str(), 0755) != 0)
    fail_with(fresh, "cannot be written");
  // At no time is there no program of that name.
  int kept_it = ::link(file.c_str(), old.c_str());
  if (kept_it != 0 && errno == EEXIST) {  // of a version that has been replaced since
    ::unlink(old.c_str());
    kept_it = ::link(file.c_str(), old.c_str());
  }
  if (kept_it != 0 && errno != ENOENT) fail_with(old, "cannot be made");
  if (::rename(fresh.c_str(), file.c_str()) != 0) fail_with(file, "cannot be replaced");
}

void put_back(const std::string& file, const std::string& module) {
  if (native_behind(file).empty())
    throw StartError(fmt::format("{}: is no native bot; there is nothing to undo", module),
                     ExitCode::usage);
  const std::string old = file + std::string(kept);
  const bool had_old = ::access(old.c_str(), F_OK) == 0;
  if (had_old ? ::rename(old.c_str(), file.c_str()) : ::unlink(file.c_str()))
    fail_with(file, "cannot be put back");
}

int run(const Command& command, const std::vector<std::string>& arguments) {
  SwapParams params;
  const auto modules = read_options(command, arguments, &params);
  if (modules.empty())
    throw StartError("swap: which module? Such as intelmq.bots.experts.taxonomy.expert",
                     ExitCode::usage);
  const Catalogue catalogue = read_catalogue();
  for (const std::string& module : modules) {
    if (!module.starts_with("intelmq.bots."))
      throw StartError(fmt::format("{} is no module of IntelMQ; write it as runtime.yaml has it, "
                                   "intelmq.bots.experts.taxonomy.expert",
                                   quote_for_message(module)),
                       ExitCode::usage);
    const std::string file =
        (params.directory ? *params.directory : directory_of(module)) + '/' + module;
    if (params.undo) {
      put_back(file, module);
      print(fmt::format("{}: the Python bot is back; restart its bots with intelmqctl\n", module));
      continue;
    }
    const auto entry = catalogue.find(module);
    if (!entry) throw StartError(entry.error().text, ExitCode::usage);
    const std::string program = std::filesystem::absolute((*entry)->path).lexically_normal();
    put_native(file, module, program);
    print(fmt::format("{}: is now {}; restart its bots with intelmqctl\n", module, program));
  }
  return 0;
}

}  // namespace

const Command& swap_command() {
  static const Command command{
      .name = "swap",
      .words = "MODULE...",
      .summary = "Let intelmqctl start a native bot instead of its Python twin.",
      .details =
          "Puts a file in the place of the module's program whose first line names the native "
          "one; intelmqctl starts, stops, reloads and watches it as before, and the bot takes "
          "parameters and queues from runtime.yaml. The Python program stays beside it and comes "
          "back with --undo. All bots of the module are swapped, at their next start.",
      .options = {param<&SwapParams::undo>("undo", "Put the Python bot back."),
                  param<&SwapParams::directory>(
                      "directory", "Where IntelMQ's programs are, if they are not in PATH.")},
      .run = run};
  return command;
}

}  // namespace intelmq::front
