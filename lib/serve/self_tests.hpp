// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <string>
#include <vector>

#include "serve/sections.hpp"

namespace intelmq::serve {

/// The four self-tests: what they found last, and how they are run. They run beside the bots, in
/// processes of their own, and disturb nothing.
class SelfTests {
 public:
  explicit SelfTests(const Sections& sections) : s_{sections} {}

  /// "config-test", "connection-test", "unit-test" or "system-test" of one bot, or of all (empty).
  void run(const std::string& test, const std::string& bot, const Json& options, Then<Json> then);
  void add_routes(Router& router);
  /// The last verdict on the service as a whole.
  std::vector<TestFacts> facts() const;

 private:
  void run_program(const std::string& test, const BotSetup& bot, const Json& options,
                   Then<Json> then);
  void run_system(const std::string& bot, const Json& options, Then<Json> then);
  Json static_checks(const Json& options) const;
  Json observed_checks(const std::string& bot) const;
  Json report(const std::string& test, double started, Json checks) const;
  void keep(const std::string& test, const std::string& bot, const Json& report);
  void add_test(Router& router, const std::string& test);

  const Sections& s_;
  std::map<std::pair<std::string, std::string>, Json> last_;  ///< By test and bot.
};

/// The worst of the checks' verdicts: error, fail, warn, pass; skip if all were skipped.
std::string_view verdict_of(const Json& checks);

}  // namespace intelmq::serve
