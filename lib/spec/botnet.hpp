// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"

// What IntelMQ's runtime.yaml says about the queues and statistics of a bot.

namespace intelmq {

/// Names of queues: a list, or a text with blanks between them. Nothing: it is neither.
std::optional<std::vector<std::string>> queue_names(const Json& value);

/// The queues of a bot as `--source` and `--destination` take them.
struct QueueUrls {
  std::string source;
  std::vector<std::string> destinations;  ///< Each `PATH=URL`.
};

/// `parameter(name)` gives a parameter of the bot, or null. The bot's source is `<id>-queue` unless
/// it says otherwise; servers are Redis on 127.0.0.1 unless it says otherwise. Error: names the
/// parameter, its value and what it may be.
Result<QueueUrls> queue_urls(const std::function<Json(std::string_view)>& parameter,
                             std::string_view id);

/// Where its statistics go to, as `--statistics` takes it: Redis, database 3 on 127.0.0.1 unless
/// the parameters `statistics_*` say otherwise.
std::string statistics_url(const std::function<Json(std::string_view)>& parameter);

/// Whether one of these looks at the parameter.
bool is_botnet_parameter(std::string_view name);

}  // namespace intelmq
