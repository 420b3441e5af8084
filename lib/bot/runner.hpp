// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <bitset>
#include <memory>
#include <optional>
#include <vector>

#include "base/notify.hpp"
#include "base/wakeup.hpp"
#include "bot/bot.hpp"
#include "bot/control.hpp"
#include "bot/counts.hpp"
#include "bot/failures.hpp"
#include "bot/meter.hpp"
#include "bot/paths.hpp"
#include "bot/reload.hpp"
#include "bot/settings.hpp"
#include "bot/statistics.hpp"
#include "queue/source.hpp"

namespace intelmq {

/// Drives one bot from its source to its destinations and keeps the promises that no bot has to:
/// nothing is acknowledged, and no state committed, before it was delivered; every record is
/// counted once; a record that fails takes no other along.
class Runner final : private Emit {
 public:
  /// Everything is borrowed.
  struct Parts {
    const Bot& bot;
    const Settings& settings;
    const EventRules& rules;
    Source* source;  ///< nullptr for collectors.
    Paths& paths;
    Wakeup& wakeup;
    Log& log;
    std::unique_ptr<Instance> instance;
    Reloader* reloader = nullptr;
    Statistics* statistics = nullptr;
    Control* control = nullptr;
    Notify* notify = nullptr;
  };
  explicit Runner(Parts parts);
  ~Runner() override;
  Runner(const Runner&) = delete;
  Runner& operator=(const Runner&) = delete;

  ExitCode run();
  const Counts& counts() const { return counts_; }
  double seconds() const;

 private:
  // the loops
  void run_lines();
  void run_collector();
  void collect();
  void run_raw();
  void take_line(const Record& record);
  void take_measured(const Record& record);
  void take_event();
  void take_batch_event(const Record& record);
  void finish_batch();
  void parse_report(const Record& record);
  void parse_stream(const ByteSource& bytes);
  Result<std::size_t> read_and_heed(const ByteSource& bytes, char* out, std::size_t size);
  void take_lines();
  void take_rest(bool last);
  void take_oversize();
  bool idle();
  bool between_records();
  bool look_at_signals();
  bool paced();
  bool pause(std::chrono::milliseconds length);

  // requests
  bool is_called() const { return p_.wakeup.take_call() || p_.control->pending(); }
  bool heed();
  bool settle_all();
  void carry_out(Control::Request request);
  void hold(const Control::Request& request);
  void let_go(const Control::Request& request);
  void drain(Control::Request request);
  void reload(const Control::Request& request);
  void reload_data(const Control::Request& request);
  void test(const Control::Request& request);
  void take_leave();
  std::string status() const;
  std::uint64_t taken() const;
  std::uint64_t inflight() const;
  void note_records();
  Json stats();

  void take_parameters();
  void tap(const Control::Request& request);
  void show(const std::string& path, std::string_view lines);
  void show_failed(std::string_view original, std::string_view reason, std::string_view code);
  Json message() const;
  void dump(const Control::Request& request);

  // verdicts
  bool wanted() const;
  void settle(Event& event, std::string_view original);
  void route(Event& event);
  void fail(std::string_view original, std::string_view reason, std::string_view code);
  void pass_on(std::string_view original);
  bool deliver();
  void stop_with(ExitCode code, const std::string& text);

  // Emit
  void failed(std::string_view record, std::string_view reason) override;
  void send(Event& event) override;
  Event& begin() override;
  void end(std::string_view raw, std::string_view original) override;
  Result<void> end_report(const ByteSource& bytes) override;
  bool stopped() const override;
  void add_feed(Event& event);
  void add_defaults(Event& event);
  void write_raw(const ByteSource& bytes, Result<void>& result);

  Parts p_;
  const Options& options_;
  Counts counts_;
  Failures failures_;
  FieldUse fields_;
  std::bitset<field_count> permitted_;
  std::vector<FieldName> permitted_others_;
  std::vector<FieldName> copied_;
  Event event_, made_;
  LineError line_error_;
  Record record_;
  // a batch: events whose lines are kept here until their verdict
  struct Held {
    explicit Held(const EventRules& rules) : event(rules) {}
    Event event;
    std::string line;
    Record where;
    std::string source;
  };
  std::vector<std::unique_ptr<Held>> held_;
  std::vector<Event*> batch_;
  bool stop_ = false, parsing_raw_ = false, type_wanted_ = false;
  ExitCode exit_ = ExitCode::ok;
  std::int64_t started_ = 0;
  // for requests
  std::optional<Meter> meter_;
  bool sampled_ = false;  // the event in hand is looked at
  bool on_hold_ = false, draining_ = false;
  std::vector<Control::Request> drains_;  // to be answered at the end
  std::uint64_t settled_ = 0, noted_ = 0;
  struct Tap {
    Json id;
    std::string path;  ///< Empty: any.
    std::int64_t left, left_out;
  };
  std::vector<Tap> taps_;
  std::int64_t failed_second_ = 0, failed_left_out_ = 0;
  std::uint64_t failed_shown_ = 0;
  double last_message_ = 0;
};

}  // namespace intelmq
