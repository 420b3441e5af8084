// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bot/bot.hpp"
#include "bot/options.hpp"

namespace intelmq {

/// What is wrong with one parameter.
struct ParameterProblem {
  std::string parameter;  ///< Its name, or empty: it is not known whose fault it is.
  std::string code;  ///< For machines: type, unknown-parameter, required, file-missing, invalid.
  std::string text;  ///< The whole sentence.
  ExitCode exit = ExitCode::configuration;
};

/// All parameters of one run and where each comes from: values that the API set > flag >
/// environment > file > default.
class Settings {
 public:
  /// Throws StartError: usage for the command line, configuration for files and environment; the
  /// sentence names the parameter, the value and the remedy. `arguments` are without the
  /// program's name.
  /// `overrides`: values that the API set, an object or null. With `problems`, wrong values are
  /// added there instead of thrown, and the values below them stay.
  static Settings read(const Bot& bot, const std::vector<std::string>& arguments,
                       const Json& overrides = {},
                       std::vector<ParameterProblem>* problems = nullptr);
  /// What the API set when it was last heard of: the object in the file that INTELMQ_OVERRIDES
  /// names; null without one. Throws StartError.
  static Json read_overrides();

  const Options& options() const { return options_; }
  const void* params() const { return params_.get(); }
  const std::vector<Parameter>& common() const { return common_; }
  /// The bot's fields under these parameters.
  FieldUse fields(const Bot& bot) const;
  /// One line per parameter: name, value (secrets hidden), origin.
  std::string show(const Bot& bot) const;
  /// The same for machines: `{"parameters": {NAME: value}, "origin": {NAME: origin}}`, a secret
  /// being `{"$secret": "set"}` or `"unset"`.
  Json show_json(const Bot& bot) const;
  /// The parameters, without those that only look at the bot.
  std::vector<const Parameter*> parameters(const Bot& bot) const;
  /// The value of one of them, of these settings; null of a secret.
  Json value(const Parameter& parameter) const;
  /// "default", a file, "environment", "command line" or "api".
  std::string origin(const Parameter& parameter) const;
  /// What was skipped or looked odd while reading files; for the log.
  const std::vector<std::string>& notes() const { return notes_; }
  /// The directory that --runtime wants log files in; empty: it does not say.
  const std::string& logging_path() const { return logging_path_; }
  /// The required parameters that are not there.
  std::vector<ParameterProblem> missing(const Bot& bot) const;
  /// Throws the first of them as StartError.
  void require(const Bot& bot) const;

 private:
  void read_file_parameters(const Bot& bot);
  void read_runtime(const Bot& bot);
  void read_queues(const Bot& bot, const Json& global, const Json& own, const std::string& origin);
  void read_environment(const Bot& bot);
  void read_overrides(const Bot& bot, const Json& overrides);
  void complain(ParameterProblem problem) const;
  void take_object(const Bot& bot, const Json& object, const std::string& origin, bool strict);
  void assign(const Parameter& parameter, const Json& value, const std::string& origin,
              const std::string& spelt, ExitCode code);
  const Parameter* find(const Bot& bot, std::string_view name) const;
  bool is_common(const Parameter& parameter) const;
  bool is_from(std::string_view name, std::string_view origin) const;

  Options options_;
  std::shared_ptr<void> params_;
  std::vector<Parameter> common_;
  std::vector<std::pair<const Parameter*, std::string>> origins_;
  std::vector<std::string> notes_;
  std::vector<ParameterProblem>* problems_ = nullptr;  // while it is read
  std::string logging_path_;
  std::string nowhere_to_;  // why nothing could be sent, unless a destination is given
};

}  // namespace intelmq
