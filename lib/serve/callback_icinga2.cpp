// SPDX-License-Identifier: Apache-2.0
// A passive result for Icinga 2, by its API: /v1/actions/process-check-result
#include "base/text.hpp"
#include "serve/callback_kind.hpp"

namespace intelmq::serve {
namespace {

void read(Members& members, const Outside& outside) {
  read_url(members, outside, true);
  read_object_names(members);
  if (!members.has("password")) members.wrong("password", "required", "is required");
  members.required_text("user");
}

Json body_of(const Call& call) {
  const Notice& notice = call.notice;
  Json perfdata = Json::array();
  // Blanks separate them, and may stand inside the quotes of a label.
  std::string one;
  bool quoted = false;
  for (const char c : notice.plugin.perfdata + " ") {
    if (c == '\'') quoted = !quoted;
    if (c != ' ' || quoted) {
      one += c;
    } else if (!one.empty()) {
      perfdata.push(one);
      one.clear();
    }
  }
  Json body = Json::object();
  body.set("type", "Service");
  body.set("filter", "host.name==intelmq_host&&service.name==intelmq_service");
  body.set("filter_vars", Json::object()
                              .set("intelmq_host", call.text("host"))
                              .set("intelmq_service", service_name(call)));
  body.set("exit_status", notice.plugin.exit);
  body.set("plugin_output", notice.plugin.text);
  body.set("performance_data", std::move(perfdata));
  body.set("check_source", notice.instance);
  return body.set("ttl", notice.ttl);
}

/// An answer of 200 may still tell of single objects that went wrong.
Result<std::string> verdict(const HttpResponse& reply) {
  const auto answer = Json::parse(reply.body);
  if (!answer) return fail("the answer is not JSON: " + reply_text(reply));
  const auto& results = (*answer)["results"].items();
  // 404, or 500 with an empty list, as the version is
  if (reply.status == 404 || ((*answer)["results"].is_array() && results.empty()))
    return fail("Icinga knows no such host and service; define them first");
  if (!reply.good()) return fail(reply_text(reply));
  for (const Json& result : results)
    if (result["code"].real() != 200.0)
      return fail("Icinga: " + quote_for_message(result["status"].text()));
  return std::to_string(results.size()) + " result accepted";
}

Result<std::string> send(const Call& call) {
  HttpRequest request;
  request.headers = {{"Accept", "application/json"}, {"Content-Type", "application/json"}};
  request.body = body_of(call).dump();
  request.user = call.text("user");
  auto password = call.secret("password");
  if (!password) return tl::unexpected(password.error());
  request.password = std::move(*password);
  const auto reply = post(call, "/v1/actions/process-check-result", std::move(request));
  if (!reply) return fail(reply.error().text);
  return verdict(*reply);
}

}  // namespace

const CallbackKind icinga2_callback = {"icinga2", {"password"}, read, send};

}  // namespace intelmq::serve
