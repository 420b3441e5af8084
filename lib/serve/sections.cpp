// SPDX-License-Identifier: Apache-2.0
#include "serve/sections.hpp"

#include <algorithm>
#include <vector>

#include "base/text.hpp"

namespace intelmq::serve {

std::string source_of(const Sections& sections) {
  const BotSetup& first = sections.service.all().front();
  const Json set = sections.overrides ? sections.overrides(first.id) : Json::object();
  return (set.has("source") ? set["source"] : first.settings["source"]).text();
}

std::vector<const BotSetup*> chosen_bots(const Sections& sections, const Request& request,
                                         std::optional<Response>& missing) {
  std::vector<const BotSetup*> out;
  const std::string& wanted = request.value("bot");
  for (const BotSetup& bot : sections.service.all())
    if (wanted.empty() || bot.id == wanted) out.push_back(&bot);
  if (out.empty()) missing = problem("not-found", "there is no bot " + quote_for_message(wanted));
  return out;
}

Answer<Json> object_in(const Request& request, const std::vector<std::string_view>& names) {
  if (trim(request.body).empty()) return Json::object();
  auto body = Json::parse(request.body);
  if (!body) return refuse("malformed-request", "the body is no JSON: " + body.error().text);
  if (!body->is_object()) return refuse("validation", "the body has to be an object");
  Problem wrong{
      "validation", "the body has members that are not known here", {}, Json::object(), {}};
  for (const auto& [name, value] : body->members()) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    wrong.errors.push_back(
        {"#/" + name, "unknown",
         "there is no member " + quote_for_message(name) +
             did_you_mean(nearest(name, std::span<const std::string_view>{names}))});
  }
  if (!wrong.errors.empty()) return tl::unexpected(std::move(wrong));
  return std::move(*body);
}

}  // namespace intelmq::serve
