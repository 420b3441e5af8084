// SPDX-License-Identifier: Apache-2.0
#include <algorithm>
#include <array>

#include "base/text.hpp"
#include "serve/callbacks.hpp"
#include "serve/clock.hpp"
#include "type/duration.hpp"

namespace intelmq::serve {
namespace {

constexpr std::array kinds = {&checkmk_callback, &icinga2_callback, &nrdp_callback,
                              &nsca_callback,    &webhook_callback, &alertmanager_callback};
constexpr std::string_view event_names[] = {"status-change", "alert", "heartbeat"};
constexpr std::string_view shown_only[] = {"id", "type", "links", "status"};
constexpr double ttl_intervals = 2.3;  // one result may be lost, and the next one be late

template <class List>
bool among(const List& list, std::string_view name) {
  return std::find(std::begin(list), std::end(list), name) != std::end(list);
}

void read_events(Members& members, const Json& body, Callback& out) {
  if (!members.has("events")) {
    out.on_status = out.on_alert = out.on_heartbeat = true;
    return;
  }
  const Json& events = body["events"];
  if (!events.is_array() || events.items().empty())
    return members.wrong("events", "type", "expected an array of at least one event");
  for (const Json& event : events.items()) {
    if (!event.is_string() || !among(event_names, event.text()))
      return members.wrong("events", "value", "the events are status-change, alert and heartbeat");
    out.on_status |= event.text() == event_names[0];
    out.on_alert |= event.text() == event_names[1];
    out.on_heartbeat |= event.text() == event_names[2];
  }
}

void read_times(Members& members, Callback& out) {
  if (const auto interval = members.duration("interval")) {
    out.interval = interval->seconds();
    if (out.interval < 5 || out.interval > 86400)
      members.wrong("interval", "value", "may be PT5S to P1D");
  }
  out.ttl = out.interval * ttl_intervals;
  if (const auto ttl = members.duration("ttl")) {
    out.ttl = ttl->seconds();
    if (out.ttl < out.interval || out.ttl > 7 * 86400)
      members.wrong("ttl", "value", "may be from one interval to P7D");
  }
}

bool is_reference(const Json& value) {
  if (!value.is_object() || value.members().size() != 1) return false;
  const auto& [name, of] = value.members().front();
  if (!of.is_string() || of.text().empty()) return false;
  return name == "$env" ? of.text().find('=') == std::string::npos
                        : name == "$secret_file" && of.text().front() == '/';
}

/// What the secret member is to be; null: it is not there, or wrong.
Json read_secret(Members& members, std::string_view name, const Json& value,
                 const Callback* before) {
  if (!members.has(name)) return {};
  if (value["$secret"].text() == "set") {
    if (before && !before->settings[name].is_null()) return before->settings[name];
    members.wrong(name, "value", "there is none yet; give it");
  } else if (value.is_string() ? value.text().empty() || value.text().size() > 4096
                               : !is_reference(value)) {
    members.wrong(name, "value",
                  R"(give the value, {"$secret_file": "/PATH"} or {"$env": "NAME"})");
  } else {
    return value;
  }
  return {};
}

}  // namespace

Json Delivery::json() const {
  return Json::object()
      .set("at", time_text(at))
      .set("event", event)
      .set("notice", notice)
      .set("attempt", static_cast<std::int64_t>(attempt))
      .set("delivered", delivered)
      .set("detail", detail)
      .set("duration_ms", static_cast<std::int64_t>(seconds * 1000));
}

Json Callback::json() const {
  Json out = Json::object().set("type", "callback").set("id", id);
  for (const auto& [name, value] : settings.members())
    out.set(name, among(kind->secrets, name) ? Json::object().set("$secret", "set") : value);
  Json status = Json::object();
  status.set("last_success", time_text(told_at));
  status.set("failures", static_cast<std::int64_t>(tries));
  status.set("next_try", tries ? time_text(next_try) : Json());
  const bool failed = tries > 0 && !deliveries.empty();
  status.set("last_error", failed ? Json(deliveries.front().detail) : Json());
  out.set("status", std::move(status));
  return out.set("links", Json::object().set("self", "/api/v1/monitoring/callbacks/" + id));
}

std::optional<Callback> read_callback(const Json& body, const Callback* before,
                                      const Outside& outside, std::vector<FieldError>& errors) {
  const std::size_t errors_before = errors.size();
  Members members(body, "#", errors);
  if (!body.is_object()) return std::nullopt;
  Callback out;
  for (const std::string_view name : shown_only) members.has(name);
  read_events(members, body, out);
  read_times(members, out);
  std::array<std::string_view, kinds.size()> names;
  std::transform(kinds.begin(), kinds.end(), names.begin(),
                 [](const CallbackKind* kind) { return kind->name; });
  if (!members.has("kind"))
    members.wrong("kind", "required",
                  "is one of " + join(std::vector<std::string>(names.begin(), names.end()), ", "));
  const auto kind = members.choice("kind", names);
  if (!kind) return std::nullopt;  // what else belongs to it cannot be told
  out.kind = kinds[*kind];
  out.kind->read(members, outside);
  std::map<std::string_view, Json> secrets;
  for (const std::string_view name : out.kind->secrets)
    secrets[name] = read_secret(members, name, body[name], before);
  members.finish();
  if (errors.size() != errors_before) return std::nullopt;
  out.settings = Json::object();
  for (const auto& [name, value] : body.members()) {
    if (among(shown_only, name) || value.is_null()) continue;
    const auto secret = secrets.find(name);
    out.settings.set(name, secret == secrets.end() ? value : secret->second);
  }
  return out;
}

}  // namespace intelmq::serve
