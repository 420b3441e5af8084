// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bot/bot.hpp"
#include "bot/options.hpp"

namespace intelmq {

/// All parameters of one run and where each comes from: flag > environment > file > default.
class Settings {
 public:
  /// Throws StartError: usage for the command line, configuration for files and environment; the
  /// sentence names the parameter, the value and the remedy. `arguments` are without the
  /// program's name.
  static Settings read(const Bot& bot, const std::vector<std::string>& arguments);

  const Options& options() const { return options_; }
  const void* params() const { return params_.get(); }
  const std::vector<Parameter>& common() const { return common_; }
  /// The bot's fields under these parameters.
  FieldUse fields(const Bot& bot) const;
  /// One line per parameter: name, value (secrets hidden), origin.
  std::string show(const Bot& bot) const;
  /// What was skipped or looked odd while reading files; for the log.
  const std::vector<std::string>& notes() const { return notes_; }
  /// The directory that --runtime wants log files in; empty: it does not say.
  const std::string& logging_path() const { return logging_path_; }
  /// Sees whether required parameters are there; throws StartError.
  void require(const Bot& bot) const;

 private:
  void read_file_parameters(const Bot& bot);
  void read_runtime(const Bot& bot);
  void read_queues(const Bot& bot, const Json& global, const Json& own, const std::string& origin);
  void read_environment(const Bot& bot);
  void take_object(const Bot& bot, const Json& object, const std::string& origin, bool strict);
  void assign(const Parameter& parameter, const Json& value, const std::string& origin,
              const std::string& spelt, ExitCode code);
  const Parameter* find(const Bot& bot, std::string_view name) const;
  bool is_common(const Parameter& parameter) const;
  bool is_on_command_line(std::string_view name) const;

  Options options_;
  std::shared_ptr<void> params_;
  std::vector<Parameter> common_;
  std::vector<std::pair<const Parameter*, std::string>> origins_;
  std::vector<std::string> notes_;
  std::string logging_path_;
  std::string nowhere_to_;  // why nothing could be sent, unless a destination is given
};

}  // namespace intelmq
