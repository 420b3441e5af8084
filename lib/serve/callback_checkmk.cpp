// SPDX-License-Identifier: Apache-2.0
// A file in the spool of check_mk's agent: <max age>_<service>.txt
#include <algorithm>
#include <cmath>

#include "base/file.hpp"
#include "base/text.hpp"
#include "serve/callback_kind.hpp"

namespace intelmq::serve {
namespace {

/// What a file's name may have of a service's.
std::string file_part(std::string_view text) {
  std::string out;
  for (const char c : text.substr(0, 100)) {
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.';
    out += plain ? c : '_';
  }
  return out;
}

void read(Members& members, const Outside& outside) {
  const auto directory = members.text("directory");
  const auto& allowed = outside.spool_directories;
  if (directory && std::find(allowed.begin(), allowed.end(), *directory) == allowed.end())
    members.wrong("directory", "value",
                  "is not one of those that --checkmk-spool allows: " + join(allowed, ", "));
  const auto piggyback = members.text("piggyback");
  if (piggyback && !is_checkmk_host(*piggyback))
    members.wrong("piggyback", "value", "a host's name may have A-Z, a-z, 0-9, '.' and '-'");
}

Result<std::string> send(const Call& call) {
  std::string text = call.notice.checkmk;
  if (const std::string host = call.text("piggyback"); !host.empty())
    text = "<<<<" + host + ">>>>\n" + text + "<<<<>>>>\n";
  const std::string directory = call.text("directory", call.outside.spool_directories.front());
  const std::string path = directory + "/" +
                           std::to_string(static_cast<long long>(std::ceil(call.notice.ttl))) +
                           "_" + file_part("intelmq-" + call.notice.service) + ".txt";
  if (const auto written = atomic_write(path, text); !written)
    return tl::unexpected(written.error());
  return "written to " + path;
}

}  // namespace

const CallbackKind checkmk_callback = {"checkmk-spool", {}, read, send};

}  // namespace intelmq::serve
