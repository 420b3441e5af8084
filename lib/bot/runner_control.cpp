// SPDX-License-Identifier: Apache-2.0
// The runner's side of the conversation with the program that started the bot.
#include <fmt/format.h>
#include <time.h>

#include "bot/checks.hpp"
#include "bot/runner.hpp"

namespace intelmq {
namespace {

Json number(std::uint64_t value) { return static_cast<std::int64_t>(value); }

Json numbers(const Counts::Reasons& reasons) {
  Json out = Json::object();
  for (const auto& [reason, count] : reasons) out.set(reason, number(count));
  return out;
}

/// `{"pointer", "code", "detail"}` of each.
Json errors_of(const std::vector<ParameterProblem>& problems) {
  Json out = Json::array();
  for (const ParameterProblem& problem : problems)
    out.push(Json::object()
                 .set("pointer", problem.parameter.empty() ? "#" : "#/" + problem.parameter)
                 .set("code", problem.code)
                 .set("detail", problem.text));
  return out;
}

}  // namespace

/// Between two records, when somebody calls; false to end the loop.
bool Runner::heed() {
  p_.control->attend();
  if (!p_.control->pending()) return !stop_ && !draining_ && !p_.wakeup.finish_asked();
  while (auto request = p_.control->take()) carry_out(std::move(*request));
  while (on_hold_ && !stop_ && !draining_ && !p_.wakeup.finish_asked()) {
    {
      const Control::Rest rest(p_.control);
      if (!p_.source || !p_.source->wait_held(p_.wakeup)) p_.wakeup.wait(-1, -1);
    }
    look_at_signals();
    while (auto request = p_.control->take()) carry_out(std::move(*request));
  }
  return !stop_ && !draining_ && !p_.wakeup.finish_asked();
}

/// Everything that was taken is delivered, committed and acknowledged.
bool Runner::settle_all() {
  finish_batch();
  return !stop_ && deliver();
}

void Runner::carry_out(Control::Request request) {
  if (request.op == "pause") return hold(request);
  if (request.op == "resume") return let_go(request);
  if (request.op == "drain") return drain(std::move(request));
  if (request.op == "reload") return reload(request);
  if (request.op == "reload-data") return reload_data(request);
  if (request.op == "tap") return tap(request);
  if (request.op == "dump") return dump(request);
  test(request);
}

void Runner::hold(const Control::Request& request) {
  if (p_.source && !on_hold_) take_rest(false);
  if (!settle_all())
    return p_.control->refuse(request, "internal", "what was in hand could not be delivered");
  // Whoever asked has long been told that it did not work.
  if (request.late())
    return p_.control->refuse(request, "bot-timeout", "delivering took longer than the deadline");
  if (p_.source && !on_hold_) p_.source->hold(true);
  on_hold_ = true;
  p_.control->succeed(request, Json::object().set("inflight", number(inflight())));
  p_.control->state("paused");
}

void Runner::let_go(const Control::Request& request) {
  if (p_.source && on_hold_) p_.source->hold(false);
  on_hold_ = false;
  p_.control->succeed(request);
  p_.control->state("running");
}

void Runner::reload(const Control::Request& request) {
  const Json& parameters = request.body["parameters"];
  if (!parameters.is_object())
    return p_.control->refuse(request, "malformed-request", "parameters is no object");
  if (!settle_all())
    return p_.control->refuse(request, "internal", "what was in hand could not be delivered");
  const Reloader::Outcome done = p_.reloader->apply(parameters, p_.instance);
  if (!done.problems.empty())
    return p_.control->refuse(request, "validation", done.problems.front().text,
                              errors_of(done.problems));
  take_parameters();
  Json changes = Json::array();
  for (const std::string& name : done.changed) changes.push(Json::object().set("parameter", name));
  p_.control->succeed(
      request, Json::object().set("applied", done.applied).set("changes", std::move(changes)));
}

/// A file is opened by the name that the parameters give.
void Runner::reload_data(const Control::Request& request) {
  const std::string& path = request.body["path"].text();
  for (const ExternalData& data : p_.bot.description.data)
    for (const Parameter* const parameter : p_.settings.parameters(p_.bot))
      if (data.name == request.body["name"].text() && parameter->name == data.parameter &&
          !path.empty() && !(p_.settings.value(*parameter) == Json(path)))
        return p_.control->refuse(
            request, "validation",
            path + " is not the file that " + parameter->name + " names; set that, too");
  if (!settle_all())
    return p_.control->refuse(request, "internal", "what was in hand could not be delivered");
  if (const auto done = p_.reloader->renew(p_.instance); !done)
    return p_.control->refuse(request, "validation", done.error().text);
  p_.control->succeed(request, Json::object().set("applied", "hot"));
}

void Runner::test(const Control::Request& request) {
  const TestReport report = request.op == "config-test"
                                ? config_report(p_.bot, p_.settings, p_.log)
                                : connection_report(p_.bot, p_.settings, p_.log, p_.instance.get());
  p_.control->succeed(request, report.json());
}

/// It is answered when the last one is delivered.
void Runner::drain(Control::Request request) {
  if (!draining_) p_.control->state("draining");
  draining_ = true;
  if (parsing_raw_) p_.wakeup.ask_to_finish();  // a feed need not end
  drains_.push_back(std::move(request));
}

/// The run is over.
void Runner::take_leave() {
  if (draining_ && exit_ == ExitCode::bad_data) exit_ = ExitCode::ok;
  if (p_.control->gone() && (exit_ == ExitCode::ok || exit_ == ExitCode::bad_data))
    exit_ = ExitCode::temporary;
  for (const Control::Request& request : drains_) {
    if (exit_ == ExitCode::ok)
      p_.control->succeed(request, Json::object().set("inflight", number(inflight())));
    else
      p_.control->refuse(request, "internal", "what was in hand could not be delivered");
  }
}

std::uint64_t Runner::taken() const {
  return p_.bot.shape == Shape::parser ? counts_.reports : counts_.read;
}

std::uint64_t Runner::inflight() const { return taken() - settled_; }

/// Once per delivery, and when somebody asks: no clock for each event.
void Runner::note_records() {
  if (counts_.handled() == noted_) return;
  noted_ = counts_.handled();
  last_message_ = static_cast<double>(time(nullptr));
}

/// For a service manager.
std::string Runner::status() const {
  return fmt::format("{} records taken, {} sent, {} dropped, {} failed", counts_.read,
                     p_.bot.shape == Shape::splitter ? counts_.emitted : counts_.written,
                     counts_.dropped(), counts_.failed());
}

Json Runner::stats() {
  note_records();
  const std::uint64_t sent = p_.bot.shape == Shape::splitter ? counts_.emitted : counts_.written;
  Json counters = Json::object();
  counters.set("received", number(counts_.read))
      .set("sent", number(sent))
      .set("dropped", number(counts_.dropped()))
      .set("failed", number(counts_.failed()))
      .set("retries", number(counts_.retries))
      .set("received_bytes", number(counts_.received_bytes))
      .set("sent_bytes", number(p_.paths.bytes()))
      .set("busy_s", p_.control->busy_seconds())
      .set("idle_s", p_.control->idle_seconds());
  if (counts_.reports) counters.set("reports", number(counts_.reports));
  Json by_path = Json::object().set("_default", number(counts_.sent("_default")));
  if (p_.bot.shape == Shape::output) by_path.set("_default", number(counts_.written));
  for (const auto& [path, count] : counts_.paths()) by_path.set(path, number(counts_.sent(path)));
  return Json::object()
      .set("counters", std::move(counters))
      .set("sent_by_path", std::move(by_path))
      .set("failed_by_reason", numbers(counts_.failed_reasons()))
      .set("dropped_by_reason", numbers(counts_.dropped_reasons()))
      .set("gauges",
           Json::object().set("inflight", number(inflight())).set("last_message", last_message_))
      .set("hist", meter_->durations())
      .set("fields", meter_->fields());
}

}  // namespace intelmq
