// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bot/settings.hpp"

namespace intelmq {

/// A run as it was asked for.
struct Inspected {
  const Settings& settings;
  const std::vector<std::string>& arguments;
  const Json& overrides;  ///< As Settings::read takes them.
  const std::vector<ParameterProblem>& problems;
};

/// Answers --help, --describe and the other options that look at a bot; nothing if the bot is to
/// run. What is asked for goes to standard output.
/// Throws StartError for the first of the problems unless they are what is asked for.
std::optional<ExitCode> inspect(const Bot& bot, const Inspected& run, Log& log);

/// Whether messages are wanted as text even where nobody watches (INTELMQ_LOG_FORMAT=text).
bool plain_messages_wanted();

}  // namespace intelmq
