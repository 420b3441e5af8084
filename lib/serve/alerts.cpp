// SPDX-License-Identifier: Apache-2.0
#include "serve/alerts.hpp"

#include <algorithm>

#include "serve/clock.hpp"

namespace intelmq::serve {

std::string_view severity_of(const Check& check) {
  return check.status == Status::fail ? "crit" : "warn";
}

std::vector<const Check*> active(const std::vector<Check>& checks, std::string_view bot) {
  std::vector<const Check*> out;
  for (const Check& check : checks)
    if (check.status != Status::pass && concerns(check, bot)) out.push_back(&check);
  std::stable_sort(out.begin(), out.end(), [](const Check* a, const Check* b) {
    return a->status != b->status ? a->status > b->status : a->since < b->since;
  });
  return out;
}

Json alert_json(const Check& check) {
  Json out = Json::object();
  out.set("id", check.id());
  out.set("type", check.name);
  if (!check.bot.empty()) out.set("bot", check.bot);
  out.set("severity", severity_of(check));
  out.set("since", time_text(check.since));
  out.set("symptom", check.symptom);
  out.set("diagnosis", check.diagnosis);
  out.set("impact", check.impact);
  out.set("action", check.action);
  return out;
}

Json alerts_json(const std::vector<Check>& checks, std::string_view bot) {
  Json items = Json::array(), ignored = Json::array();
  for (const Check* check : active(checks, bot)) items.push(alert_json(*check));
  for (const Check& check : checks)
    if (!check.ignored.empty() && concerns(check, bot))
      ignored.push(Json::object().set("id", check.id()).set("reason", check.ignored));
  return Json::object()
      .set("items", std::move(items))
      .set("next", nullptr)
      .set("ignored", std::move(ignored));
}

}  // namespace intelmq::serve
