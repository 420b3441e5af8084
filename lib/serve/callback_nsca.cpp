// SPDX-License-Identifier: Apache-2.0
// A passive result for Nagios by NSCA, whose protocol the program send_nsca speaks.
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/file.hpp"
#include "base/text.hpp"
#include "pipeline/process.hpp"
#include "serve/callback_kind.hpp"

namespace intelmq::serve {
namespace {

constexpr std::size_t longest_output = 4000;  // of 4096 in the packet of NSCA 2.9

/// A file for send_nsca alone to read, gone with this.
class ConfigFile {
 public:
  static Result<ConfigFile> make(const std::string& directory, const std::string& text) {
    std::string path = directory + "/send_nsca-XXXXXX";
    const FileDescriptor file{mkostemp(path.data(), O_CLOEXEC)};
    if (!file) return system_failure(directory, "cannot make a file", errno);
    ConfigFile out;
    out.path_ = path;
    if (const auto written = write_all(file.get(), text); !written)
      return fail(path + ": " + written.error().text);
    return out;
  }
  ConfigFile(ConfigFile&& other) noexcept : path_{std::exchange(other.path_, {})} {}
  ConfigFile& operator=(ConfigFile&&) = delete;
  ~ConfigFile() {
    if (!path_.empty()) unlink(path_.c_str());
  }
  const std::string& path() const { return path_; }

 private:
  ConfigFile() = default;
  std::string path_;
};

void read(Members& members, const Outside& outside) {
  const auto server = members.required_text("server");
  if (server && (server->front() == '-' || server->find_first_of(" \t\n") != std::string::npos))
    members.wrong("server", "value", "is neither the name of a host nor an address");
  else if (server && !host_allowed(ascii_lower(*server), outside.allow_hosts))
    members.wrong("server", "host-not-allowed",
                  "the host " + quote_for_message(*server) +
                      " may not be called; start the service with --callback-allow-host to "
                      "allow it");
  members.integer("port", 1, 65535);
  members.integer("encryption", 0, 26);
  read_object_names(members);
}

/// Debian has it where the PATH of others than root seldom leads.
std::string program(const Outside& outside) {
  constexpr const char* usual = "/usr/sbin/send_nsca";
  return outside.send_nsca == "send_nsca" && access(usual, X_OK) == 0 ? usual : outside.send_nsca;
}

/// One field of send_nsca's input: tabs separate, a line end ends.
std::string field(std::string_view text) {
  std::string out{text.substr(0, longest_output)};
  for (char& c : out)
    if (static_cast<unsigned char>(c) < ' ') c = ' ';
  return out;
}

Result<std::string> send(const Call& call) {
  const auto password = call.secret("password");
  if (!password) return tl::unexpected(password.error());
  if (password->reveal().find('\n') != std::string_view::npos)
    return fail("password: may not hold a line end");
  const auto encryption = call.settings["encryption"].integer().value_or(1);
  std::string text = "encryption_method=" + std::to_string(encryption) + "\n";
  if (!password->empty()) text.append("password=").append(password->reveal()).append("\n");
  const auto config = ConfigFile::make(call.outside.directory, text);
  if (!config) return tl::unexpected(config.error());
  Command command;
  command.words = {program(call.outside),
                   "-H",
                   call.text("server"),
                   "-p",
                   std::to_string(call.settings["port"].integer().value_or(5667)),
                   "-to",
                   "10",
                   "-c",
                   config->path()};
  command.input = field(call.text("host")) + "\t" + field(service_name(call)) + "\t" +
                  std::to_string(call.notice.plugin.exit) + "\t" +
                  field(call.notice.plugin.line()) + "\n";
  command.limit = std::chrono::seconds(15);
  command.most_output = 64u << 10;
  const auto outcome = run_process(command);
  if (!outcome) return fail(outcome.error().text + " (Debian: nsca-client)");
  const std::string said{trim(outcome->output + outcome->errors)};
  if (outcome->timed_out || outcome->code != 0)
    return fail("send_nsca ended with " + std::to_string(outcome->code) + ": " +
                quote_for_message(said));
  return quote_for_message(said);
}

}  // namespace

const CallbackKind nsca_callback = {"nsca", {"password"}, read, send};

}  // namespace intelmq::serve
