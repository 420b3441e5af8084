// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "bot/settings.hpp"

namespace intelmq {

/// One thing that was looked at.
struct Check {
  enum class Status : std::uint8_t { pass, warn, skip, fail };
  std::string id;  ///< `parameter.database`, `file.database`, `source`, `destination._default` ...
  Status status = Status::pass;
  std::string target;        ///< A path, or a URL without its password; may be empty.
  std::string message;       ///< Why it is not `pass`.
  std::string hint;          ///< What may help; may be empty.
  ParameterProblem problem;  ///< Whose fault it is, if it failed.
  double milliseconds = 0;
};

/// What a test found: `{"test", "status", "started", "duration_ms", "checks": [{"id", "status",
/// "target", "message", "hint", "duration_ms"}]}`.
class TestReport {
 public:
  explicit TestReport(std::string test);

  /// Carries out a check and notes how long it took. A StartError that it throws is its failure.
  void run(std::string id, std::string target, const std::function<void(Check&)>& check);
  void add(Check check) { checks_.push_back(std::move(check)); }

  bool failed() const;
  const std::vector<Check>& checks() const { return checks_; }
  Json json() const;

 private:
  std::string test_, started_;
  std::chrono::steady_clock::time_point start_;
  std::vector<Check> checks_;
};

/// Parameters, files, URLs, and whether the bot would start; no connection is made. `problems` is
/// what `settings` complained of while they were read.
TestReport config_report(const Bot& bot, const Settings& settings, Log& log,
                         const std::vector<ParameterProblem>& problems = {});

/// The source, each destination, and the servers of the bot itself, by `instance` or, without one,
/// by a fresh one.
TestReport connection_report(const Bot& bot, const Settings& settings, Log& log,
                             Instance* instance = nullptr);

/// The examples of the sheet; those that need what is not there are skipped.
TestReport example_report(const Bot& bot, const std::vector<std::string>& arguments,
                          const Json& overrides);

/// An instance, made as for a run, and what it borrows.
struct Trial {
  EventRules rules;
  std::unique_ptr<Instance> instance;
};
/// `checking` as in Context. Throws StartError.
std::unique_ptr<Trial> try_instance(const Bot& bot, const Settings& settings, Log& log,
                                    bool checking);

/// The parameter that a sentence such as `--database: no such file`, or one that begins with its
/// name, speaks of; empty: none.
std::string blamed(const Bot& bot, const Settings& settings, std::string_view sentence);

}  // namespace intelmq
