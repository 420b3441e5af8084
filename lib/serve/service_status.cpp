// SPDX-License-Identifier: Apache-2.0
// What the service tells of itself.
#include <sys/resource.h>
#include <unistd.h>

#include <cmath>
#include <cstdio>

#include "base/file.hpp"
#include "serve/service.hpp"
#include "serve/service_running.hpp"

namespace intelmq::serve {
namespace {

/// What a process uses.
void measure(int pid, BotFacts& facts) {
  const std::string place = "/proc/" + std::to_string(pid);
  if (const auto stat = read_file(place + "/stat")) {
    // After the name in parentheses: state is the first, utime the 12th, stime the 13th.
    unsigned long user = 0, system = 0;
    long pages = 0;
    const std::size_t at = stat->rfind(')');
    if (at != stat->npos &&
        std::sscanf(stat->c_str() + at + 1,
                    " %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %*d %*d %*d %*d %*d %*d "
                    "%*u %*u %ld",
                    &user, &system, &pages) == 3) {
      facts.cpu_seconds +=
          static_cast<double>(user + system) / static_cast<double>(sysconf(_SC_CLK_TCK));
      facts.rss_bytes +=
          static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    }
  }
  if (const auto files = list_directory(place + "/fd")) facts.open_files += files->size();
}

}  // namespace

using std::chrono::milliseconds;

std::string Service::bot_state(const BotSetup& bot) const {
  const Running* const running = find_running(bot.id);
  if (!running) {
    if (state_ == State::backoff || state_ == State::failed) return state();
    return state_ == State::starting ? "starting" : "stopped";
  }
  if (!running->ready) return "starting";
  if (running->held) return "paused";
  return state();
}

Json Service::bot_status(const BotSetup& bot) const {
  Json out = Json::object();
  const Running* const running = find_running(bot.id);
  out.set("id", bot.id).set("state", bot_state(bot));
  out.set("pid", running ? Json(static_cast<std::int64_t>(running->child->pid())) : Json());
  out.set("uptime", running ? Json(std::floor(unix_time() - running->started)) : Json());
  const auto tally = tallies_.find(bot.id);
  out.set("restarts",
          static_cast<std::int64_t>(tally == tallies_.end() ? 0 : tally->second.restarts()));
  const auto last = last_exit_.find(bot.id);
  Json exit;
  if (last != last_exit_.end()) {
    exit = Json::object();
    exit.set("code", last->second.first.signal ? Json() : Json(last->second.first.code));
    exit.set("signal", last->second.first.signal ? Json(last->second.first.signal) : Json());
    exit.set("at", time_text(last->second.second));
  }
  out.set("last_exit", std::move(exit));
  const std::string detail = running ? running->detail : reason_;
  out.set("reason", detail.empty() ? Json() : Json(detail));
  return out;
}

Json Service::status(std::string_view bot) const {
  if (!bot.empty()) {
    const BotSetup* const setup = find(bot);
    return setup ? bot_status(*setup) : Json();
  }
  Json bots = Json::array();
  for (const BotSetup& each : bots_) bots.push(bot_status(each));
  Json out = Json::object();
  out.set("state", name_of(state_))
      .set("desired", name_of(desired_))
      .set("since", time_text(since_))
      .set("reason", reason_.empty() ? Json() : Json(reason_))
      .set("instances", static_cast<std::int64_t>(instances_))
      .set("bots", std::move(bots))
      .set("config_revision", static_cast<std::int64_t>(calls_.revision ? calls_.revision() : 0))
      .set("operation", operation_ ? Json(operation()) : Json());
  return out;
}

void Service::fill(Facts& facts) const {
  facts.state = name_of(state_);
  facts.desired = name_of(desired_);
  facts.since = since_;
  facts.startup_done = startup_done_;
  facts.revision = calls_.revision ? calls_.revision() : 0;
  for (const BotSetup& setup : bots_) {
    BotFacts bot;
    bot.id = setup.id;
    bot.program = setup.describe["name"].text();
    bot.version = setup.describe["version"].text();
    bot.state = bot_state(setup);
    bot.reason = reason_;
    if (const auto tally = tallies_.find(setup.id); tally != tallies_.end())
      tally->second.fill(bot);
    for (const Running* running : everyone()) {
      if (running->id != setup.id) continue;
      if (bot.pid == 0) bot.pid = running->child->pid();
      bot.ready = running->ready;
      bot.started = running->started;
      bot.last_heartbeat = running->heartbeat;
      measure(running->child->pid(), bot);
    }
    facts.bots.push_back(std::move(bot));
  }
}

}  // namespace intelmq::serve
