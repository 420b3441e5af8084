// SPDX-License-Identifier: Apache-2.0
#include "serve/logging_routes.hpp"

#include <charconv>
#include <utility>

#include "base/text.hpp"
#include "serve/members.hpp"
#include "type/duration.hpp"
#include "type/timestamp.hpp"

namespace intelmq::serve {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t most_lines = 10000;
constexpr milliseconds shortest{1000}, longest{std::chrono::hours(24 * 30)};

Response no_bot(const Request& request) {
  return problem("not-found", "there is no bot " + quote_for_message(request.value("bot")));
}

bool unknown_bot(const LoggingParts& parts, const Request& request) {
  return !request.value("bot").empty() && !parts.bots.find(request.value("bot"));
}

/// An instant with any offset, in milliseconds.
std::optional<std::int64_t> read_instant(std::string_view text) {
  std::int64_t offset = 0;  // minutes
  if (text.ends_with('Z') || text.ends_with('z')) {
    text.remove_suffix(1);
  } else if (text.size() > 6) {
    const std::string_view zone = text.substr(text.size() - 6);
    const bool east = zone[0] == '+' || zone[0] == ' ';  // a query's plus may come as a blank
    int hours = 0, minutes = 0;
    const char* const at = zone.data();
    if ((!east && zone[0] != '-') || zone[3] != ':' ||
        std::from_chars(at + 1, at + 3, hours).ptr != at + 3 ||
        std::from_chars(at + 4, at + 6, minutes).ptr != at + 6)
      return std::nullopt;
    offset = (east ? 1 : -1) * (60 * hours + minutes);
    text.remove_suffix(6);
  }
  const auto time = parse_strict(std::string(text) + "+00:00");
  if (!time) return std::nullopt;
  return (time->seconds - 60 * offset) * 1000 + time->micros / 1000;
}

Result<std::int64_t> read_since(std::string_view text) {
  if (const auto back = parse_iso_duration(text)) return now_ms() - back->milliseconds().count();
  if (const auto instant = read_instant(text)) return *instant;
  return fail("since: " + quote_for_message(text) +
              " is neither a time such as 2026-11-24T12:00:00Z nor a duration such as PT5M");
}

Result<LogRing::Query> read_query(const Request& request) {
  LogRing::Query query;
  query.bot = request.value("bot");
  if (const auto lines = request.parameter("lines")) {
    const char* const end = lines->data() + lines->size();
    const auto read = std::from_chars(lines->data(), end, query.lines);
    if (read.ec != std::errc() || read.ptr != end || query.lines < 1 || query.lines > most_lines)
      return fail("lines: " + quote_for_message(*lines) + " is no number from 1 to " +
                  std::to_string(most_lines));
  }
  if (const auto level = request.parameter("level")) {
    const auto read = log_level(*level);
    if (!read || name_of(*read) != *level)
      return fail("level: " + quote_for_message(*level) +
                  " is none of debug, info, warning, error");
    query.level = *read;
  }
  if (const auto since = request.parameter("since")) {
    const auto read = read_since(*since);
    if (!read) return tl::unexpected(read.error());
    query.since = *read;
  }
  return query;
}

Response get_logs(const LoggingParts& parts, const Request& request) {
  if (unknown_bot(parts, request)) return no_bot(request);
  const auto query = read_query(request);
  if (!query) return problem("malformed-request", query.error().text);
  const std::string follow = request.parameter("follow").value_or("false");
  if (follow != "true" && follow != "false")
    return problem("malformed-request",
                   "follow: " + quote_for_message(follow) + " is neither true nor false");
  Response out;
  out.type = "application/x-ndjson";
  if (follow == "false" || request.head) {
    for (const SharedRecord& record : parts.hub.ring().find(*query))
      out.body += record->json().dump() + '\n';
    return out;
  }
  if (parts.hub.followers() >= LogHub::most_followers)
    return problem("rate-limited", "so many follow the log already; end one of them")
        .with("Retry-After", "60");
  out.stream = [&hub = parts.hub, query = *query](const std::shared_ptr<BodyStream>& stream) {
    if (!hub.follow(stream, query)) stream->end();
  };
  return out;
}

void put_level(const LoggingParts& parts, const Request& request, const Responder& respond) {
  if (unknown_bot(parts, request)) return respond(no_bot(request));
  const auto body = Json::parse(request.body.empty() ? "{}" : request.body);
  if (!body) return respond(problem("malformed-request", "the body is no JSON"));
  std::vector<FieldError> errors;
  Members members(*body, "#", errors);
  if (!members.has("level")) members.wrong("level", "required", "is required");
  const auto level = members.choice("level", log_level_names);
  const auto time = members.duration("for");
  if (time && (time->milliseconds() < shortest || time->milliseconds() > longest))
    members.wrong("for", "value", "has to be between PT1S and P30D");
  members.finish();
  if (!errors.empty()) return respond(invalid(std::move(errors)).response());
  parts.levels.set(request.value("bot"), static_cast<LogLevel>(*level),
                   time ? std::optional(time->milliseconds()) : std::nullopt,
                   [respond](const Json& now) { respond(Response::json(now)); });
}

}  // namespace

void add_logging_routes(Router& router, const LoggingParts& parts) {
  router.add(
      "GET", "/api/v1/logging/level", Scope::read,
      [parts](const Request& request) {
        if (unknown_bot(parts, request)) return no_bot(request);
        return Response::json(parts.levels.json(request.value("bot")));
      },
      Body::none, true);
  router.add(Route{"PUT", "/api/v1/logging/level", Scope::config, Body::json,
                   [parts](const std::shared_ptr<Request>& request, const Responder& respond) {
                     put_level(parts, *request, respond);
                   },
                   true, true});
  router.add(
      "GET", "/api/v1/logs", Scope::read,
      [parts](const Request& request) { return get_logs(parts, request); }, Body::none, true);
  add_syslog_routes(router, parts);
}

}  // namespace intelmq::serve
