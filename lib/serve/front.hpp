// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "base/log.hpp"
#include "serve/access.hpp"
#include "serve/audit.hpp"
#include "serve/http_server.hpp"
#include "serve/problem.hpp"
#include "serve/rate.hpp"
#include "serve/router.hpp"

namespace intelmq::serve {

/// Stands between the listeners and the routes: lets through what may come, tells everybody else
/// why not, and has the audit log know. All it is given outlives it. On the loop only.
class Front {
 public:
  struct Options {
    /// Names and addresses, beside the loopback's, that a Host header may have; lower case, no
    /// ports.
    std::vector<std::string> hosts = {};
    bool any_host = false;  ///< Of a listener that serves nothing but probes.
    bool audit_optional = false;
    double requests_per_second = 50;       ///< Of one principal; 0: no limit.
    double failed_logins_per_minute = 30;  ///< Of one address; 0: no limit.
    /// Counts an answer; `route` is the pattern, empty where there is none.
    std::function<void(std::string_view method, std::string_view route, int code)> answered = {};
    std::function<void(std::string_view reason)> login_failed = {};
  };
  /// Without `access` everybody on a unix socket or the loopback is an admin, others are nobody.
  Front(const Router& router, Access* access, Audit* audit, Log& log, Options options);

  HttpServer::Admission admit(const Request& head);
  void handle(const std::shared_ptr<Request>& request, const Responder& respond);
  /// The last thing that went wrong with the audit log; empty when it works.
  const std::string& audit_trouble() const { return audit_trouble_; }

 private:
  struct Exchange;
  using Shared = std::shared_ptr<Exchange>;
  struct Refusal {
    Problem what;
    bool denied = false;       ///< Goes to the audit log.
    std::string why = {};      ///< More precise than the problem's text; for the audit log alone.
    std::string options = {};  ///< Not refused but answered: the methods that OPTIONS asks for.
  };
  std::variant<const Route*, Refusal> rules(Request& request) const;
  std::optional<Identity> identify(const Request& request);
  std::optional<Problem> late_login(const Request& request);
  static Problem unknown_keys();
  Problem challenge(const Request& request, std::string_view code, std::string detail,
                    std::string parameters) const;
  std::optional<Refusal> allowed(const Request& request, Scope scope, const Identity& identity);
  void identified(const Shared& exchange, const Identity& identity);
  void run(const Shared& exchange);
  void answer(const Shared& exchange, Response response);
  Response refuse(const Request& request, const Refusal& refusal);
  void note(const Request& request, int status);
  void audit(const Request& request, std::string_view phase, const Json& more,
             std::function<void(bool)> then);

  const Router& router_;
  Access* access_;
  Audit* audit_;
  Log& log_;
  Options options_;
  Rate requests_, failures_, denials_;
  std::string audit_trouble_;
};

}  // namespace intelmq::serve
