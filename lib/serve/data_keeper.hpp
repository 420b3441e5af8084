// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <atomic>
#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "serve/bots.hpp"
#include "serve/facts.hpp"
#include "serve/loop.hpp"
#include "serve/operations.hpp"
#include "serve/router.hpp"
#include "serve/updates.hpp"

namespace intelmq::serve {

struct DataOptions {
  std::string state_directory;
  std::string ca_file;                     ///< For servers of data; empty: the system's.
  std::chrono::milliseconds look{30'000};  ///< How often files are looked at.
  unsigned alert_after = 3;                ///< Failures in a row.
  Environment environment = process_environment;
};

/// What it asks of its surroundings, on the loop; all may be empty.
struct DataCalls {
  std::function<Json(const std::string& bot)> overrides;  ///< Parameters that the API set.
  /// The file is another one now.
  std::function<void(const std::string& bot, const std::string& name, const std::string& path)>
      reload_data;
  std::function<void(const std::string& name, const std::string& text)> alert;
};

/// The files that the bots look things up in: how old they are, and their updates. Policies are
/// kept in `data-policy.json` of the state directory, what is known of updates in
/// `data-state.json`. On the loop only.
class DataKeeper {
 public:
  DataKeeper(Loop& loop, Log& log, const Bots& bots, DataOptions options, DataCalls calls);
  ~DataKeeper();
  DataKeeper(const DataKeeper&) = delete;
  DataKeeper& operator=(const DataKeeper&) = delete;

  /// Before the bots start: looks at everything, gets what is required and missing or expired
  /// (unless its policy is not automatic), then calls, whatever came of it. From then on files are
  /// watched and updated.
  void prepare(std::function<void()> then);
  void fill(Facts& facts) const;
  /// GET data, GET data/{name}, POST data/{name}/check and /update, GET and PUT data/{name}/policy.
  void add_routes(Router& router, Operations& operations, bool read_only, bool require_if_match);

 private:
  struct Entry;
  enum class Action : std::uint8_t { check, update, force };
  struct Done;

  std::shared_ptr<Entry> find(const std::string& name) const;
  void add(const BotSetup& bot, DataRule rule);
  DataPolicy first_policy(const DataRule& rule) const;
  void read_kept();
  bool resolve_paths();
  void look(std::function<void()> then);
  void take_look(Entry& entry, DataCopy copy);
  void tick();
  // updates, one after the other
  void act(const std::shared_ptr<Entry>& entry, Action action, unsigned tries, Then<Json> then);
  void next_job();
  void finish(Entry& entry, Action action, Done done, const Then<Json>& then);
  void note_failure(Entry& entry, const UpdateFailure& failure, bool counts);
  void plan(Entry& entry, std::chrono::milliseconds wait);
  void save(std::function<void(bool good)> then = {});
  double draw() { return std::uniform_real_distribution<>(0, 1)(random_); }

  Json document(const Entry& entry) const;
  Response list(const Request& request) const;
  Response policy(const Entry& entry) const;
  void set_policy(const std::shared_ptr<Entry>& entry, const Request& request, Responder respond);

  Loop& loop_;
  Log& log_;
  const Bots& bots_;
  DataOptions options_;
  DataCalls calls_;
  std::vector<std::shared_ptr<Entry>> entries_;
  std::deque<std::function<void()>> jobs_;  ///< The first one is running.
  bool saving_ = false, looking_ = false, require_if_match_ = false, read_only_ = false;
  std::vector<std::function<void(bool)>> when_saved_;
  std::minstd_rand random_{std::random_device{}()};
  std::shared_ptr<std::atomic<bool>> ending_ = std::make_shared<std::atomic<bool>>(false);
  Watch timer_;
};

}  // namespace intelmq::serve
