// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "bot/settings.hpp"

namespace intelmq {

/// Gives a running bot new parameters or data: a new instance takes the place of the old one, or,
/// when it cannot be made, nothing changes. To be called when all is delivered.
class Reloader {
 public:
  /// Everything is borrowed; `overrides`: what `settings` were read with.
  Reloader(const Bot& bot, const std::vector<std::string>& arguments, const Context& context,
           Log& log, Settings& settings, Json overrides);

  struct Outcome {
    std::string applied = "none";      ///< "hot", "none" or "restart": only a new start helps.
    std::vector<std::string> changed;  ///< Names of parameters.
    std::vector<ParameterProblem> problems;  ///< Then nothing changed.
  };
  /// With these values set by the API, as a whole, instead of those before.
  Outcome apply(const Json& overrides, std::unique_ptr<Instance>& running);
  /// The same parameters, with data files as they are now. Error: why the old ones stay.
  Result<void> renew(std::unique_ptr<Instance>& running);
  /// SIGHUP: everything is read again. The log tells how it went.
  void read_again(std::unique_ptr<Instance>& running);

 private:
  void swap(const Settings& fresh, std::unique_ptr<Instance>& running);

  const Bot& bot_;
  const std::vector<std::string>& arguments_;
  const Context& context_;
  Log& log_;
  Settings& settings_;
  Json overrides_;
};

/// Whether --default-fields has a value that events take. Throws StartError.
void check_defaults(const Options& options, const EventRules& rules);

}  // namespace intelmq
