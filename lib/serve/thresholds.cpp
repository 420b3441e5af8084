// SPDX-License-Identifier: Apache-2.0
#include "serve/thresholds.hpp"

#include <algorithm>
#include <cstdint>

#include "base/text.hpp"
#include "serve/members.hpp"
#include "type/duration.hpp"

namespace intelmq::serve {
namespace {

enum class Measure : std::uint8_t { count, share, duration };

/// One member of the document: two levels, and perhaps a length of time beside them.
struct Section {
  std::string_view name;
  Measure measure;
  Levels Thresholds::*levels;
  std::string_view extra;
  double Thresholds::*seconds = nullptr;
};

constexpr Section sections[] = {
    {"queue", Measure::count, &Thresholds::queue, "horizon", &Thresholds::queue_horizon},
    {"error_rate", Measure::share, &Thresholds::error_rate, "window", &Thresholds::error_window},
    {"silence", Measure::duration, &Thresholds::silence, ""},
    {"data_age", Measure::duration, &Thresholds::data_age, ""},
    {"heartbeat", Measure::duration, &Thresholds::heartbeat, ""}};

Json write_seconds(double seconds) {
  return Duration(std::chrono::duration<double>(seconds)).iso_text();
}

Json write_level(const std::optional<double>& level, Measure measure) {
  if (!level) return nullptr;
  if (measure == Measure::duration) return write_seconds(*level);
  if (measure == Measure::count) return static_cast<std::int64_t>(*level);
  return *level;
}

/// A number of messages, or a share.
std::optional<double> read_number(Members& members, std::string_view name, const Json& value,
                                  Measure measure) {
  const auto number = value.is_number() ? value.real() : std::nullopt;
  const bool share = measure == Measure::share;
  if (!number)
    members.wrong(name, "type", "expected number, or null to turn the level off");
  else if (*number < 0 || *number > (share ? 1 : 1e15) || (!share && !value.is_integer()))
    members.wrong(
        name, "value",
        value.text() + (share ? " is not a share from 0 to 1" : " is not a number of messages"));
  else
    return number;
  return std::nullopt;
}

std::optional<double> read_duration(Members& members, std::string_view name) {
  const auto length = members.duration(name);
  return length ? std::optional(length->seconds()) : std::nullopt;
}

void read_section(const Section& section, const Json& document, Thresholds& out,
                  std::vector<FieldError>& errors) {
  Members members(document, "#/" + std::string(section.name), errors);
  if (!document.is_object()) return;
  Levels& levels = out.*section.levels;
  const auto level = [&](std::string_view name, std::optional<double>& to) {
    if (!members.has(name)) return;
    if (document[name].is_null())
      to = std::nullopt;
    else
      to = section.measure == Measure::duration
               ? read_duration(members, name)
               : read_number(members, name, document[name], section.measure);
  };
  level("warn", levels.warn);
  level("crit", levels.crit);
  if (section.seconds)
    if (const auto seconds = read_duration(members, section.extra)) out.*section.seconds = *seconds;
  if (levels.warn && levels.crit && *levels.warn > *levels.crit)
    members.wrong("warn", "value", "must not be above crit");
  members.finish();
}

void read_ignore(const Json& document, Thresholds& out, std::vector<FieldError>& errors) {
  Members members(document, "#/ignore", errors);
  if (!document.is_object()) return;
  for (const std::string_view name : check_names()) {
    const auto reason = members.text(name);
    if (!reason) continue;
    if (trim(*reason).empty() || reason->size() > 500)
      members.wrong(name, "value", "say why the check is ignored, in 1 to 500 bytes");
    else
      out.ignore.emplace(name, *reason);
  }
  members.finish();
}

}  // namespace

const std::vector<std::string_view>& check_names() {
  static const std::vector<std::string_view> names = {
      "bot_state",    "bot_restarts",     "bot_ready",  "heartbeat", "queue_depth",
      "queue_growth", "queue_connection", "error_rate", "no_data",   "data_age",
      "data_update",  "self_test",        "security",   "service"};
  return names;
}

Json Thresholds::json() const {
  Json out = Json::object();
  for (const Section& section : sections) {
    const Levels& levels = this->*section.levels;
    Json one = Json::object();
    one.set("warn", write_level(levels.warn, section.measure));
    one.set("crit", write_level(levels.crit, section.measure));
    if (section.seconds) one.set(std::string(section.extra), write_seconds(this->*section.seconds));
    out.set(std::string(section.name), std::move(one));
  }
  Json ignored = Json::object();
  for (const auto& [name, reason] : ignore) ignored.set(name, reason);
  out.set("ignore", std::move(ignored));
  return out;
}

Answer<Thresholds> Thresholds::parse(const Json& document) {
  std::vector<FieldError> errors;
  Members members(document, "#", errors);
  Thresholds out;
  for (const Section& section : sections)
    if (members.has(section.name)) read_section(section, document[section.name], out, errors);
  if (members.has("ignore")) read_ignore(document["ignore"], out, errors);
  members.finish();
  if (!errors.empty()) return tl::unexpected(invalid(std::move(errors)));
  return out;
}

Result<ThresholdBook> ThresholdBook::parse(std::string_view text) {
  const auto document = Json::parse(text);
  if (!document) return tl::unexpected(document.error());
  ThresholdBook out;
  const auto read = [&](std::string_view bot, const Json& one) -> Result<void> {
    auto parsed = Thresholds::parse(one);
    if (!parsed) {
      const FieldError& error = parsed.error().errors.front();
      return fail((bot.empty() ? "service" : std::string(bot)) + ": " + error.pointer + ": " +
                  error.detail);
    }
    out.set(bot, std::move(*parsed));
    return {};
  };
  if (const Json& service = (*document)["service"]; !service.is_null())
    if (const auto done = read("", service); !done) return tl::unexpected(done.error());
  for (const auto& [bot, one] : (*document)["bots"].members())
    if (const auto done = read(bot, one); !done) return tl::unexpected(done.error());
  return out;
}

std::string ThresholdBook::text() const {
  Json each = Json::object();
  for (const auto& [id, own] : bots_) each.set(id, own.json());
  return Json::object().set("service", service_.json()).set("bots", std::move(each)).dump_pretty() +
         "\n";
}

const Thresholds& ThresholdBook::of(std::string_view bot) const {
  const auto own = bots_.find(bot);
  return own == bots_.end() ? service_ : own->second;
}

void ThresholdBook::set(std::string_view bot, Thresholds thresholds) {
  if (bot.empty())
    service_ = std::move(thresholds);
  else
    bots_.insert_or_assign(std::string(bot), std::move(thresholds));
}

}  // namespace intelmq::serve
