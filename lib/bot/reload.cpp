// SPDX-License-Identifier: Apache-2.0
#include "bot/reload.hpp"

#include <algorithm>

#include "bot/checks.hpp"

namespace intelmq {

void check_defaults(const Options& options, const EventRules& rules) {
  if (!options.default_fields.is_null() && !options.default_fields.is_object())
    throw StartError("--default-fields: not an object such as {\"classification.type\": \"spam\"}");
  Event probe(rules);
  for (const auto& [name, value] : options.default_fields.members()) {
    const auto field = rules.harmonization.name(name);
    if (!field) throw StartError("--default-fields: " + field.error().text);
    const Added added = probe.add_json(*field, value.dump(false), Existing::replace);
    if (added == Added::invalid || added == Added::bad_key)
      throw StartError("--default-fields: " + probe.complaint());
  }
}

Reloader::Reloader(const Bot& bot, const std::vector<std::string>& arguments,
                   const Context& context, Log& log, Settings& settings, Json overrides)
    : bot_{bot},
      arguments_{arguments},
      context_{context},
      log_{log},
      settings_{settings},
      overrides_{std::move(overrides)} {}

/// Throws, and the old instance is there as before.
void Reloader::swap(const Settings& fresh, std::unique_ptr<Instance>& running) {
  fresh.require(bot_);
  check_defaults(fresh.options(), context_.rules);
  if (bot_.description.state.empty()) {
    running = bot_.make(fresh.params(), context_);
    return;
  }
  // What a bot remembers on disk is open once: the old instance lets go of it first, when
  // everything else is known to be right.
  Context checking = context_;
  checking.checking = true;
  bot_.make(fresh.params(), checking);
  running.reset();
  try {
    running = bot_.make(fresh.params(), context_);
  } catch (const std::exception&) {
    running = bot_.make(settings_.params(), context_);
    throw;
  }
}

Reloader::Outcome Reloader::apply(const Json& overrides, std::unique_ptr<Instance>& running) {
  Outcome out;
  try {
    Settings fresh = Settings::read(bot_, arguments_, overrides, &out.problems);
    for (ParameterProblem& problem : fresh.missing(bot_))
      out.problems.push_back(std::move(problem));
    if (!out.problems.empty()) return out;
    bool hot = true;
    const auto before = settings_.parameters(bot_), after = fresh.parameters(bot_);
    for (std::size_t i = 0; i < after.size(); ++i) {
      const Parameter& parameter = *after[i];
      // Nobody reads a secret back: what was set tells whether it is another one.
      const bool same = parameter.secret ? overrides_[parameter.name] == overrides[parameter.name]
                                         : settings_.value(*before[i]) == fresh.value(parameter);
      if (same) continue;
      out.changed.push_back(parameter.name);
      hot = hot && parameter.is_hot();
    }
    if (!hot) out.applied = "restart";
    if (!hot || out.changed.empty()) return out;
    swap(fresh, running);
    settings_ = std::move(fresh);
    overrides_ = overrides;
    out.applied = "hot";
  } catch (const std::exception& error) {
    out.problems.push_back(
        {blamed(bot_, settings_, error.what()), "invalid", error.what(), ExitCode::configuration});
    out.changed.clear();
  }
  return out;
}

Result<void> Reloader::renew(std::unique_ptr<Instance>& running) {
  try {
    swap(settings_, running);
  } catch (const std::exception& error) {
    return fail(error.what());
  }
  return {};
}

void Reloader::read_again(std::unique_ptr<Instance>& running) {
  log_.reopen();
  try {
    Settings fresh = Settings::read(bot_, arguments_, overrides_);
    swap(fresh, running);
    settings_ = std::move(fresh);
    log_.set_threshold(settings_.options().logging_level);
    log_.info("reloaded");
  } catch (const std::exception& error) {
    log_.error(std::string("reload failed, the old configuration stays: ") + error.what());
  }
}

}  // namespace intelmq
