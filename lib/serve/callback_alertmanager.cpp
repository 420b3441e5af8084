// SPDX-License-Identifier: Apache-2.0
// Alerts for Prometheus' Alertmanager: POST /api/v2/alerts, again and again while they last.
#include "serve/alerts.hpp"
#include "serve/callback_kind.hpp"
#include "serve/clock.hpp"

namespace intelmq::serve {
namespace {

void read(Members& members, const Outside& outside) {
  read_url(members, outside, members.has("user"));
  members.text("user");
}

Json alert(const Call& call, const Check& check, double ends) {
  const Notice& notice = call.notice;
  // Labels say which alert it is and must not change; annotations may.
  Json labels = Json::object();
  labels.set("alertname", "intelmq_" + std::string(check.name));
  labels.set("severity", check.status == Status::fail ? "critical" : "warning");
  labels.set("service", notice.service);
  labels.set("instance", notice.instance);
  labels.set("subject", check.subject);
  if (!check.bot.empty()) labels.set("bot", check.bot);
  Json annotations = Json::object();
  annotations.set("summary", check.symptom);
  for (const auto& [name, text] :
       {std::pair{"description", &check.diagnosis}, std::pair{"impact", &check.impact},
        std::pair{"action", &check.action}})
    if (!text->empty()) annotations.set(name, *text);
  return Json::object()
      .set("labels", std::move(labels))
      .set("annotations", std::move(annotations))
      .set("startsAt", time_text(check.since))
      .set("endsAt", time_text(ends));
}

/// A sign that the way to Alertmanager works, for `test`.
Check test_check(double now) {
  Check check;
  check.name = "test";
  check.subject = "callback";
  check.status = Status::warn;
  check.symptom = "a test of the callback, sent on request";
  check.since = now;
  return check;
}

Result<std::string> send(const Call& call) {
  const Notice& notice = call.notice;
  Json body = Json::array();
  for (const Check& check : notice.alerts) body.push(alert(call, check, notice.now + notice.ttl));
  for (const Check& check : notice.resolved) body.push(alert(call, check, notice.now));
  if (notice.event == "test") body.push(alert(call, test_check(notice.now), notice.now + 60));
  if (body.items().empty()) return std::string("nothing to tell");
  HttpRequest request;
  request.headers = {{"Content-Type", "application/json"}};
  request.body = body.dump();
  request.user = call.text("user");
  auto password = call.secret("password");
  if (!password) return tl::unexpected(password.error());
  request.password = std::move(*password);
  const auto reply = post(call, "/api/v2/alerts", std::move(request));
  if (!reply) return fail(reply.error().text);
  if (!reply->good()) return fail(reply_text(*reply));
  return std::to_string(body.items().size()) + " alerts accepted";
}

}  // namespace

const CallbackKind alertmanager_callback = {"alertmanager", {"password"}, read, send};

}  // namespace intelmq::serve
