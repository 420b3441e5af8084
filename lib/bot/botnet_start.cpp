// SPDX-License-Identifier: Apache-2.0
#include "bot/botnet_start.hpp"

#include <grp.h>
#include <pwd.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <string_view>

namespace intelmq {
namespace {

std::string from_environment(const char* name, std::string_view otherwise) {
  const char* value = std::getenv(name);
  return value && *value ? value : std::string(otherwise);
}

struct Directories {
  std::string configuration, logs;
};

Directories directories() {
  if (!std::getenv("INTELMQ_ROOT_DIR") && std::getenv("INTELMQ_PATHS_NO_OPT")) {
    const std::string root = from_environment("ROOT_DIR", "");
    return {root + "/etc/intelmq", root + "/var/log/intelmq"};
  }
  const std::string root = from_environment("INTELMQ_ROOT_DIR", "/opt/intelmq");
  return {root + "/etc", root + "/var/log"};
}

}  // namespace

std::optional<BotnetStart> botnet_start(int argc, char** argv) {
  constexpr std::string_view modules = "intelmq.bots.";
  if (argc != 3) return std::nullopt;
  const std::filesystem::path file = argv[1];
  if (!file.has_parent_path() || !file.filename().native().starts_with(modules))
    return std::nullopt;
  const Directories places = directories();
  BotnetStart out;
  out.id = argv[2];
  out.log_file = places.logs + '/' + out.id + ".log";
  out.arguments = {"--runtime", places.configuration + "/runtime.yaml", "--id", out.id};
  const std::string harmonization = places.configuration + "/harmonization.conf";
  std::error_code ignored;
  if (!std::getenv("INTELMQ_HARMONIZATION") && std::filesystem::exists(harmonization, ignored))
    out.arguments.insert(out.arguments.end(), {"--harmonization", harmonization});
  if (!std::getenv("INTELMQ_DEAD_LETTERS"))
    out.arguments.insert(out.arguments.end(),
                         {"--dead-letters", places.logs + '/' + out.id + ".dead-letters.jsonl"});
  return out;
}

bool leave_root() {
  if (::geteuid() != 0) return true;
  const passwd* user = ::getpwnam("intelmq");
  if (!user) return true;
  const auto uid = user->pw_uid;
  const auto gid = user->pw_gid;
  return ::initgroups("intelmq", gid) == 0 && ::setgid(gid) == 0 && ::setuid(uid) == 0;
}

}  // namespace intelmq
