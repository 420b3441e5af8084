// SPDX-License-Identifier: Apache-2.0
#include "serve/thresholds.hpp"

#include <unistd.h>

#include <algorithm>
#include <cstdint>

#include "base/file.hpp"
#include "base/text.hpp"
#include "serve/iso_duration.hpp"

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

Json write_level(const std::optional<double>& level, Measure measure) {
  if (!level) return nullptr;
  if (measure == Measure::duration) return iso_duration(*level);
  if (measure == Measure::count) return static_cast<std::int64_t>(*level);
  return *level;
}

const Section* find_section(std::string_view name) {
  for (const Section& section : sections)
    if (section.name == name) return &section;
  return nullptr;
}

std::string pointer_part(std::string_view name) {
  std::string out = "/";
  for (const char c : name) out += c == '~' ? "~0" : c == '/' ? "~1" : std::string(1, c);
  return out;
}

class Reader {
 public:
  std::vector<FieldError> errors;

  void wrong(std::string pointer, std::string_view code, std::string detail) {
    errors.push_back({std::move(pointer), std::string(code), std::move(detail)});
  }

  /// The members of an object; another value is an error.
  const Json::Object* object(const std::string& pointer, const Json& value) {
    if (value.is_object()) return &value.members();
    wrong(pointer, "type", "expected an object");
    return nullptr;
  }

  std::optional<double> level(const std::string& pointer, const Json& value, Measure measure) {
    if (measure == Measure::duration) return duration(pointer, value);
    const auto number = value.is_number() ? value.real() : std::nullopt;
    const double most = measure == Measure::share ? 1 : 1e15;
    if (!number)
      wrong(pointer, "type", "expected a number, or null to turn the level off");
    else if (*number < 0 || *number > most || (measure == Measure::count && !value.is_integer()))
      wrong(pointer, "value",
            measure == Measure::share ? value.text() + " is not a share from 0 to 1"
                                      : value.text() + " is not a number of messages");
    else
      return number;
    return std::nullopt;
  }

  std::optional<double> duration(const std::string& pointer, const Json& value) {
    const auto seconds = value.is_string() ? parse_iso_duration(value.text()) : std::nullopt;
    if (!value.is_string())
      wrong(pointer, "type", "expected an ISO 8601 duration such as \"PT30S\"");
    else if (!seconds)
      wrong(pointer, "value",
            quote_for_message(value.text()) + " is not an ISO 8601 duration such as PT30S or P6D");
    return seconds;
  }

  void section(const Section& section, const Json& document, Thresholds& out) {
    const std::string pointer = "#" + pointer_part(section.name);
    const Json::Object* members = object(pointer, document);
    if (!members) return;
    Levels& levels = out.*section.levels;
    for (const auto& [name, value] : *members) {
      const std::string at = pointer + pointer_part(name);
      std::optional<double>* level = name == "warn"   ? &levels.warn
                                     : name == "crit" ? &levels.crit
                                                      : nullptr;
      if (level)
        *level = value.is_null() ? std::nullopt : this->level(at, value, section.measure);
      else if (section.seconds && name == section.extra)
        out.*section.seconds = duration(at, value).value_or(out.*section.seconds);
      else
        wrong(at, "unknown",
              "there is no such member; there are warn and crit" +
                  (section.seconds ? " and " + std::string(section.extra) : ""));
    }
    if (levels.warn && levels.crit && *levels.warn > *levels.crit)
      wrong(pointer + "/warn", "value", "warn must not be above crit");
  }

  void ignore(const Json& document, Thresholds& out) {
    const Json::Object* members = object("#/ignore", document);
    if (!members) return;
    for (const auto& [name, value] : *members) {
      const std::string at = "#/ignore" + pointer_part(name);
      const auto& names = check_names();
      if (std::find(names.begin(), names.end(), name) == names.end())
        wrong(at, "unknown",
              "there is no check " + quote_for_message(name) + did_you_mean(nearest(name, names)));
      else if (!value.is_string() || trim(value.text()).empty() || value.text().size() > 500)
        wrong(at, "value", "say why the check is ignored, in 1 to 500 bytes");
      else
        out.ignore[name] = value.text();
    }
  }
};

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
    if (section.seconds) one.set(std::string(section.extra), iso_duration(this->*section.seconds));
    out.set(std::string(section.name), std::move(one));
  }
  Json ignored = Json::object();
  for (const auto& [name, reason] : ignore) ignored.set(name, reason);
  out.set("ignore", std::move(ignored));
  return out;
}

Answer<Thresholds> Thresholds::parse(const Json& document) {
  Reader reader;
  Thresholds out;
  if (const Json::Object* members = reader.object("#", document)) {
    for (const auto& [name, value] : *members) {
      if (const Section* section = find_section(name))
        reader.section(*section, value, out);
      else if (name == "ignore")
        reader.ignore(value, out);
      else
        reader.wrong("#" + pointer_part(name), "unknown",
                     "there is no such threshold; see GET /api/v1/monitoring/thresholds");
    }
  }
  if (reader.errors.empty()) return out;
  Problem problem{
      "validation", "the thresholds are not valid; nothing was changed", {}, Json::object(), {}};
  problem.errors = std::move(reader.errors);
  return tl::unexpected(std::move(problem));
}

Result<void> ThresholdBook::load() {
  if (path_.empty() || access(path_.c_str(), F_OK) != 0) return {};
  const auto text = read_file(path_);
  if (!text) return tl::unexpected(text.error());
  const auto document = Json::parse(*text);
  if (!document) return fail(path_ + ": " + document.error().text);
  const auto read = [&](const Json& one) -> Result<Thresholds> {
    auto parsed = Thresholds::parse(one);
    if (parsed) return std::move(*parsed);
    const FieldError& error = parsed.error().errors.front();
    return fail(path_ + ": " + error.pointer + ": " + error.detail +
                "; correct the file or remove it");
  };
  if (const Json& service = (*document)["service"]; !service.is_null()) {
    auto parsed = read(service);
    if (!parsed) return tl::unexpected(parsed.error());
    service_ = std::move(*parsed);
  }
  for (const auto& [bot, one] : (*document)["bots"].members()) {
    auto parsed = read(one);
    if (!parsed) return tl::unexpected(parsed.error());
    bots_.insert_or_assign(bot, std::move(*parsed));
  }
  return {};
}

const Thresholds& ThresholdBook::of(std::string_view bot) const {
  const auto own = bots_.find(bot);
  return own == bots_.end() ? service_ : own->second;
}

Answer<void> ThresholdBook::put(std::string_view bot, Thresholds thresholds) {
  auto service = service_;
  auto bots = bots_;
  if (bot.empty())
    service = std::move(thresholds);
  else
    bots.insert_or_assign(std::string(bot), std::move(thresholds));
  if (!path_.empty()) {
    Json each = Json::object();
    for (const auto& [id, own] : bots) each.set(id, own.json());
    const Json document =
        Json::object().set("service", service.json()).set("bots", std::move(each));
    if (const auto written = atomic_write(path_, document.dump_pretty() + "\n"); !written)
      return refuse("insufficient-storage", written.error().text);
  }
  service_ = std::move(service);
  bots_ = std::move(bots);
  return {};
}

}  // namespace intelmq::serve
