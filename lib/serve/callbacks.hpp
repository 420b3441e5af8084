// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "base/log.hpp"
#include "serve/callback_kind.hpp"
#include "serve/facts.hpp"
#include "serve/file_writer.hpp"
#include "serve/loop.hpp"
#include "serve/problem.hpp"

namespace intelmq::serve {

/// One try to deliver a notice.
struct Delivery {
  double at = 0;
  std::string event, notice;
  unsigned attempt = 1;
  bool delivered = false;
  std::string detail;
  double seconds = 0;
  Json json() const;
};

/// A monitoring system that wants to be told.
struct Callback {
  std::string id;
  const CallbackKind* kind = nullptr;
  Json settings;  ///< As configured, secrets too.
  bool on_status = false, on_alert = false, on_heartbeat = false;
  double interval = 60, ttl = 138;  ///< Seconds.

  // what became of it
  Status told_status = Status::pass;
  std::vector<Check> told_alerts;
  double told_at = 0;               ///< When a notice came through last.
  double tried_at = 0;              ///< When one was tried.
  double next_try = 0;              ///< Not before, after a failure.
  unsigned tries = 0;               ///< Failures since the last success.
  std::shared_ptr<Notice> pending;  ///< What did not come through yet.
  bool in_flight = false;
  std::deque<Delivery> deliveries;  ///< The newest first, at most 50.

  /// As the API shows it: secrets as {"$secret": "set"}.
  Json json() const;
};

/// Reads a callback as the API takes it. `before`: the one it replaces, whose secrets stay where
/// {"$secret": "set"} stands. Nothing: `errors` says why.
std::optional<Callback> read_callback(const Json& body, const Callback* before,
                                      const Outside& outside, std::vector<FieldError>& errors);

/// Tells monitoring systems how the service is: what each wants to hear of, and again, with growing
/// pauses, until it came through. A notice is always of now, so nothing piles up. On the loop only.
class Callbacks {
 public:
  struct Parts {
    Loop& loop;
    Log& log;
    std::string file;  ///< callbacks.json; empty: kept nowhere.
    Outside outside;
    std::function<Facts()> facts;
    /// The checks as they are now.
    std::function<const std::vector<Check>&(const Facts&)> checks;
  };
  using Shared = std::shared_ptr<Callback>;
  static constexpr std::size_t most = 32, most_deliveries = 50;

  explicit Callbacks(Parts parts);
  /// Reads the file, if there is one. Blocks. Error: names the file and what is wrong in it.
  Result<void> load();
  /// From now on notices go out.
  void begin();
  /// Sends what is due.
  void tick();

  const std::map<std::string, Shared>& all() const { return all_; }
  Shared find(const std::string& id) const;
  /// Adds one, or replaces the one with `id` (empty: a new one); on disk before it counts.
  void put(const std::string& id, const Json& body,
           const std::function<void(Answer<Shared>)>& then);
  void remove(const std::string& id, const std::function<void(Answer<void>)>& then);
  /// Sends a notice `test` now.
  void test(const Shared& callback, std::function<void(Delivery)> then);

 private:
  std::string text_with(const Shared& changed, const std::string& removed) const;
  std::shared_ptr<Notice> notice(const Callback& callback, std::string_view event,
                                 const Facts& facts, const std::vector<Check>& checks);
  std::string_view due(const Callback& callback, const Facts& facts,
                       const std::vector<Check>& checks) const;
  void send(const Shared& callback, const std::shared_ptr<Notice>& notice,
            std::function<void(const Delivery&)> then);
  void settle(Callback& callback, const Notice& notice, const Delivery& delivery);
  std::string random_id();

  Parts parts_;
  FileWriter writer_;
  std::map<std::string, Shared> all_;
  Watch timer_;
  std::mt19937_64 random_{std::random_device{}()};
  unsigned running_ = 0;
};

}  // namespace intelmq::serve
