// SPDX-License-Identifier: Apache-2.0
// What the service is asked to do, and what that means where it stands.
#include "serve/service.hpp"

#include <signal.h>

#include <algorithm>

#include "base/file.hpp"
#include "serve/service_running.hpp"

namespace intelmq::serve {

using std::chrono::milliseconds;

Service::Service(Loop& loop, Log& log, ServiceOptions options, std::vector<BotSetup> bots,
                 ServiceCalls calls)
    : loop_{loop},
      log_{log},
      options_{std::move(options)},
      bots_{std::move(bots)},
      calls_{std::move(calls)},
      since_{unix_time()} {
  if (const auto kept = read_file(options_.state_directory + "/desired.json"))
    if (const auto json = Json::parse(*kept))
      if (const auto known = desired_named((*json)["desired"].text())) desired_ = *known;
  for (const BotSetup& bot : bots_) tallies_[bot.id];
  watch_timer_ = loop_.every(milliseconds(1000), [this] { watch(); });
  poll_timer_ = loop_.every(milliseconds(2000), [this] { poll(); });
}

Service::~Service() = default;

void Service::begin() {
  if (desired_ == Desired::stopped) return set_state(State::stopped, "stopped before");
  const auto refused = calls_.may_start ? calls_.may_start(false) : std::nullopt;
  if (refused) return set_state(State::stopped, refused->detail);
  start_all();
}

void Service::finish(milliseconds limit, std::function<void()> then) {
  finishing_ = true;
  finished_ = std::move(then);
  restarting_ = false;
  timer_.reset();
  if (everyone().empty()) return loop_.post(finished_);
  settle(refuse("bot-unavailable", "the service ends"));
  drain(limit, "serve ends");
}

void Service::set_state(State state, std::string reason) {
  if (state != state_) {
    log_.info(std::string(name_of(state_)) + " -> " + std::string(name_of(state)) +
              (reason.empty() ? "" : ": " + reason));
    since_ = unix_time();
  }
  state_ = state;
  reason_ = std::move(reason);
  if (calls_.changed) calls_.changed();
}

void Service::set_wanted(Desired desired) {
  desired_ = desired;
  const Json kept = Json::object().set("desired", name_of(desired));
  const auto done = atomic_write(options_.state_directory + "/desired.json", kept.dump() + '\n');
  if (!done) log_.warning("the desired state is not kept: " + done.error().text);
}

std::string Service::operation() const {
  return operation_ ? std::string(name_of(operation_->action)) : "";
}

/// Ends the operation that is going on, if one is, and answers those who waited for it.
void Service::settle(Answer<Json> answer) {
  const auto operation = std::move(operation_);
  operation_.reset();
  const auto waiting = std::move(when_settled_);
  when_settled_.clear();
  if (operation) operation->then(answer);
  for (const auto& then : waiting) then(answer);
}

void Service::perform(std::string_view name, Json options, Then<Json> then) {
  const auto action = action_named(name);
  if (!action) return then(refuse("not-found", "there is no action " + std::string(name)));
  const Meaning meaning = meaning_of(*action, state_);
  const auto conflict = [&](std::string detail) {
    Problem problem{"state-conflict", std::move(detail), {}, Json::object(), {}};
    Json allowed = Json::array();
    for (const std::string_view each : allowed_in(state_)) allowed.push(each);
    problem.members.set("state", name_of(state_))
        .set("desired", name_of(desired_))
        .set("allowed", std::move(allowed));
    then(tl::unexpected(std::move(problem)));
  };
  const std::string here = "while it is " + std::string(name_of(state_));
  switch (meaning) {
    case Meaning::same: return then(status());
    case Meaning::use_start: return conflict("it is stopped; use start");
    case Meaning::use_resume: return conflict("it is paused; use resume");
    case Meaning::refused: return conflict(std::string(name) + " is not possible " + here);
    case Meaning::remember: set_wanted(Desired::paused); return then(status());
    default: break;
  }
  if (operation_ && *action != Action::stop && meaning != Meaning::later) {
    Problem problem{"operation-in-progress",
                    std::string(name_of(operation_->action)) + " is still going on; wait for it",
                    {},
                    Json::object(),
                    {}};
    problem.members.set("operation", operation());
    return then(tl::unexpected(std::move(problem)));
  }
  if (meaning == Meaning::later) {
    set_wanted(*action == Action::pause ? Desired::paused : Desired::running);
    when_settled_.push_back(std::move(then));
    return;
  }
  if (*action == Action::start || *action == Action::restart || *action == Action::resume) {
    const bool force = options["force"].boolean();
    if (auto refused = calls_.may_start ? calls_.may_start(force) : std::nullopt)
      return then(tl::unexpected(std::move(*refused)));
  }
  if (operation_) settle(refuse("state-conflict", "the service was stopped meanwhile"));
  operation_ = Operation{*action, std::move(then)};
  carry_out(*action, options);
}

void Service::carry_out(Action action, const Json& options) {
  timer_.reset();
  const milliseconds limit = limit_of(options, "deadline", options_.stop_limit);
  switch (action) {
    case Action::start:
      set_wanted(Desired::running);
      ends_.clear();
      wait_ = milliseconds(0);
      return start_all();
    case Action::stop:
      set_wanted(Desired::stopped);
      restarting_ = false;
      if (everyone().empty()) {
        set_state(State::stopped, "stopped");
        return settle(status());
      }
      return drain(
          options["drain"].is_boolean() && !options["drain"].boolean() ? milliseconds(0) : limit,
          "stopped");
    case Action::restart:
      if (options["only_failed"].boolean() && state_ != State::failed && state_ != State::backoff)
        return settle(status());
      if (desired_ == Desired::stopped) set_wanted(Desired::running);
      ends_.clear();
      if (everyone().empty()) return start_all();
      restarting_ = true;
      return drain(
          options["drain"].is_boolean() && !options["drain"].boolean() ? milliseconds(0) : limit,
          "restart");
    case Action::pause: set_wanted(Desired::paused); return pause(limit);
    case Action::resume: set_wanted(Desired::running); return resume();
    case Action::reload: return reload(options);
    case Action::drain:
      set_wanted(Desired::stopped);
      if (everyone().empty()) {
        set_state(State::stopped, "drained");
        return settle(status());
      }
      return drain(limit_of(options, "deadline", std::chrono::minutes(5)), "drained");
    case Action::restore: return settle(status());
  }
}

Answer<Json> Service::set_desired(std::string_view name, Then<Json> then) {
  const auto wanted = desired_named(name);
  if (!wanted) return refuse("validation", "desired is running, paused or stopped");
  const bool down = state_ == State::stopped || state_ == State::failed;
  switch (*wanted) {
    case Desired::running:
      if (state_ == State::paused || state_ == State::pausing)
        perform("resume", Json::object(), std::move(then));
      else if (down)
        perform("start", Json::object(), std::move(then));
      else {
        set_wanted(Desired::running);
        then(status());
      }
      break;
    case Desired::paused:
      if (down) {
        set_wanted(Desired::paused);
        operation_ = Operation{Action::start, std::move(then)};
        start_all();
      } else {
        perform("pause", Json::object(), std::move(then));
      }
      break;
    case Desired::stopped: perform("stop", Json::object(), std::move(then)); break;
  }
  return Json();
}

void Service::scale(unsigned instances, Then<Json> then) {
  if (instances == instances_) return then(status());
  const bool up = state_ == State::running || state_ == State::paused;
  if (operation_ || (!up && state_ != State::stopped && state_ != State::failed))
    return then(
        refuse("state-conflict", "the number of instances cannot change while it is " + state()));
  instances_ = instances;
  if (!up) return then(status());
  operation_ = Operation{Action::restart, std::move(then)};
  restarting_ = true;
  drain(options_.stop_limit, "scaled");
}

void Service::ask(std::string_view bot, Json request, milliseconds limit, Then<Json> then) {
  std::vector<Running*> asked;
  for (Running* running : everyone())
    if (running->id == bot) asked.push_back(running);
  if (asked.empty()) return then(refuse("bot-unavailable", std::string(bot) + " does not run"));
  // What changes a bot is for all of its instances; what is only asked, one can tell.
  const std::string& op = request["op"].text();
  if (op != "log-level" && op != "reload-data") asked.resize(1);
  auto left = std::make_shared<std::size_t>(asked.size());
  auto told = std::make_shared<Answer<Json>>(Json());
  for (Running* running : asked)
    running->child->channel().ask(request, limit, [left, told, then](Answer<Json> answer) {
      if (told->has_value()) *told = std::move(answer);
      if (--*left == 0) then(std::move(*told));
    });
}

void Service::ask_with(std::string_view bot, Json request, int descriptor, milliseconds limit,
                       Then<Json> then) {
  Running* const running = find_running(bot);
  if (!running) return then(refuse("bot-unavailable", std::string(bot) + " does not run"));
  running->child->channel().ask(std::move(request), limit, std::move(then), descriptor);
}

Command Service::scratch(std::string_view bot, const Json& overrides,
                         std::vector<std::string> more) const {
  Command out;
  const BotSetup* const setup = find(bot);
  if (!setup) return out;
  out.words = {setup->program};
  out.words.insert(out.words.end(), setup->arguments.begin(), setup->arguments.end());
  out.words.insert(out.words.end(), more.begin(), more.end());
  out.environment = {"INTELMQ_LOG_FORMAT=text"};
  if (!overrides.members().empty()) {
    static unsigned number = 0;  // a few, used in turn: nothing is left behind
    const std::string path =
        options_.state_directory + "/run/scratch-" + std::to_string(number++ % 64) + ".json";
    if (atomic_write(path, overrides.dump(), 0600))
      out.environment.push_back("INTELMQ_OVERRIDES=" + path);
  }
  return out;
}

void Service::hold(std::string_view bot, bool held, Then<Json> then) {
  Running* const running = find_running(bot);
  if (!running || (state_ != State::running && state_ != State::paused))
    return then(refuse("state-conflict", "the service is " + state()));
  if (auto refused = !held && calls_.may_start ? calls_.may_start(false) : std::nullopt)
    return then(tl::unexpected(std::move(*refused)));
  Json request = Json::object().set("op", held ? "pause" : "resume");
  const std::string id(bot);
  running->child->channel().ask(std::move(request), options_.stop_limit,
                                [this, id, held, then](Answer<Json> answer) {
                                  if (!answer) return then(std::move(answer));
                                  if (Running* const known = find_running(id)) known->held = held;
                                  then(status(id));
                                });
}

// --- pause and resume
// ------------------------------------------------------------------------------------------

void Service::pause(milliseconds limit) {
  set_state(State::pausing);
  const auto deadline = std::chrono::steady_clock::now() + limit;
  auto left = std::make_shared<std::size_t>(firsts().size());
  auto failed = std::make_shared<bool>(false);
  for (Running* first : firsts())
    first->child->channel().ask(Json::object().set("op", "pause").set("deadline_ms", limit.count()),
                                limit + milliseconds(500),
                                [this, left, failed, deadline](Answer<Json> answer) {
                                  if (*failed || state_ != State::pausing) return;
                                  if (!answer) {
                                    *failed = true;
                                    return pause_failed(answer.error());
                                  }
                                  if (--*left == 0) wait_until_dry(deadline, "");
                                });
}

/// The first bots hold; the others have to finish what is in the pipes between them.
void Service::wait_until_dry(std::chrono::steady_clock::time_point deadline, std::string before) {
  if (state_ != State::pausing) return;
  auto seen = std::make_shared<std::string>();
  auto left = std::make_shared<std::size_t>(0);
  auto dry = std::make_shared<bool>(true);
  const auto done = [this, deadline, before, seen, dry] {
    if (state_ != State::pausing) return;
    if (*dry && *seen == before) {
      for (Running* first : firsts()) first->held = true;
      set_state(State::paused);
      return settle(status());
    }
    if (std::chrono::steady_clock::now() > deadline)
      return pause_failed(Problem{"bot-timeout",
                                  "the bots did not come to rest in time; they go on",
                                  {},
                                  Json::object(),
                                  {}});
    timer_ =
        loop_.after(milliseconds(20), [this, deadline, seen] { wait_until_dry(deadline, *seen); });
  };
  std::vector<Running*> others;
  for (Running* bot : everyone())
    if (bot->place > 0 && !bot->ended) others.push_back(bot);
  if (others.empty()) {
    *seen = before;
    return done();
  }
  *left = others.size();
  for (Running* bot : others) {
    if (bot->child->waiting_input() > 0) *dry = false;
    bot->child->channel().ask(Json::object().set("op", "stats"), milliseconds(5000),
                              [this, bot, seen, left, dry, done](Answer<Json> answer) {
                                if (answer) {
                                  for (const char* name : {"received", "sent", "dropped", "failed"})
                                    *seen += (*answer)["counters"][name].text() + " ";
                                  if ((*answer)["gauges"]["inflight"].integer().value_or(0) > 0)
                                    *dry = false;
                                } else {
                                  *dry = false;
                                }
                                if (--*left == 0) done();
                              });
  }
}

void Service::pause_failed(const Problem& problem) {
  for (Running* first : firsts())
    first->child->channel().ask(Json::object().set("op", "resume"), milliseconds(5000),
                                [](const Answer<Json>&) {});
  set_wanted(Desired::running);
  set_state(State::running);
  settle(tl::unexpected(problem));
}

void Service::resume() {
  auto left = std::make_shared<std::size_t>(everyone().size());
  auto problem = std::make_shared<std::optional<Problem>>();
  for (Running* bot : everyone()) {
    bot->held = false;
    bot->child->channel().ask(Json::object().set("op", "resume"), milliseconds(10'000),
                              [this, left, problem](Answer<Json> answer) {
                                if (!answer) *problem = answer.error();
                                if (--*left > 0) return;
                                if (*problem) return settle(tl::unexpected(**problem));
                                settle(status());
                              });
  }
  set_state(State::running);
}

// --- reload
// ------------------------------------------------------------------------------------------

void Service::reload(const Json& options) {
  reload_changes_ = Json::array();
  reload_applied_ = "none";
  fallback_ = running_with_;
  if (everyone().empty())
    return settle(status().set("applied", "none").set("changes", Json::array()));
  before_reload_ = state_;
  set_state(State::reloading);
  bool data_only = !options["what"].items().empty();
  for (const Json& what : options["what"].items())
    if (what.text() == "config") data_only = false;
  auto told = std::make_shared<Json>(Json::object().set("data_only", data_only));
  reload_next(everyone(), told);
}

/// One process after the other, so that the first one that refuses leaves the rest as they are.
void Service::reload_next(std::vector<Running*> left, std::shared_ptr<Json> told) {
  if (state_ != State::reloading) return;
  if (left.empty()) {
    if (reload_applied_ == "restart") return restart_for_reload();
    set_state(before_reload_);
    return reloaded();
  }
  Running* const bot = left.front();
  left.erase(left.begin());
  const BotSetup& setup = *find(bot->id);
  Json request = Json::object();
  if ((*told)["data_only"].boolean())
    request.set("op", "reload-data");
  else
    request.set("op", "reload")
        .set("parameters", overrides_of(setup, bot->chain))
        .set("revision", static_cast<std::int64_t>(calls_.revision ? calls_.revision() : 0));
  bot->child->channel().ask(
      std::move(request), options_.start_limit,
      [this, id = bot->id, left, told](Answer<Json> answer) mutable {
        if (state_ != State::reloading) return;
        if (!answer) return reload_failed(answer.error());
        const std::string& applied = (*answer)["applied"].text();
        if (applied == "restart")
          reload_applied_ = "restart";
        else if ((applied == "hot" || applied.empty()) && reload_applied_ == "none")
          reload_applied_ = "hot";
        for (const Json& change : (*answer)["changes"].items()) {
          Json named = change;
          reload_changes_.push(named.set("bot", id));
        }
        if (calls_.overrides) running_with_[id] = calls_.overrides(id);
        reload_next(std::move(left), told);
      });
}

/// A bot refused: those that took the new parameters get the old ones back.
void Service::reload_failed(Problem problem) {
  const auto changed = std::move(running_with_);
  running_with_ = fallback_;
  for (Running* bot : everyone()) {
    const auto now = changed.find(bot->id);
    if (now == changed.end() || now->second == running_with_[bot->id]) continue;
    bot->child->channel().ask(
        Json::object().set("op", "reload").set("parameters", running_with_[bot->id]),
        options_.start_limit, [](const Answer<Json>&) {});
  }
  set_state(before_reload_);
  settle(tl::unexpected(std::move(problem)));
}

/// Answers the reload; then comes what was asked for meanwhile.
void Service::reloaded() {
  const auto operation = std::exchange(operation_, std::nullopt);
  if (operation)
    operation->then(status().set("applied", reload_applied_).set("changes", reload_changes_));
  follow_desire();
}

void Service::follow_desire() {
  if (operation_) return;
  if (state_ == State::running && desired_ == Desired::paused) return pause(options_.stop_limit);
  if (state_ == State::paused && desired_ == Desired::running) return resume();
  settle(status());
}

void Service::restart_for_reload() {
  for (const BotSetup& bot : bots_)
    if (calls_.overrides) running_with_[bot.id] = calls_.overrides(bot.id);
  restarting_ = true;
  end_reason_ = "reload";
  drain(options_.stop_limit, "reload");
}

}  // namespace intelmq::serve
