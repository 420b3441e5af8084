// SPDX-License-Identifier: Apache-2.0
// How the bots' processes begin, what becomes of them, and how they end.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <random>

#include "base/file.hpp"
#include "serve/service.hpp"
#include "serve/service_running.hpp"

namespace intelmq::serve {

using std::chrono::milliseconds;
using SteadyClock = std::chrono::steady_clock;

std::vector<Service::Running*> Service::everyone() const {
  std::vector<Running*> out;
  for (const Chain& chain : chains_)
    for (const auto& bot : chain)
      if (!bot->ended) out.push_back(bot.get());
  return out;
}

std::vector<Service::Running*> Service::firsts() const {
  std::vector<Running*> out;
  for (const Chain& chain : chains_)
    if (!chain.empty() && !chain.front()->ended) out.push_back(chain.front().get());
  return out;
}

Service::Running* Service::find_running(std::string_view bot) const {
  for (Running* running : everyone())
    if (running->id == bot) return running;
  return nullptr;
}

// --- starting
// ------------------------------------------------------------------------------------------

void Service::start_all() {
  end_reason_.clear();
  bad_end_ = configuration_error_ = restarting_ = false;
  if (state_ != State::reloading) {
    for (const BotSetup& bot : bots_)
      if (calls_.overrides) running_with_[bot.id] = calls_.overrides(bot.id);
    set_state(State::starting);
  }
  if (prepared_ || !calls_.prepare) return start_chains();
  calls_.prepare([this] {
    prepared_ = true;
    if (state_ == State::starting) start_chains();
  });
}

void Service::start_chains() {
  chains_.clear();
  for (unsigned i = 0; i < instances_; ++i)
    if (const auto done = start_chain(i); !done) {
      bad_end_ = true;
      configuration_error_ = true;  // a program that is not there will not be there next time
      bad_end_text_ = done.error().text;
      terminate();
      if (everyone().empty()) loop_.post([this] { all_ended(); });
      return;
    }
  timer_ = loop_.after(options_.start_limit, [this] {
    std::string who;
    for (const Running* bot : everyone())
      if (!bot->ready) who += (who.empty() ? "" : ", ") + bot->id;
    start_failed(who + ": not ready within " + std::to_string(options_.start_limit.count() / 1000) +
                 " seconds");
  });
}

Result<void> Service::start_chain(unsigned number) {
  chains_.emplace_back();
  FileDescriptor between;
  for (std::size_t place = 0; place < bots_.size(); ++place) {
    const bool last = place + 1 == bots_.size();
    FileDescriptor read, write;
    if (!last) {
      int ends[2];
      if (pipe2(ends, O_CLOEXEC) != 0) return system_failure("pipe", "cannot be made", errno);
      read = FileDescriptor(ends[0]);
      write = FileDescriptor(ends[1]);
    }
    const int input = place > 0 ? between.get() : number == 0 ? STDIN_FILENO : -1;
    if (auto done =
            start_bot(chains_.back(), number, place, input, last ? STDOUT_FILENO : write.get());
        !done)
      return done;
    between = std::move(read);
  }
  return {};
}

Result<void> Service::start_bot(Chain& chain, unsigned number, std::size_t place, int input,
                                int output) {
  const BotSetup& setup = bots_[place];
  auto running = std::make_unique<Running>();
  Running* const bot = running.get();
  bot->id = setup.id;
  bot->chain = number;
  bot->place = place;
  bot->heard = SteadyClock::now();
  bot->started = unix_time();
  Child::Options options;
  options.words = {setup.program};
  options.words.insert(options.words.end(), setup.arguments.begin(), setup.arguments.end());
  options.environment.push_back("INTELMQ_LOG_FORMAT=json");
  if (const std::string path = write_overrides(setup, number); !path.empty())
    options.environment.push_back("INTELMQ_OVERRIDES=" + path);
  options.input = input;
  options.output = output;
  auto started = Child::start(loop_, options,
                              {[this, bot](const Json& event) { take_event(*bot, event); },
                               [this, id = setup.id](std::string_view line) {
                                 if (calls_.line) calls_.line(id, line);
                               },
                               [this, bot](Exit exit) { ended(*bot, exit); }});
  if (!started) return tl::unexpected(started.error());
  bot->child = std::move(*started);
  bot->key = std::to_string(number) + ":" + std::to_string(bot->child->pid());
  chain.push_back(std::move(running));
  bot->child->channel().ask(
      Json::object().set("op", "hello").set("proto", 1).set("instance", options_.instance),
      options_.start_limit, [](const Answer<Json>&) {});
  if (place == 0 && desired_ == Desired::paused)
    bot->child->channel().ask(Json::object().set("op", "pause"), options_.start_limit,
                              [](const Answer<Json>&) {});
  return {};
}

Json Service::overrides_of(const BotSetup& bot, unsigned chain) const {
  const auto found = running_with_.find(bot.id);
  Json out = calls_.overrides && state_ == State::reloading ? calls_.overrides(bot.id)
             : found == running_with_.end()                 ? Json::object()
                                                            : found->second;
  if (!out.is_object()) out = Json::object();
  if (instances_ < 2 || &bot != &bots_.front()) return out;
  // Each instance is a reader of its own, with a name of its own.
  const Json& source = out.has("source") ? out["source"] : bot.settings["source"];
  std::string url = source.text();
  if (!url.starts_with("redis") || url.find("instance=") != url.npos) return out;
  url += (url.find('?') == url.npos ? "?instance=" : "&instance=") + options_.instance + "-" +
         std::to_string(chain + 1);
  return out.set("source", url);
}

std::string Service::write_overrides(const BotSetup& bot, unsigned chain) const {
  const Json overrides = overrides_of(bot, chain);
  if (overrides.members().empty()) return {};
  const std::string path =
      options_.state_directory + "/run/" + bot.id + "-" + std::to_string(chain + 1) + ".json";
  if (auto done = atomic_write(path, overrides.dump(), 0600); !done) {
    log_.error(done.error().text);
    return {};
  }
  return path;
}

void Service::look_whether_ready() {
  if (state_ != State::starting && state_ != State::reloading) return;
  std::size_t ready = 0;
  for (const Chain& chain : chains_)
    for (const auto& bot : chain) ready += bot->ready ? 1 : 0;
  if (ready == bots_.size() * instances_) all_ready();
}

void Service::all_ready() {
  timer_.reset();
  startup_done_ = true;
  healthy_timer_ = loop_.after(options_.healthy_after, [this] {
    ends_.clear();
    wait_ = milliseconds(0);
  });
  const bool reloaded_now = state_ == State::reloading;
  set_state(State::running);
  if (desired_ != Desired::paused) {
    if (reloaded_now) return reloaded();
    return settle(status());
  }
  // They hold since they began.
  for (Running* first : firsts()) first->held = true;
  set_state(State::paused);
  if (reloaded_now) return reloaded();
  settle(status());
}

void Service::start_failed(const std::string& why) {
  bad_end_ = true;
  bad_end_text_ = why;
  terminate();
}

// --- what bots say and do
// ------------------------------------------------------------------------------------------

void Service::take_event(Running& bot, const Json& event) {
  bot.heard = SteadyClock::now();
  bot.heartbeat = unix_time();
  const std::string& kind = event["ev"].text();
  if (kind == "hb") {
    bot.extension = milliseconds(event["extend_ms"].integer().value_or(0));
  } else if (kind == "ready") {
    bot.ready = true;
    bot.detail.clear();
    look_whether_ready();
  } else if (kind == "state") {
    bot.detail = event["detail"].text();
  } else if (kind == "stats") {
    tallies_[bot.id].take(bot.key, event["stats"], unix_time());
  } else if (calls_.event) {
    calls_.event(bot.id, event);
  }
}

void Service::ended(Running& bot, Exit exit) {
  constexpr int records_failed = 65, usage = 64, configuration = 78;
  bot.ended = true;
  bot.exit = exit;
  last_code_ = exit.signal ? 128 + exit.signal : exit.code;
  tallies_[bot.id].close(bot.key);
  const bool bad = exit.signal != 0 || (exit.code != 0 && exit.code != records_failed);
  if (bad && end_reason_.empty()) {
    log_.error(bot.id + ": ended with " + exit.text());
    if (!bad_end_) bad_end_text_ = bot.id + " ended with " + exit.text();
    bad_end_ = true;
    configuration_error_ = configuration_error_ ||
                           (exit.signal == 0 && (exit.code == usage || exit.code == configuration));
    terminate();
  } else if (!bad && end_reason_.empty() && bot.place > 0) {
    // Nobody reads any more what those before it write.
    for (Running* other : everyone())
      if (other->chain == bot.chain && other->place < bot.place) other->child->signal(SIGTERM);
  }
  if (everyone().empty()) loop_.post([this] { all_ended(); });
}

void Service::all_ended() {
  if (!everyone().empty()) return;  // they have been started again
  timer_.reset();
  healthy_timer_.reset();
  for (const Chain& chain : chains_)
    for (const auto& bot : chain) last_exit_[bot->id] = {bot->exit, unix_time()};
  chains_.clear();
  if (finishing_) {
    set_state(State::stopped, end_reason_.empty() ? "completed" : end_reason_);
    settle(refuse("bot-unavailable", "the service ends"));
    return finished_();
  }
  if (restarting_) {
    for (auto& [id, tally] : tallies_) tally.add_restart();
    return start_all();
  }
  if (bad_end_ && end_reason_.empty()) {
    if (state_ == State::reloading) return take_back();
    return back_off(bad_end_text_);
  }
  set_state(State::stopped, end_reason_.empty() ? "completed" : end_reason_);
  settle(status());
}

/// The configuration that was reloaded does not start: the one from before does.
void Service::take_back() {
  if (taken_back_) {
    taken_back_ = false;
    set_state(State::starting);
    return back_off(bad_end_text_);
  }
  taken_back_ = true;
  running_with_ = fallback_;
  Problem problem{"reload-rolled-back",
                  bad_end_text_ + "; the configuration from before is back",
                  {},
                  Json::object(),
                  {}};
  auto operation = std::move(operation_);
  operation_.reset();
  auto with = running_with_;
  set_state(State::starting);
  bad_end_ = configuration_error_ = false;
  operation_ = Operation{Action::reload, [this, operation, problem](const Answer<Json>&) {
                           taken_back_ = false;
                           if (operation) operation->then(tl::unexpected(problem));
                         }};
  start_chains();
}

void Service::back_off(const std::string& why) {
  const auto now = SteadyClock::now();
  while (!ends_.empty() && now - ends_.front() > options_.restart_span) ends_.pop_front();
  ends_.push_back(now);
  Problem problem{"bot-unavailable", why, {}, Json::object(), {}};
  if (configuration_error_ || ends_.size() > options_.restarts) {
    set_state(State::failed,
              why + (configuration_error_ ? "" : "; it was started again too often"));
    return settle(tl::unexpected(problem));
  }
  wait_ = std::min(std::max(wait_ * 2, options_.first_wait), options_.longest_wait);
  static std::minstd_rand chance{std::random_device{}()};
  const auto wait = wait_ * 3 / 4 + milliseconds(chance() % (wait_.count() / 2 + 1));
  set_state(State::backoff, why);
  settle(tl::unexpected(problem));
  timer_ = loop_.after(wait, [this] {
    for (auto& [id, tally] : tallies_) tally.add_restart();
    start_all();
  });
}

void Service::watch() {
  const auto now = SteadyClock::now();
  for (Running* bot : everyone()) {
    if (now - bot->heard <= options_.silence + bot->extension) continue;
    log_.error(bot->id + ": no sign of life for " +
               std::to_string((options_.silence + bot->extension).count() / 1000) +
               " seconds; it is ended");
    bot->heard = now;
    bot->child->signal(SIGABRT);
    bot->child->signal(SIGCONT);  // a stopped process ends only then
    if (bot->aborted) bot->child->signal(SIGKILL);
    bot->aborted = true;
  }
  orphans_.look();
}

void Service::poll() {
  for (Running* bot : everyone()) {
    if (!bot->ready || bot->asked) continue;
    bot->asked = true;
    bot->child->channel().ask(
        Json::object().set("op", "stats"), milliseconds(20'000),
        [this, bot, id = bot->id, key = bot->key](const Answer<Json>& answer) {
          if (answer) tallies_[id].take(key, *answer, unix_time());
          for (Running* known : everyone())
            if (known == bot) bot->asked = false;
        });
  }
}

// --- ending
// ------------------------------------------------------------------------------------------

/// The first bots take nothing more and end; end of file walks down the pipes.
void Service::drain(milliseconds limit, const std::string& why) {
  end_reason_ = why;
  if (why != "reload") set_state(State::draining, why);
  if (limit.count() <= 0) return terminate();
  for (Running* first : firsts())
    first->child->channel().ask(Json::object().set("op", "drain"), limit,
                                [](const Answer<Json>&) {});
  timer_ = loop_.after(limit, [this] { terminate(); });
}

/// TERM, and KILL for those who do not care.
void Service::terminate() {
  for (Running* bot : everyone()) bot->child->signal(SIGTERM);
  constexpr milliseconds patience{10'000};
  timer_ = loop_.after(patience, [this] {
    for (Running* bot : everyone()) bot->child->signal(SIGKILL);
  });
}

}  // namespace intelmq::serve
