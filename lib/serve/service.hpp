// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/log.hpp"
#include "serve/bots.hpp"
#include "serve/child.hpp"
#include "serve/facts.hpp"
#include "serve/lifecycle.hpp"
#include "serve/loop.hpp"
#include "serve/tally.hpp"

namespace intelmq::serve {

/// What the service needs to know of how serve was started.
struct ServiceOptions {
  std::string name, instance, state_directory;
  std::chrono::milliseconds start_limit{60'000}, stop_limit{30'000}, silence{30'000};
  unsigned restarts = 5;                    ///< At most so many
  std::chrono::seconds restart_span{600};   ///< within this time; then it has failed.
  std::chrono::seconds healthy_after{300};  ///< Running so long, it begins to count anew.
  std::chrono::milliseconds first_wait{1000}, longest_wait{60'000};  ///< Back-off.
};

/// What the service asks of its surroundings; all may be empty.
struct ServiceCalls {
  /// Before the first start: fetches data that is required, then calls on.
  std::function<void(std::function<void()> then)> prepare;
  /// What the API set for a bot, secrets resolved.
  std::function<Json(const std::string& bot)> overrides;
  std::function<std::uint64_t()> revision;
  /// Why it may not be started (after a migration).
  std::function<std::optional<Problem>(bool force)> may_start;
  std::function<void(const std::string& bot, std::string_view line)> line;
  /// Events of a bot that are not the service's own: alert, message, tap.
  std::function<void(const std::string& bot, const Json& event)> event;
  std::function<void()> changed;  ///< The state has changed.
};

/// The bots of one service as processes: the small pipeline `a | b | c`, as often as it is scaled.
/// Bots of a pipeline start and end together, for what lies in a pipe between them belongs to both.
class Service final : public Bots {
 public:
  Service(Loop& loop, Log& log, ServiceOptions options, std::vector<BotSetup> bots,
          ServiceCalls calls);
  ~Service() override;

  // Bots
  const std::vector<BotSetup>& all() const override { return bots_; }
  std::string state() const override { return std::string(name_of(state_)); }
  void ask(std::string_view bot, Json request, std::chrono::milliseconds limit,
           Then<Json> then) override;
  void ask_with(std::string_view bot, Json request, int descriptor, std::chrono::milliseconds limit,
                Then<Json> then) override;
  Command scratch(std::string_view bot, const Json& overrides,
                  std::vector<std::string> more) const override;
  void perform(std::string_view action, Json options, Then<Json> then) override;

  /// The name of the instance from the next start of its bots on.
  void rename(std::string instance) { options_.instance = std::move(instance); }
  /// Goes to the state that is desired (kept in the state directory).
  void begin();
  /// Drains and ends everything, then calls; for the end of serve.
  void finish(std::chrono::milliseconds limit, std::function<void()> then);

  State current() const { return state_; }
  Desired desired() const { return desired_; }
  Answer<Json> set_desired(std::string_view name, Then<Json> then);
  /// The status document; `bot` empty: of all.
  Json status(std::string_view bot = {}) const;
  void fill(Facts& facts) const;
  bool completed() const { return reason_ == "completed"; }
  int last_code() const { return last_code_; }  ///< Of the last bot that ended.
  const std::vector<BotSetup>& setups() const { return bots_; }
  /// Instances of the whole pipeline.
  unsigned instances() const { return instances_; }
  void scale(unsigned instances, Then<Json> then);
  /// Pauses or resumes one bot of a pipeline; the others go on as far as they can.
  void hold(std::string_view bot, bool held, Then<Json> then);
  /// What operation holds the lock; empty: none.
  std::string operation() const;

 private:
  struct Running;
  using Chain = std::vector<std::unique_ptr<Running>>;
  struct Operation {
    Action action;
    Then<Json> then;
  };

  void set_state(State state, std::string reason = {});
  void set_wanted(Desired desired);
  void settle(Answer<Json> answer);
  void carry_out(Action action, const Json& options);
  bool starts_allowed(const Json& options);
  // starting
  void start_all();
  void start_chains();
  Result<void> start_chain(unsigned number);
  Result<void> start_bot(Chain& chain, unsigned number, std::size_t place, int input, int output);
  void look_whether_ready();
  void all_ready();
  void start_failed(const std::string& why);
  // what bots say and do
  void take_event(Running& bot, const Json& event);
  void ended(Running& bot, Exit exit);
  void all_ended();
  void back_off(const std::string& why);
  void watch();
  void poll();
  // pausing
  void pause(std::chrono::milliseconds limit);
  void wait_until_dry(std::chrono::steady_clock::time_point deadline, std::string before);
  void pause_failed(const Problem& problem);
  void resume();
  // reloading
  void reload(const Json& options);
  void reload_next(std::vector<Running*> left, std::shared_ptr<Json> told);
  void reload_failed(Problem problem);
  void restart_for_reload();
  void take_back();
  void reloaded();
  void follow_desire();
  // ending
  void drain(std::chrono::milliseconds limit, const std::string& why);
  void terminate();

  std::vector<Running*> everyone() const;
  std::vector<Running*> firsts() const;
  Running* find_running(std::string_view bot) const;
  std::string bot_state(const BotSetup& bot) const;
  Json overrides_of(const BotSetup& bot, unsigned chain) const;
  std::string write_overrides(const BotSetup& bot, unsigned chain) const;
  Json bot_status(const BotSetup& bot) const;

  Loop& loop_;
  Log& log_;
  ServiceOptions options_;
  std::vector<BotSetup> bots_;
  ServiceCalls calls_;
  State state_ = State::stopped;
  Desired desired_ = Desired::running;
  double since_ = 0;
  std::string reason_;
  std::vector<Chain> chains_;
  unsigned instances_ = 1;
  std::optional<Operation> operation_;
  std::vector<Then<Json>> when_settled_;      ///< Those who wait for what is going on.
  std::map<std::string, Json> running_with_;  ///< Overrides of the processes that run.
  std::map<std::string, Json> fallback_;      ///< During a reload: those from before.
  std::map<std::string, Tally> tallies_;
  std::map<std::string, std::pair<Exit, double>> last_exit_;
  std::deque<std::chrono::steady_clock::time_point> ends_;  ///< Bad ones, within the span.
  std::chrono::milliseconds wait_{0};
  std::string end_reason_;   ///< Why the bots are being ended.
  bool restarting_ = false;  ///< They start again once they have ended.
  bool prepared_ = false, startup_done_ = false, finishing_ = false, bad_end_ = false;
  bool configuration_error_ = false, taken_back_ = false;
  std::string bad_end_text_;
  int last_code_ = 0;
  std::function<void()> finished_;
  State before_reload_ = State::running;
  Json reload_changes_ = Json::array();
  std::string reload_applied_;
  Watch timer_, watch_timer_, poll_timer_, healthy_timer_;
  OrphanReaper orphans_;
};

}  // namespace intelmq::serve
