// SPDX-License-Identifier: Apache-2.0
#include "serve/data_keeper.hpp"

#include <algorithm>

#include "base/file.hpp"
#include "base/text.hpp"
#include "serve/clock.hpp"
#include "serve/data_entry.hpp"

namespace intelmq::serve {

using std::chrono::milliseconds;
using std::chrono::minutes;

DataKeeper::DataKeeper(Loop& loop, Log& log, const Bots& bots, DataOptions options, DataCalls calls)
    : loop_{loop}, log_{log}, bots_{bots}, options_{std::move(options)}, calls_{std::move(calls)} {
  for (const BotSetup& bot : bots_.all())
    for (const Json& item : bot.describe["external_data"].items()) {
      auto rule = read_data_rule(item);
      if (rule)
        add(bot, std::move(*rule));
      else
        log_.warning(bot.id + ": " + rule.error().text);
    }
  read_kept();
}

DataKeeper::~DataKeeper() { *ending_ = true; }

std::shared_ptr<DataKeeper::Entry> DataKeeper::find(const std::string& name) const {
  for (const auto& entry : entries_)
    if (entry->name == name) return entry;
  return nullptr;
}

/// Where the bot reads it; empty: nobody said.
static std::string path_of(const BotSetup& bot, const std::string& parameter,
                           const Json& overrides) {
  const Json& own = overrides[parameter];
  return own.is_string() ? own.text() : bot.settings[parameter].text();
}

void DataKeeper::add(const BotSetup& bot, DataRule rule) {
  const std::string path =
      path_of(bot, rule.parameter, calls_.overrides ? calls_.overrides(bot.id) : Json::object());
  for (const auto& entry : entries_)
    if (entry->rule.name == rule.name && entry->path == path) return entry->bots.push_back(bot.id);
  auto entry = std::make_shared<Entry>();
  entry->name = rule.name;
  for (int number = 2; find(entry->name); ++number)
    entry->name = rule.name + "-" + std::to_string(number);
  entry->bots = {bot.id};
  entry->path = path;
  entry->policy = first_policy(rule);
  entry->rule = std::move(rule);
  entries_.push_back(std::move(entry));
}

/// The sheet's; who has paid for another edition that the bot can read names it as for geoipupdate.
DataPolicy DataKeeper::first_policy(const DataRule& rule) const {
  DataPolicy out = default_policy(rule);
  if (out.source["protocol"].text() != "geoipupdate") return out;
  for (const std::string_view word : split(options_.environment("GEOIPUPDATE_EDITION_IDS"), ' '))
    if (std::find(rule.types.begin(), rule.types.end(), word) != rule.types.end()) {
      out.source.set("edition", word);
      break;
    }
  return out;
}

/// What an earlier run left. What cannot be read is told and left aside.
void DataKeeper::read_kept() {
  const auto read = [&](const char* name) {
    const auto text = read_file(options_.state_directory + "/" + name);
    if (!text) return Json::object();
    auto document = Json::parse(*text);
    if (!document) log_.warning(std::string(name) + ": " + document.error().text);
    return document ? std::move(*document) : Json::object();
  };
  const Json policies = read("data-policy.json"), states = read("data-state.json");
  for (const auto& entry : entries_) {
    if (policies.has(entry->name)) {
      auto policy = read_policy(policies[entry->name], entry->rule);
      if (policy) {
        entry->policy = std::move(*policy);
        entry->own_policy = true;
      } else {
        log_.warning("data-policy.json: " + entry->name + ": " + policy.error().detail);
      }
    }
    const Json& state = states[entry->name];
    const auto number = [&](const char* name) { return state[name].real().value_or(0); };
    entry->last_check = number("last_check");
    entry->last_update = number("last_update");
    entry->not_before = number("not_before");
    entry->failures = static_cast<std::uint64_t>(std::max(0.0, number("failures")));
    entry->row = static_cast<std::uint64_t>(std::max(0.0, number("row")));
    entry->last_error = state["last_error"].text();
  }
}

/// Writes both files, on a thread; what changes meanwhile is written once more after that.
void DataKeeper::save(std::function<void(bool good)> then) {
  when_saved_.push_back(std::move(then));
  if (saving_) return;
  saving_ = true;
  Json policies = Json::object(), states = Json::object();
  for (const auto& entry : entries_) {
    if (entry->own_policy) policies.set(entry->name, entry->policy.document());
    states.set(entry->name, Json::object()
                                .set("last_check", entry->last_check)
                                .set("last_update", entry->last_update)
                                .set("not_before", entry->not_before)
                                .set("failures", static_cast<std::int64_t>(entry->failures))
                                .set("row", static_cast<std::int64_t>(entry->row))
                                .set("last_error", entry->last_error));
  }
  auto waiting = std::make_shared<std::vector<std::function<void(bool)>>>(std::move(when_saved_));
  when_saved_.clear();
  auto good = std::make_shared<bool>(false);
  loop_.work(
      [directory = options_.state_directory, policies = policies.dump() + "\n",
       states = states.dump() + "\n", good] {
        *good = atomic_write(directory + "/data-policy.json", policies) &&
                atomic_write(directory + "/data-state.json", states);
      },
      [this, ending = ending_, good, waiting] {
        if (*ending) return;
        if (!*good) log_.warning(options_.state_directory + ": what is known of data is not saved");
        for (const auto& each : *waiting)
          if (each) each(*good);
        saving_ = false;
        if (!when_saved_.empty()) save();
      });
}

// --- looking at files
// ------------------------------------------------------------------------------

/// Parameters may have been changed; true: some did.
bool DataKeeper::resolve_paths() {
  bool changed = false;
  for (const auto& entry : entries_) {
    const BotSetup* const bot = bots_.find(entry->bots.front());
    if (!bot || entry->busy) continue;
    std::string path = path_of(*bot, entry->rule.parameter,
                               calls_.overrides ? calls_.overrides(bot->id) : Json::object());
    if (path == entry->path) continue;
    entry->path = std::move(path);
    entry->looked = false;
    changed = true;
  }
  return changed;
}

/// Looks at those files that are not what they were.
void DataKeeper::look(std::function<void()> then) {
  struct Look {
    std::shared_ptr<Entry> entry;
    std::string path, kind, stamp;
    std::optional<DataCopy> copy;
  };
  auto looks = std::make_shared<std::vector<Look>>();
  for (const auto& entry : entries_)
    if (!entry->busy)
      looks->push_back({entry, entry->path, entry->rule.kind,
                        entry->looked ? entry->copy.stamp : "never", std::nullopt});
  loop_.work(
      [looks] {
        for (Look& each : *looks)
          if (stamp_of(each.path) != each.stamp) each.copy = look_at(each.path, each.kind);
      },
      [this, ending = ending_, looks, then = std::move(then)] {
        if (*ending) return;
        for (Look& each : *looks)
          if (each.copy && !each.entry->busy && each.path == each.entry->path)
            take_look(*each.entry, std::move(*each.copy));
        then();
      });
}

void DataKeeper::take_look(Entry& entry, DataCopy copy) {
  const bool another = entry.looked && copy.there && copy.stamp != entry.copy.stamp;
  if (!copy.error.empty() && copy.error != entry.copy.error)
    log_.warning(entry.name + ": " + copy.error);
  entry.copy = std::move(copy);
  entry.looked = true;
  if (!another) return;
  log_.info(entry.name + ": " + entry.path + " is another file now");
  if (!calls_.reload_data) return;
  for (const std::string& bot : entry.bots) calls_.reload_data(bot, entry.rule.name, entry.path);
}

void DataKeeper::prepare(std::function<void()> then) {
  resolve_paths();
  look([this, then = std::move(then)] {
    const double now = unix_time();
    auto left = std::make_shared<std::size_t>(1);
    const auto done = [this, left, then] {
      if (--*left) return;
      timer_ = loop_.every(options_.look, [this] { tick(); });
      then();
    };
    for (const auto& entry : entries_) {
      const double due = entry->last_check + entry->policy.interval.seconds();
      const double soon = now + draw() * std::min(60.0, entry->policy.jitter.seconds());
      entry->next_check = std::max({due, soon, entry->not_before});
      const Freshness freshness = entry->freshness(now);
      const bool needed = entry->rule.required && freshness >= Freshness::expired;
      if (!needed || !entry->policy.automatic || now < entry->not_before) continue;
      log_.info(entry->name + " is " + std::string(name_of(freshness)) +
                ": looking for newer data");
      ++*left;
      act(entry, Action::update, 2, [done](const Answer<Json>&) { done(); });
    }
    done();
  });
}

void DataKeeper::tick() {
  if (looking_) return;
  looking_ = true;
  resolve_paths();
  look([this] {
    looking_ = false;
    const double now = unix_time();
    for (const auto& entry : entries_)
      if (entry->policy.automatic && !entry->busy && now >= entry->next_check)
        act(entry, Action::update, 5, [](const Answer<Json>&) {});
  });
}

void DataKeeper::fill(Facts& facts) const {
  for (const auto& entry : entries_) {
    // "updating" is for people: while it lasts the data is as old as before.
    const Freshness freshness = entry->freshness(facts.now);
    DataFacts out;
    out.name = entry->name;
    out.state = name_of(freshness);
    out.path = entry->path;
    // What has expired and may be used on keeps nobody from being ready.
    out.required = entry->rule.required &&
                   !(freshness == Freshness::expired && usable(entry->rule, freshness));
    out.build_time = entry->copy.there ? entry->copy.build_time : 0;
    out.warn_s = entry->rule.warn.seconds();
    out.max_s = entry->rule.max.seconds();
    out.expire_s = entry->rule.expire.seconds();
    out.last_check = entry->last_check;
    out.last_update = entry->last_update;
    out.next_check = entry->next_check;
    out.update_failures = entry->failures;
    out.failures_in_a_row = entry->row;
    out.last_error = entry->last_error.empty() ? entry->copy.error : entry->last_error;
    for (const std::string& bot : entry->bots) {
      out.bot = bot;
      facts.data.push_back(out);
    }
  }
}

// --- updates
// --------------------------------------------------------------------------------------

void DataKeeper::act(const std::shared_ptr<Entry>& entry, Action action, unsigned tries,
                     Then<Json> then) {
  if (entry->busy)
    return then(refuse("operation-in-progress", entry->name + " is being updated already"));
  if (const double wait = entry->not_before - unix_time(); wait > 0) {
    Problem out{"upstream-failed", entry->last_error, {}, Json::object(), {}};
    out.headers.emplace_back("Retry-After", std::to_string(static_cast<std::int64_t>(wait) + 1));
    return then(tl::unexpected(std::move(out)));
  }
  entry->busy = true;
  UpdateTask task;
  task.path = entry->path;
  if (entry->rule.bytes) task.most = std::max<std::uint64_t>(64u << 20, 8 * entry->rule.bytes);
  task.retry.tries = tries;
  task.ca_file = options_.ca_file;
  jobs_.emplace_back([this, entry, action, task, then = std::move(then)] {
    auto done = std::make_shared<Done>();
    loop_.work(
        [done, action, task, ending = ending_, rule = entry->rule, source = entry->policy.source,
         environment = options_.environment]() mutable {
          task.abort = ending.get();
          auto origin = open_origin(source, environment);
          if (!origin) {
            done->result = tl::unexpected(origin.error());
          } else {
            done->asked = true;
            done->result = action == Action::check
                               ? newer_data(task, **origin)
                               : update_data(task, rule, **origin, action == Action::force);
          }
          done->copy = look_at(task.path, rule.kind);
        },
        [this, ending = ending_, entry, action, done, then] {
          if (*ending) return;
          jobs_.pop_front();
          finish(*entry, action, std::move(*done), then);
          next_job();
        });
  });
  if (jobs_.size() == 1) next_job();
}

void DataKeeper::next_job() {
  if (!jobs_.empty()) jobs_.front()();
}

void DataKeeper::finish(Entry& entry, Action action, Done done, const Then<Json>& then) {
  entry.busy = false;
  if (done.asked) entry.last_check = unix_time();
  take_look(entry, std::move(done.copy));
  if (!done.result) {
    note_failure(entry, done.result.error(), done.asked);
    save();
    return then(refuse(done.result.error().code, done.result.error().text));
  }
  entry.last_error.clear();
  entry.row = 0;
  entry.not_before = 0;
  if (action != Action::check && *done.result) {
    entry.last_update = entry.last_check;
    log_.info(entry.name + ": newer data is in place");
  }
  const auto jitter = entry.policy.jitter.milliseconds();
  plan(entry,
       entry.policy.interval.milliseconds() +
           milliseconds(static_cast<std::int64_t>(draw() * static_cast<double>(jitter.count()))));
  save();
  then(document(entry).set(action == Action::check ? "newer" : "changed", *done.result));
}

/// `counts`: false where nobody was asked, as there is nothing to ask with.
void DataKeeper::note_failure(Entry& entry, const UpdateFailure& failure, bool counts) {
  if (failure.code == "operation-in-progress") return plan(entry, minutes(1));
  entry.last_error = failure.text;
  if (!counts) return plan(entry, entry.policy.interval.milliseconds());
  ++entry.failures;
  ++entry.row;
  const HttpRetry growing{
      .tries = 0,
      .first = minutes(5),
      .most = std::max(milliseconds(minutes(5)), entry.policy.interval.milliseconds())};
  plan(entry,
       retry_wait(growing, static_cast<unsigned>(std::min<std::uint64_t>(entry.row, 99)), draw()));
  if (failure.wait) {
    entry.not_before = unix_time() + static_cast<double>(failure.wait->count());
    entry.next_check = std::max(entry.next_check, entry.not_before);
  }
  const std::string text = entry.name + " cannot be updated: " + failure.text;
  if (entry.row < options_.alert_after) return log_.warning(text);
  log_.error(text + " (" + std::to_string(entry.row) + " times in a row)");
  if (entry.row == options_.alert_after && calls_.alert) calls_.alert(entry.name, text);
}

void DataKeeper::plan(Entry& entry, milliseconds wait) {
  entry.next_check = unix_time() + std::chrono::duration<double>(wait).count();
}

}  // namespace intelmq::serve
