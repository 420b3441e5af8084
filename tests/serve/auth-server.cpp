// SPDX-License-Identifier: Apache-2.0
// The way in to intelmq-serve with a few routes behind it, for tests/serve/oidc.
// usage: serve-auth-server LISTEN [OPTION]...   (the options of access_parameters)
#include <csignal>
#include <iostream>

#include "bot/arguments.hpp"
#include "bot/exit_code.hpp"
#include "serve/api_security.hpp"
#include "serve/front.hpp"

using namespace intelmq;
using namespace intelmq::serve;

namespace {

AccessOptions read_options(const std::vector<std::string>& words) {
  AccessOptions out;
  const std::vector<Parameter> all = access_parameters();
  std::vector<const Parameter*> table;
  table.reserve(all.size());
  for (const Parameter& each : all) table.push_back(&each);
  for (const GivenOption& given : parse_arguments(table, words)) {
    Json value(given.values.back());
    if (given.values.size() > 1) {
      value = Json::array();
      for (const std::string& each : given.values) value.push(each);
    }
    must(given.parameter->assign(&out, value), ExitCode::usage);
  }
  return out;
}

void run(const std::string& listen, const AccessOptions& options) {
  Log log(2, "auth-server", LogLevel::debug, LogForm::json);
  Loop loop;
  must(check_listener(listen, false, false, options, false));
  const auto access = must(
      Access::open(options, "one", http_fetcher(options.oidc_ca_file.value_or(""), options.dev),
                   work_of(loop), log));
  const std::unique_ptr<Audit> audit =
      options.audit_file ? must(Audit::open(work_of(loop), *options.audit_file)) : nullptr;
  Router router;
  add_security_routes(router, *access, audit.get());
  const auto nothing = [](const Request&) { return Response::json(Json::object()); };
  router.add("GET", "/livez", Scope::none, nothing);
  router.add("GET", "/api/v1/status", Scope::read, nothing);
  router.add("POST", "/api/v1/lifecycle/stop", Scope::control, nothing, Body::json);
  router.add("POST", "/api/v1/self-test/unit-test", Scope::test, nothing, Body::json);
  router.add("PATCH", "/api/v1/parameters", Scope::config, nothing, Body::merge);
  router.add("POST", "/api/v1/state/dumps", Scope::state, nothing, Body::json);
  router.add("GET", "/api/v1/debug/tap", Scope::data, nothing);
  Front::Options front_options;
  front_options.hosts = options.allow_host;
  front_options.requests_per_second = static_cast<double>(options.request_rate);
  front_options.failed_logins_per_minute = static_cast<double>(options.failed_login_rate);
  front_options.audit_optional = options.audit_optional;
  Front front(router, access.get(), audit.get(), log, std::move(front_options));
  HttpServer::Options server_options;
  server_options.listen = listen;
  const auto server = must(HttpServer::open(
      loop, log, server_options, [&front](const Request& head) { return front.admit(head); },
      [&front](const std::shared_ptr<Request>& request, const Responder& respond) {
        front.handle(request, respond);
      }));
  std::cout << server->address() << std::endl;
  const Watch end = loop.signals({SIGTERM, SIGINT}, [&loop](int) { loop.stop(); });
  loop.run();
}

}  // namespace

int main(int count, char** words) try {
  if (count < 2) throw StartError("usage: serve-auth-server LISTEN [OPTION]...", ExitCode::usage);
  run(words[1], read_options({words + 2, words + count}));
  return 0;
} catch (const StartError& error) {
  std::cerr << error.what() << '\n';
  return static_cast<int>(error.code());
}
