// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "base/json.hpp"
#include "base/result.hpp"
#include "net/http.hpp"
#include "serve/checks.hpp"
#include "serve/formats.hpp"
#include "serve/members.hpp"
#include "type/secret.hpp"

namespace intelmq::serve {

/// What a callback has to tell: how the service is at one moment.
struct Notice {
  std::string id;     ///< Unlike that of all other notices; the same for each try of one.
  std::string event;  ///< status-change, alert, heartbeat, test
  double now = 0, ttl = 0;
  std::string service, instance, version, state;
  Status status = Status::pass;
  PluginResult plugin;
  std::string checkmk;        ///< The section for the host itself.
  std::vector<Check> alerts;  ///< Those that are active.
  std::vector<Check>
      resolved;  ///< Those that were told of last and are not active any more, at that severity.
};

/// What callbacks may use of the world outside.
struct Outside {
  std::function<HttpResult(const HttpRequest&)> fetch = [](const HttpRequest& request) {
    return http_fetch(request);
  };
  /// Hosts that may be called: names, addresses, "*.example.org", "*".
  std::vector<std::string> allow_hosts;
  /// Directories that spool files may be written to, the first unless another is named.
  std::vector<std::string> spool_directories = {"/var/lib/check_mk_agent/spool"};
  std::string send_nsca = "send_nsca";
  std::string directory = "/tmp";  ///< For files that live as long as one call.
};

/// One try of one delivery. On a thread of `Loop::work`.
struct Call {
  const Json& settings;  ///< The callback as it was configured.
  const Notice& notice;
  const Outside& outside;

  std::string text(std::string_view name, const std::string& otherwise = {}) const;
  /// What a secret member holds, or refers to. Error: names the member, not the value.
  Result<Secret> secret(std::string_view name) const;
};

/// How one kind of monitoring system is told.
struct CallbackKind {
  std::string_view name;
  std::vector<std::string_view> secrets;  ///< Members that are never shown.
  /// Reads the kind's own members and notes what is wrong; not the secret ones' types.
  void (*read)(Members& members, const Outside& outside);
  /// What was answered, in a few words. Error: why it was not delivered, without secrets.
  Result<std::string> (*send)(const Call& call);
};

extern const CallbackKind checkmk_callback, icinga2_callback, nrdp_callback, nsca_callback,
    webhook_callback, alertmanager_callback;

// for the kinds

/// The host of a URL that may be called, noted otherwise. `credentials`: what is sent must not be
/// read on the way, so http is for the loopback alone.
void read_url(Members& members, const Outside& outside, bool credentials);
/// The host under which, and the service as which, a monitoring system knows this service.
void read_object_names(Members& members);
std::string service_name(const Call& call);
/// Sends the request to `url` of the settings + `path`: to a host that may be called, at an address
/// that may be (never of the link-local networks, where clouds have their metadata), without a
/// proxy, without following redirects.
HttpResult post(const Call& call, const std::string& path, HttpRequest request);
/// Whether a name may be called, and an address connected to (`loopback`: that of the host itself).
bool host_allowed(std::string_view host, const std::vector<std::string>& allowed);
bool address_allowed(const std::string& address, bool loopback);
/// Of a reply that is no success: "HTTP 500: first words".
std::string reply_text(const HttpResponse& reply);

}  // namespace intelmq::serve
