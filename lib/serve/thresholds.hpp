// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "serve/bots.hpp"

namespace intelmq::serve {

/// From which value on something is a warning, or critical; without one it never is.
struct Levels {
  std::optional<double> warn, crit;
};

/// When the state of a service deserves attention.
struct Thresholds {
  Levels queue{20'000, 50'000};     ///< Messages waiting.
  double queue_horizon = 3600;      ///< Warn if growth leads to `queue.crit` within that, seconds.
  Levels error_rate{0.05, 0.5};     ///< Share of the messages of the window that failed.
  double error_window = 2 * 86400;  ///< Seconds.
  Levels silence{6 * 86400.0, {}};  ///< Seconds without a message at the service's entry.
  Levels data_age;                  ///< Seconds; none: the rule that comes with the data.
  Levels heartbeat{15, 30};         ///< Seconds without a sign of life of a bot.
  std::map<std::string, std::string> ignore;  ///< Name of a check: why it does not count.

  Json json() const;
  /// What is absent keeps its default, null turns a level off. Problem: validation.
  static Answer<Thresholds> parse(const Json& document);
};

/// The names that `ignore` may have: "no_data" ...
const std::vector<std::string_view>& check_names();

/// The thresholds of the service, and of the bots that have their own.
class ThresholdBook {
 public:
  /// Reads what `text` gave. Error: what is wrong in it.
  static Result<ThresholdBook> parse(std::string_view text);
  std::string text() const;

  /// Those of the bot; of the service for a bot without its own, and for "".
  const Thresholds& of(std::string_view bot) const;
  bool has_own(std::string_view bot) const { return bots_.contains(bot); }
  /// "": of the service.
  void set(std::string_view bot, Thresholds thresholds);

 private:
  Thresholds service_;
  std::map<std::string, Thresholds, std::less<>> bots_;
};

}  // namespace intelmq::serve
