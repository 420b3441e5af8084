// SPDX-License-Identifier: Apache-2.0
#include "serve/callbacks.hpp"

#include <fmt/format.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>

#include "base/file.hpp"
#include "base/text.hpp"
#include "serve/alerts.hpp"
#include "serve/clock.hpp"

namespace intelmq::serve {
namespace {

constexpr double pause = 5;           // seconds between two notices of one callback
constexpr unsigned most_running = 2;  // so that other work finds a thread
constexpr double longest_wait = 330;  // seconds; the retries' longest, and a request's time
const HttpRetry again{.first = std::chrono::seconds(2), .most = std::chrono::minutes(5)};

std::vector<Check> active_copies(const std::vector<Check>& checks) {
  std::vector<Check> out;
  for (const Check* check : active(checks)) out.push_back(*check);
  return out;
}

bool holds(const std::vector<Check>& alerts, const Check& one) {
  return std::any_of(alerts.begin(), alerts.end(), [&](const Check& alert) {
    return alert.status == one.status && alert.name == one.name && alert.subject == one.subject;
  });
}

/// Those of the first that are not in the second, at the same severity.
std::vector<Check> without(const std::vector<Check>& alerts, const std::vector<Check>& others) {
  std::vector<Check> out;
  for (const Check& alert : alerts)
    if (!holds(others, alert)) out.push_back(alert);
  return out;
}

bool same_alerts(const std::vector<Check>& a, const std::vector<Check>& b) {
  return a.size() == b.size() && without(a, b).empty();
}

}  // namespace

Callbacks::Callbacks(Parts parts) : parts_{std::move(parts)}, writer_{parts_.loop, parts_.file} {}

Result<void> Callbacks::load() {
  const std::string& file = parts_.file;
  if (file.empty() || access(file.c_str(), F_OK) != 0) return {};
  const auto text = read_file(file);
  if (!text) return tl::unexpected(text.error());
  const auto document = Json::parse(*text);
  if (!document) return fail(file + ": " + document.error().text);
  for (const auto& [id, settings] : (*document)["callbacks"].members()) {
    std::vector<FieldError> errors;
    auto callback = read_callback(settings, nullptr, parts_.outside, errors);
    if (!callback) {
      // What may be called can have changed since: the others go on.
      parts_.log.error(fmt::format("{}: callback {} is left out: {}: {}", file, id,
                                   errors.front().pointer, errors.front().detail));
      continue;
    }
    callback->id = id;
    all_[id] = std::make_shared<Callback>(std::move(*callback));
  }
  return {};
}

void Callbacks::begin() {
  timer_ = parts_.loop.every(std::chrono::seconds(2), [this] { tick(); });
}

Callbacks::Shared Callbacks::find(const std::string& id) const {
  const auto found = all_.find(id);
  return found == all_.end() ? nullptr : found->second;
}

std::string Callbacks::random_id() { return fmt::format("{:016x}", random_()); }

std::string Callbacks::text_with(const Shared& changed, const std::string& removed) const {
  Json list = Json::object();
  for (const auto& [id, callback] : all_)
    if (id != removed && !(changed && id == changed->id)) list.set(id, callback->settings);
  if (changed) list.set(changed->id, changed->settings);
  return Json::object().set("callbacks", std::move(list)).dump_pretty() + "\n";
}

void Callbacks::put(const std::string& id, const Json& body,
                    const std::function<void(Answer<Shared>)>& then) {
  const Shared before = find(id);
  std::vector<FieldError> errors;
  auto read = read_callback(body, before.get(), parts_.outside, errors);
  if (!read) return then(tl::unexpected(invalid(std::move(errors))));
  if (!before && all_.size() >= most)
    return then(
        refuse("conflict", fmt::format("there are {} callbacks already; delete one", most)));
  read->id = before ? id : random_id();
  const auto callback = std::make_shared<Callback>(std::move(*read));
  writer_.change([this, callback] { return text_with(callback, {}); },
                 [this, callback, then](const Result<void>& written) {
                   if (!written) return then(refuse("insufficient-storage", written.error().text));
                   all_[callback->id] = callback;
                   then(callback);
                 });
}

void Callbacks::remove(const std::string& id, const std::function<void(Answer<void>)>& then) {
  writer_.change([this, id] { return text_with(nullptr, id); },
                 [this, id, then](const Result<void>& written) {
                   if (!written) return then(refuse("insufficient-storage", written.error().text));
                   all_.erase(id);
                   then({});
                 });
}

std::shared_ptr<Notice> Callbacks::notice(const Callback& callback, std::string_view event,
                                          const Facts& facts, const std::vector<Check>& checks) {
  auto out = std::make_shared<Notice>();
  out->id = "msg_" + random_id();
  out->event = event;
  out->now = facts.now;
  out->ttl = callback.ttl;
  out->service = facts.service;
  out->instance = facts.instance;
  out->version = facts.version;
  out->state = facts.state;
  out->status = worst_of(checks);
  out->plugin = plugin_result(facts, checks);
  out->checkmk = checkmk_section(facts, checks);
  out->alerts = active_copies(checks);
  out->resolved = without(callback.told_alerts, out->alerts);
  return out;
}

std::string_view Callbacks::due(const Callback& callback, const Facts& facts,
                                const std::vector<Check>& checks) const {
  // A clock that was set back must not silence it.
  const double wait = callback.next_try - facts.now;
  if (callback.in_flight || (wait > 0 && wait < longest_wait)) return {};
  if (facts.now >= callback.tried_at && facts.now - callback.tried_at < pause) return {};
  if (callback.on_status && worst_of(checks) != callback.told_status) return "status-change";
  if (callback.on_alert && !same_alerts(active_copies(checks), callback.told_alerts))
    return "alert";
  const double since = facts.now - callback.told_at;
  if (callback.on_heartbeat && (since >= callback.interval || since < 0)) return "heartbeat";
  return {};
}

void Callbacks::tick() {
  if (all_.empty()) return;
  const Facts facts = parts_.facts();
  const std::vector<Check>& checks = parts_.checks(facts);
  for (const auto& entry : all_) {
    const Shared& callback = entry.second;
    if (running_ >= most_running) return;
    const std::string_view event = due(*callback, facts, checks);
    if (event.empty()) continue;
    // The same again has the same id, so that it can be told from a new one.
    const auto& pending = callback->pending;
    const bool repeat = pending && pending->status == worst_of(checks) && pending->event == event &&
                        same_alerts(pending->alerts, active_copies(checks));
    if (!repeat) callback->pending = notice(*callback, event, facts, checks);
    callback->in_flight = true;
    callback->tried_at = facts.now;
    send(callback, callback->pending, [this, callback = callback](const Delivery& delivery) {
      callback->in_flight = false;
      settle(*callback, *callback->pending, delivery);
    });
  }
}

void Callbacks::settle(Callback& callback, const Notice& notice, const Delivery& delivery) {
  if (delivery.delivered) {
    if (callback.tries > 0)
      parts_.log.info("callback " + callback.id + ": notices come through again");
    callback.told_status = notice.status;
    callback.told_alerts = notice.alerts;
    callback.told_at = notice.now;
    callback.tries = 0;
    callback.next_try = 0;
    callback.pending.reset();
    return;
  }
  if (callback.tries++ == 0)
    parts_.log.warning("callback " + callback.id + " (" + std::string(callback.kind->name) +
                       "): " + delivery.detail + "; it is tried again");
  const double draw = std::uniform_real_distribution<>(0, 1)(random_);
  const auto wait = retry_wait(again, callback.tries, draw);
  callback.next_try =
      callback.tried_at + delivery.seconds + static_cast<double>(wait.count()) / 1000;
}

void Callbacks::test(const Shared& callback, std::function<void(Delivery)> then) {
  const Facts facts = parts_.facts();
  send(callback, notice(*callback, "test", facts, parts_.checks(facts)), std::move(then));
}

void Callbacks::send(const Shared& callback, const std::shared_ptr<Notice>& notice,
                     std::function<void(const Delivery&)> then) {
  const auto delivery = std::make_shared<Delivery>();
  delivery->at = unix_time();
  delivery->event = notice->event;
  delivery->notice = notice->id;
  delivery->attempt = notice->event == "test" ? 1 : callback->tries + 1;
  ++running_;
  const auto job = [callback, notice, delivery, outside = parts_.outside] {
    const auto start = std::chrono::steady_clock::now();
    const auto sent = callback->kind->send({callback->settings, *notice, outside});
    delivery->delivered = sent.has_value();
    delivery->detail = sent ? *sent : sent.error().text;
    delivery->seconds =
        std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  };
  parts_.loop.work(job, [this, callback, delivery, then = std::move(then)] {
    --running_;
    callback->deliveries.push_front(*delivery);
    if (callback->deliveries.size() > most_deliveries) callback->deliveries.pop_back();
    then(*delivery);
  });
}

}  // namespace intelmq::serve
