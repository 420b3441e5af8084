// SPDX-License-Identifier: Apache-2.0
// What the service, its bots and its container are.
#include <openssl/crypto.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <charconv>

#include "base/file.hpp"
#include "base/sha256.hpp"
#include "base/text.hpp"
#include "pipeline/flow.hpp"
#include "serve/clock.hpp"
#include "serve/pages.hpp"
#include "serve/sections.hpp"
#include "serve/view.hpp"

namespace intelmq::serve {
namespace {

#ifndef INTELMQ_GIT
#define INTELMQ_GIT "unknown"
#endif

Json version_of(const BotSetup& bot) {
  return Json::object()
      .set("id", bot.id)
      .set("name", bot.describe["name"])
      .set("version", bot.describe["version"]);
}

Json bot_item(const Sections& s, const BotSetup& bot) {
  const std::string self = "/api/v1/bots/" + bot.id;
  return Json::object()
      .set("type", "bot")
      .set("id", bot.id)
      .set("name", bot.describe["name"])
      .set("module", bot.describe["module"])
      .set("kind", bot.describe["kind"])
      .set("version", bot.describe["version"])
      .set("summary", bot.describe["summary"])
      .set("state", s.service.status(bot.id)["state"])
      .set("links", Json::object().set("self", self).set("describe", self + "/describe"));
}

/// A document that changes seldom: with an ETag, and 304 when the client has it.
Response cacheable(const Request& request, const Json& body) {
  Response out = Response::json(body);
  const std::string tag = '"' + sha256_hex(out.body).substr(0, 32) + '"';
  if (request.header("If-None-Match") == tag) {
    out = Response::empty();
    out.status = 304;
  }
  return std::move(out).with("ETag", tag).with("Cache-Control", "private, no-cache");
}

Response for_each_or_one(const Sections& s, const Request& request,
                         const std::function<Json(const BotSetup&)>& show) {
  std::optional<Response> missing;
  const auto bots = chosen_bots(s, request, missing);
  if (missing) return std::move(*missing);
  if (bots.size() == 1) return cacheable(request, show(*bots.front()));
  Json items = Json::array();
  for (const BotSetup* bot : bots) items.push(show(*bot));
  return cacheable(request, Json::object().set("bots", std::move(items)));
}

Json version_document(const Sections& s) {
  Json bots = Json::array();
  for (const BotSetup& bot : s.service.all()) bots.push(version_of(bot));
  return Json::object()
      .set("serve", Json::object()
                        .set("version", INTELMQ_VERSION)
                        .set("git", INTELMQ_GIT)
                        .set("compiler", __VERSION__))
      .set("api", "1.0.0")
      .set("bots", std::move(bots))
      .set("libraries", Json::object().set("openssl", OpenSSL_version(OPENSSL_VERSION_STRING)))
      .set("dho", Json::array().push("1"));
}

// --- the container
// ------------------------------------------------------------------------------------------

Json number_in(const std::string& path) {
  const auto text = read_file(path);
  if (!text) return {};
  std::int64_t number = 0;
  const auto read = std::from_chars(text->data(), text->data() + text->size(), number);
  return read.ec == std::errc{} && number < (std::int64_t{1} << 60) ? Json(number) : Json();
}

Json first_number(std::initializer_list<const char*> paths) {
  for (const char* path : paths)
    if (Json number = number_in(path); !number.is_null()) return number;
  return {};
}

/// Limits and use of the control group, version 2 or, where that is not mounted, version 1.
Json control_group() {
  return Json::object()
      .set("memory_limit_bytes", first_number({"/sys/fs/cgroup/memory.max",
                                               "/sys/fs/cgroup/memory/memory.limit_in_bytes"}))
      .set("memory_bytes", first_number({"/sys/fs/cgroup/memory.current",
                                         "/sys/fs/cgroup/memory/memory.usage_in_bytes"}))
      .set("processes_limit",
           first_number({"/sys/fs/cgroup/pids.max", "/sys/fs/cgroup/pids/pids.max"}));
}

Json labels() {
  const auto text = read_file("/usr/share/intelmq/oci-labels.json");
  if (!text) return Json::object();
  auto read = Json::parse(*text);
  return read && read->is_object() ? *read : Json::object();
}

Json container_document(const Sections& s) {
  utsname system{};
  uname(&system);
  std::string capabilities;
  if (const auto status = read_file("/proc/self/status"))
    for (const std::string_view line : split(*status, '\n'))
      if (line.starts_with("CapEff:")) capabilities = trim(line.substr(7));
  return Json::object()
      .set("labels", labels())
      .set("hostname", system.nodename)
      .set("os", std::string(system.sysname) + " " + system.release)
      .set("arch", system.machine)
      .set("cgroup", control_group())
      .set("started", time_text(s.facts().started))
      .set("uid", static_cast<std::int64_t>(geteuid()))
      .set("read_only_root", access("/", W_OK) != 0)
      .set("capabilities", capabilities);
}

/// What the sheets say is needed, beside what is used.
Response requirements(const Sections& s, const Request& request) {
  std::optional<Response> missing;
  const auto bots = chosen_bots(s, request, missing);
  if (missing) return std::move(*missing);
  const Facts facts = s.facts();
  std::int64_t declared = 0, disk = 0, used = 0;
  double cores = 0;
  Json items = Json::array();
  for (const BotSetup* bot : bots) {
    const Json& baseline = bot->describe["resources"]["baseline"];
    declared += baseline["rss_bytes"].integer().value_or(0);
    disk += baseline["disk_bytes"].integer().value_or(0);
    cores += baseline["cpu_cores"].real().value_or(0);
    Json measured = Json::object();
    for (const BotFacts& known : facts.bots)
      if (known.id == bot->id) {
        used += static_cast<std::int64_t>(known.rss_bytes);
        measured.set("rss_bytes", static_cast<std::int64_t>(known.rss_bytes))
            .set("cpu_seconds", known.cpu_seconds);
      }
    items.push(Json::object()
                   .set("id", bot->id)
                   .set("declared", bot->describe["resources"])
                   .set("measured", std::move(measured)));
  }
  const Json limit = control_group()["memory_limit_bytes"];
  std::string_view verdict = "ok";
  if (const auto most = limit.integer()) {
    const std::int64_t wanted = std::max(declared, used);
    verdict = wanted > *most ? "insufficient" : wanted > *most / 10 * 8 ? "tight" : "ok";
  }
  return Response::json(Json::object()
                            .set("declared", Json::object()
                                                 .set("rss_bytes", declared)
                                                 .set("cpu_cores", cores)
                                                 .set("disk_bytes", disk))
                            .set("measured", Json::object().set("rss_bytes", used))
                            .set("memory_limit_bytes", limit)
                            .set("verdict", verdict)
                            .set("bots", std::move(items)));
}

Json service_document(const Sections& s) {
  Json links = Json::object();
  links.set("self", "/api/v1");
  for (const char* name : {"status",
                           "bots",
                           "describe",
                           "version",
                           "container",
                           "requirements",
                           "parameters",
                           "self-test",
                           "pipeline",
                           "state/dumps",
                           "health",
                           "stats",
                           "alerts",
                           "monitoring/thresholds",
                           "monitoring/callbacks",
                           "logging/level",
                           "logging/syslog-targets",
                           "logs",
                           "data",
                           "scale",
                           "operations",
                           "problems",
                           "whoami",
                           "audit",
                           "openapi.json",
                           "docs"})
    links.set(name, std::string("/api/v1/") + name);
  const Facts facts = s.facts();
  return Json::object()
      .set("name", facts.service)
      .set("instance", facts.instance)
      .set("state", facts.state)
      .set("links", std::move(links));
}

}  // namespace

void add_meta_routes(Router& router, const Sections& s) {
  router.add("GET", "/api", Scope::none, [](const Request&) {
    Json versions = Json::array();
    versions.push(
        Json::object().set("version", "v1").set("href", "/api/v1").set("status", "current"));
    return Response::json(Json::object().set("versions", std::move(versions)));
  });
  router.add("GET", "/api/v1", Scope::read,
             [&s](const Request&) { return Response::json(service_document(s)); });
  router.add("GET", "/api/v1/version", Scope::read,
             [&s](const Request&) { return Response::json(version_document(s)); });
  router.add("GET", "/api/v1/bots/{bot}/version", Scope::read,
             [&s](const Request& request) { return for_each_or_one(s, request, version_of); });
  router.add("GET", "/api/v1/bots", Scope::read, [&s](const Request& request) {
    const auto& bots = s.service.all();
    return paged(request, bots.begin(), bots.end(),
                 [&s](const BotSetup& bot) { return bot_item(s, bot); });
  });
  router.add("GET", "/api/v1/bots/{bot}", Scope::read, [&s](const Request& request) {
    std::optional<Response> missing;
    const auto bots = chosen_bots(s, request, missing);
    return missing ? std::move(*missing) : Response::json(bot_item(s, *bots.front()));
  });
  router.add(
      "GET", "/api/v1/describe", Scope::read,
      [&s](const Request& request) {
        return for_each_or_one(s, request, [](const BotSetup& bot) { return bot.describe; });
      },
      Body::none, true);
  router.add("GET", "/api/v1/describe/fields", Scope::read, [&s](const Request& request) {
    return cacheable(request, fields_of_service(s.service.all()));
  });
  router.add("GET", "/api/v1/bots/{bot}/describe/fields", Scope::read,
             [&s](const Request& request) {
               return for_each_or_one(s, request,
                                      [](const BotSetup& bot) { return bot.describe["fields"]; });
             });
  router.add("GET", "/api/v1/container", Scope::read,
             [&s](const Request&) { return Response::json(container_document(s)); });
  router.add(
      "GET", "/api/v1/requirements", Scope::read,
      [&s](const Request& request) { return requirements(s, request); }, Body::none, true);
}

}  // namespace intelmq::serve
