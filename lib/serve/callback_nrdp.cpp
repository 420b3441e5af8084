// SPDX-License-Identifier: Apache-2.0
// A passive result for Nagios by NRDP: a form with the token and an XML document.
#include "base/text.hpp"
#include "serve/callback_kind.hpp"

namespace intelmq::serve {
namespace {

std::string xml_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '&')
      out += "&amp;";
    else if (c == '<')
      out += "&lt;";
    else if (c == '>')
      out += "&gt;";
    else
      out += static_cast<unsigned char>(c) < ' ' ? ' ' : c;
  }
  return out;
}

std::string form_text(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string out;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       c == '-' || c == '.' || c == '_';
    if (plain)
      out += c;
    else
      out.append("%").append(1, digits[byte >> 4]).append(1, digits[byte & 15]);
  }
  return out;
}

void read(Members& members, const Outside& outside) {
  read_url(members, outside, true);
  read_object_names(members);
  if (!members.has("token")) members.wrong("token", "required", "is required");
}

Result<std::string> send(const Call& call) {
  const auto token = call.secret("token");
  if (!token) return tl::unexpected(token.error());
  const std::string xml =
      "<?xml version='1.0'?><checkresults><checkresult type='service' checktype='1'><hostname>" +
      xml_text(call.text("host")) + "</hostname><servicename>" + xml_text(service_name(call)) +
      "</servicename><state>" + std::to_string(call.notice.plugin.exit) + "</state><output>" +
      xml_text(call.notice.plugin.line()) + "</output></checkresult></checkresults>";
  HttpRequest request;
  request.headers = {{"Content-Type", "application/x-www-form-urlencoded"}};
  request.body =
      "token=" + form_text(token->reveal()) + "&cmd=submitcheck&XMLDATA=" + form_text(xml);
  const auto reply = post(call, "", std::move(request));
  if (!reply) return fail(reply.error().text);
  // Errors of NRDP itself come with 200 and another status in the document.
  if (!reply->good() || reply->body.find("<status>0</status>") == std::string::npos)
    return fail(reply_text(*reply));
  return std::string("accepted");
}

}  // namespace

const CallbackKind nrdp_callback = {"nrdp", {"token"}, read, send};

}  // namespace intelmq::serve
