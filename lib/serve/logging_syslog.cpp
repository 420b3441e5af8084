// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>
#include <deque>
#include <random>
#include <utility>

#include "base/sha256.hpp"
#include "base/text.hpp"
#include "serve/logging_routes.hpp"
#include "serve/members.hpp"
#include "serve/pages.hpp"
#include "serve/syslog_link.hpp"

namespace intelmq::serve {
namespace {

using Targets = std::vector<SyslogTarget>;

constexpr std::string_view path = "/api/v1/logging/syslog-targets";
constexpr std::chrono::milliseconds test_limit{5000};

std::string etag(const Json& configuration) {
  return '"' + sha256_hex(configuration.dump()).substr(0, 32) + '"';
}

Json status_json(const SyslogSender::Status& status) {
  const auto count = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  const auto time = [](std::int64_t value) { return value ? Json(rfc3339(value)) : Json(); };
  return Json::object()
      .set("state", status.state)
      .set("queued", count(status.queued))
      .set("sent", count(status.sent))
      .set("dropped", count(status.dropped))
      .set("connects", count(status.connects))
      .set("last_sent", time(status.last_sent))
      .set("last_error", status.last_error.empty() ? Json() : Json(status.last_error))
      .set("last_error_at", time(status.last_error_at));
}

/// As lists and GET show it.
Json item(const SyslogTarget& target, const SyslogSender* sender) {
  Json out = Json::object();
  out.set("type", "syslog-target")
      .set("id", target.id)
      .set("links", Json::object().set("self", fmt::format("{}/{}", path, target.id)));
  const Json json = target.json();
  for (const auto& [name, value] : json.members()) out.set(name, value);
  return out.set("status", status_json(sender ? sender->status() : SyslogSender::Status{}));
}

Response missing(const std::string& id) {
  return problem("not-found", "there is no syslog target " + quote_for_message(id));
}

/// Whether the request may change what has this ETag; the problem if not.
std::optional<Response> conflict(const Request& request, const std::string& tag, bool required) {
  const std::string_view wanted = request.header("If-Match");
  if (wanted.empty()) {
    if (!required) return std::nullopt;
    return problem("precondition-required", "send If-Match with the ETag that GET gave");
  }
  for (const std::string_view one : split(wanted, ','))
    if (trim(one) == "*" || trim(one) == tag) return std::nullopt;
  return problem("precondition-failed", "the target has changed; its ETag is " + tag);
}

std::string new_id(const Targets& targets) {
  std::random_device chance;
  for (;;) {
    std::string id = fmt::format("{:08x}", static_cast<std::uint32_t>(chance()));
    if (std::none_of(targets.begin(), targets.end(),
                     [&](const SyslogTarget& target) { return target.id == id; }))
      return id;
  }
}

/// Changes of the configuration, one after the other: each is on disk before it counts.
class Edits : public std::enable_shared_from_this<Edits> {
 public:
  /// From the targets of now to those wanted and the id to answer with; or the answer.
  struct Wanted {
    Targets targets;
    std::string id;
    int status = 200;
  };
  using Plan = std::function<tl::expected<Wanted, Response>(Targets now)>;

  explicit Edits(const LoggingParts& parts) : parts_{parts} {}
  const LoggingParts& parts() const { return parts_; }

  void run(Plan plan, Responder respond) {
    waiting_.emplace_back(std::move(plan), std::move(respond));
    if (!busy_) next();
  }

 private:
  void next() {
    while (!busy_ && !waiting_.empty()) {
      const auto [plan, respond] = std::move(waiting_.front());
      waiting_.pop_front();
      auto wanted = plan(parts_.syslog.all());
      if (!wanted)
        respond(std::move(wanted.error()));
      else
        save(std::move(*wanted), respond);
    }
  }
  void save(Wanted wanted, Responder respond) {
    busy_ = true;
    const auto shared = std::make_shared<Wanted>(std::move(wanted));
    const auto done = std::make_shared<Result<void>>();
    parts_.loop.work(
        [this, self = shared_from_this(), shared, done] {
          *done = parts_.syslog.save(shared->targets);
        },
        [this, self = shared_from_this(), shared, done, respond = std::move(respond)] {
          busy_ = false;
          respond(*done ? apply(*shared) : problem("insufficient-storage", done->error().text));
          next();
        });
  }
  Response apply(Wanted& wanted) {
    parts_.syslog.use(std::move(wanted.targets));
    if (wanted.status == 204) return Response::empty();
    const SyslogSender* const sender = parts_.syslog.find(wanted.id);
    Response out = Response::json(item(sender->target(), sender), wanted.status);
    out.with("ETag", etag(sender->target().json()));
    if (wanted.status == 201) out.with("Location", fmt::format("{}/{}", path, wanted.id));
    return out;
  }

  LoggingParts parts_;
  std::deque<std::pair<Plan, Responder>> waiting_;
  bool busy_ = false;
};

using SharedEdits = std::shared_ptr<Edits>;

/// The target that a body describes, or the answer to it.
tl::expected<SyslogTarget, Response> target_of(const Request& request) {
  const auto body = Json::parse(request.body.empty() ? "{}" : request.body);
  if (!body)
    return tl::unexpected(
        problem("malformed-request", "the body is no JSON: " + body.error().text));
  std::vector<FieldError> errors;
  auto target = read_syslog_target(*body, errors);
  if (!errors.empty()) return tl::unexpected(invalid(std::move(errors)).response());
  return std::move(*target);
}

void create(const SharedEdits& edits, const Request& request, const Responder& respond) {
  auto target = target_of(request);
  if (!target) return respond(std::move(target.error()));
  edits->run(
      [target = std::move(*target)](Targets now) mutable -> tl::expected<Edits::Wanted, Response> {
        if (now.size() >= SyslogTargets::most)
          return tl::unexpected(
              invalid({{"#", "value",
                        fmt::format("there are {} targets already, which is the most",
                                    SyslogTargets::most)}})
                  .response());
        target.id = new_id(now);
        std::string id = target.id;
        now.push_back(std::move(target));
        return Edits::Wanted{std::move(now), std::move(id), 201};
      },
      respond);
}

/// Puts `change` in the place of a target, or takes it away.
void alter(const SharedEdits& edits, const std::shared_ptr<Request>& request,
           std::optional<SyslogTarget> change, const Responder& respond) {
  edits->run(
      [edits, request,
       change = std::move(change)](Targets now) mutable -> tl::expected<Edits::Wanted, Response> {
        const std::string& id = request->value("id");
        const auto found = std::find_if(
            now.begin(), now.end(), [&](const SyslogTarget& target) { return target.id == id; });
        if (found == now.end()) return tl::unexpected(missing(id));
        if (auto no = conflict(*request, etag(found->json()), edits->parts().require_if_match))
          return tl::unexpected(std::move(*no));
        if (!change) {
          now.erase(found);
          return Edits::Wanted{std::move(now), id, 204};
        }
        change->id = id;
        *found = std::move(*change);
        return Edits::Wanted{std::move(now), id, 200};
      },
      respond);
}

void replace(const SharedEdits& edits, const std::shared_ptr<Request>& request,
             const Responder& respond) {
  if (!edits->parts().syslog.find(request->value("id")))
    return respond(missing(request->value("id")));
  auto target = target_of(*request);
  if (!target) return respond(std::move(target.error()));
  alter(edits, request, std::move(*target), respond);
}

void test(const LoggingParts& parts, const Request& request, const Responder& respond) {
  const SyslogSender* const sender = parts.syslog.find(request.value("id"));
  if (!sender) return respond(missing(request.value("id")));
  const auto target = std::make_shared<const SyslogTarget>(sender->target());
  const auto record = std::make_shared<LogRecord>();
  record->time = now_ms();
  record->bot = "serve";
  record->kind = "test";
  record->text = fmt::format("test of the syslog target {}", target->id);
  const auto done = std::make_shared<Result<void>>();
  parts.loop.work([=] { *done = send_syslog_once(*target, *record, test_limit); },
                  [=] {
                    if (!*done) return respond(problem("upstream-failed", done->error().text));
                    respond(Response::json(Json::object()
                                               .set("at", rfc3339(record->time))
                                               .set("event", "test")
                                               .set("ok", true)
                                               .set("detail", "sent to " + target->name())));
                  });
}

Response list(const LoggingParts& parts, const Request& request) {
  const Targets targets = parts.syslog.all();
  return paged(request, targets.begin(), targets.end(), [&](const SyslogTarget& target) {
    return item(target, parts.syslog.find(target.id));
  });
}

Response get(const LoggingParts& parts, const Request& request) {
  const SyslogSender* const sender = parts.syslog.find(request.value("id"));
  if (!sender) return missing(request.value("id"));
  return Response::json(item(sender->target(), sender)).with("ETag", etag(sender->target().json()));
}

}  // namespace

void add_syslog_routes(Router& router, const LoggingParts& parts) {
  const std::string all(path), one = all + "/{id}";
  const auto edits = std::make_shared<Edits>(parts);
  using Shared = std::shared_ptr<Request>;
  const auto write = [&router](const char* method, const std::string& pattern, Body body,
                               Handler handler) {
    router.add(Route{method, pattern, Scope::config, body, std::move(handler), true, false});
  };
  router.add("GET", all, Scope::read,
             [parts](const Request& request) { return list(parts, request); });
  router.add("GET", one, Scope::read,
             [parts](const Request& request) { return get(parts, request); });
  write("POST", all, Body::json, [edits](const Shared& request, const Responder& respond) {
    create(edits, *request, respond);
  });
  write("PUT", one, Body::json, [edits](const Shared& request, const Responder& respond) {
    replace(edits, request, respond);
  });
  write("DELETE", one, Body::none, [edits](const Shared& request, const Responder& respond) {
    alter(edits, request, std::nullopt, respond);
  });
  router.add(Route{
      "POST", one + "/test", Scope::test, Body::json,
      [parts](const Shared& request, const Responder& respond) { test(parts, *request, respond); },
      true, false});
}

}  // namespace intelmq::serve
