// SPDX-License-Identifier: Apache-2.0
// A JSON document for anybody, signed as the Standard Webhooks specification describes.
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <algorithm>

#include "serve/alerts.hpp"
#include "serve/callback_kind.hpp"
#include "serve/clock.hpp"
#include "type/base64.hpp"

namespace intelmq::serve {
namespace {

constexpr std::string_view key_prefix = "whsec_";

void read(Members& members, const Outside& outside) { read_url(members, outside, false); }

Json list(const std::vector<Check>& checks) {
  Json out = Json::array();
  for (const Check& check : checks) out.push(alert_json(check));
  return out;
}

/// Without those that go on at another severity.
std::vector<Check> ended(const Notice& notice) {
  std::vector<Check> out;
  for (const Check& check : notice.resolved)
    if (std::none_of(notice.alerts.begin(), notice.alerts.end(),
                     [&](const Check& alert) { return alert.id() == check.id(); }))
      out.push_back(check);
  return out;
}

std::string document(const Notice& notice) {
  return Json::object()
      .set("type", "intelmq." + notice.event)
      .set("timestamp", time_text(notice.now))
      .set("data", Json::object()
                       .set("service", notice.service)
                       .set("instance", notice.instance)
                       .set("version", notice.version)
                       .set("state", notice.state)
                       .set("status", name_of(notice.status))
                       .set("text", notice.plugin.text)
                       .set("ttl_s", notice.ttl)
                       .set("alerts", list(notice.alerts))
                       .set("resolved", list(ended(notice))))
      .dump();
}

/// "v1,<base64 of HMAC-SHA256>" of the text.
Result<std::string> signature(std::string_view key, const std::string& text) {
  std::string bytes{key};
  if (key.starts_with(key_prefix)) {
    auto decoded = decode_base64(key.substr(key_prefix.size()));
    if (!decoded) return fail("secret: what stands behind whsec_ is not base64");
    bytes = std::move(*decoded);
  }
  unsigned char digest[EVP_MAX_MD_SIZE];
  unsigned size = 0;
  if (!HMAC(EVP_sha256(), bytes.data(), static_cast<int>(bytes.size()),
            reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest, &size))
    return fail("the document cannot be signed");
  const Secret wiped{std::move(bytes)};
  std::string out = "v1,";
  append_base64(out, {reinterpret_cast<const char*>(digest), size});
  return out;
}

Result<std::string> send(const Call& call) {
  const auto secret = call.secret("secret");
  if (!secret) return tl::unexpected(secret.error());
  HttpRequest request;
  request.body = document(call.notice);
  const std::string at = std::to_string(static_cast<std::int64_t>(unix_time()));
  request.headers = {{"Content-Type", "application/json"},
                     {"webhook-id", call.notice.id},
                     {"webhook-timestamp", at}};
  if (!secret->empty()) {
    auto signed_text = signature(secret->reveal(), call.notice.id + "." + at + "." + request.body);
    if (!signed_text) return tl::unexpected(signed_text.error());
    request.headers.emplace_back("webhook-signature", std::move(*signed_text));
  }
  const auto reply = post(call, "", std::move(request));
  if (!reply) return fail(reply.error().text);
  if (!reply->good()) return fail(reply_text(*reply));
  return "HTTP " + std::to_string(reply->status);
}

}  // namespace

const CallbackKind webhook_callback = {"webhook", {"secret"}, read, send};

}  // namespace intelmq::serve
