// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.hpp"
#include "serve/syslog_sender.hpp"

namespace intelmq::serve {

/// The targets that are configured, each with its sender. On the loop only, where nothing else is
/// said; no member blocks but those that say so.
class SyslogTargets {
 public:
  static constexpr std::size_t most = 16;

  /// `file`: where the configuration is kept; empty: nowhere.
  explicit SyslogTargets(std::string file) : file_{std::move(file)} {}

  /// Reads the file, if there is one, and starts to send. Files of certificates that are missing
  /// are told by the connections. Blocks. Error: the file and what is wrong; there is no target.
  Result<void> load();
  /// Writes the file (mode 0600). Blocks; for any thread.
  Result<void> save(const std::vector<SyslogTarget>& targets) const;
  /// From now on these. Senders of targets that stay as they are go on.
  void use(std::vector<SyslogTarget> targets);

  std::vector<SyslogTarget> all() const;
  /// Nothing: there is no such target.
  const SyslogSender* find(std::string_view id) const;

  /// To each target whose min_severity lets it pass.
  void put(const SharedRecord& record);
  /// A line of the audit log, to each target, with facility 13 and MSGID audit.
  void audit(std::string_view json);
  /// The end of serve: queues may empty themselves for so long. Blocks.
  void finish(std::chrono::milliseconds time);

 private:
  std::string file_;
  std::vector<std::unique_ptr<SyslogSender>> senders_;
};

}  // namespace intelmq::serve
