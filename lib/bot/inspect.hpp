// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "bot/settings.hpp"

namespace intelmq {

/// Answers --help, --describe and the other options that look at a bot; nothing if the bot is to
/// run. What is asked for goes to standard output.
std::optional<ExitCode> inspect(const Bot& bot, const Settings& settings,
                                const std::vector<std::string>& arguments, Log& log);

/// SIGHUP: parameters and data files anew; when they are of no use the old instance goes on.
void reload_instance(const Bot& bot, const std::vector<std::string>& arguments,
                     const Context& context, Log& log, Settings& settings,
                     std::unique_ptr<Instance>& running);

/// Whether messages are wanted as text even where nobody watches (INTELMQ_LOG_FORMAT=text).
bool plain_messages_wanted();

}  // namespace intelmq
