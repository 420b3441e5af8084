// SPDX-License-Identifier: Apache-2.0
#include "serve/taps.hpp"

#include <algorithm>
#include <charconv>
#include <map>

#include "base/text.hpp"
#include "queue/destination.hpp"

namespace intelmq::serve {
namespace {

/// One client that looks on.
struct Tap {
  std::string bot;
  std::int64_t number = 0;
  std::size_t left = 0;
  std::vector<std::string> fields;
  std::shared_ptr<BodyStream> stream;
  Watch limit;
};

std::vector<std::shared_ptr<Tap>>& taps() {
  static std::vector<std::shared_ptr<Tap>> all;
  return all;
}

void end_tap(const std::shared_ptr<Tap>& tap) {
  tap->limit.reset();
  if (tap->stream && tap->stream->open()) tap->stream->end();
  std::erase(taps(), tap);
}

std::optional<std::size_t> number_of(const Request& request, std::string_view name,
                                     std::size_t otherwise, std::size_t most) {
  const auto text = request.parameter(name);
  if (!text) return otherwise;
  std::size_t out = 0;
  const char* const end = text->data() + text->size();
  if (std::from_chars(text->data(), end, out).ptr != end || out < 1 || out > most)
    return std::nullopt;
  return out;
}

/// The queue that reads from `source` is written to by the same URL, without a reader's options.
std::string destination_of(const std::string& source) { return source.substr(0, source.find('?')); }

}  // namespace

void tap(const Sections& s, const std::shared_ptr<Request>& request, Responder respond) {
  std::optional<Response> missing;
  const auto bots = chosen_bots(s, *request, missing);
  if (missing) return respond(std::move(*missing));
  const auto most = number_of(*request, "limit", 10, 1000),
             time = number_of(*request, "timeout", 5, 60);
  if (!most || !time)
    return respond(problem("malformed-request",
                           "limit is a number from 1 to 1000, timeout seconds "
                           "from 1 to 60"));
  if (taps().size() >= 8) return respond(problem("rate-limited", "8 others look on already"));
  auto tap = std::make_shared<Tap>();
  tap->bot = bots.back()->id;
  tap->left = *most;
  if (const auto fields = request->parameter("fields")) tap->fields = split_names(*fields);
  static std::int64_t numbers = 0;
  tap->number = ++numbers;
  Json ask = Json::object();
  ask.set("op", "tap").set("tap", tap->number).set("limit", static_cast<std::int64_t>(*most));
  if (const auto path = request->parameter("path")) ask.set("path", *path);
  auto& loop = s.loop;
  s.service.ask(tap->bot, ask, std::chrono::seconds(5),
                [tap, respond, time, &loop](const Answer<Json>& answer) {
                  if (!answer) return respond(answer.error().response());
                  if (const auto number = (*answer)["tap"].integer()) tap->number = *number;
                  Response out;
                  out.type = "application/x-ndjson";
                  out.stream = [tap](std::shared_ptr<BodyStream> stream) {
                    tap->stream = std::move(stream);
                  };
                  taps().push_back(tap);
                  tap->limit = loop.after(std::chrono::seconds(*time), [tap] { end_tap(tap); });
                  respond(std::move(out));
                });
}

void take_tapped(const std::string& bot, const Json& event) {
  const std::int64_t number = event["tap"].integer().value_or(0);
  for (const auto& tap : std::vector(taps())) {
    if (tap->bot != bot || (number && tap->number != number) || tap->left == 0 || !tap->stream)
      continue;
    Json shown = event["event"];
    if (!tap->fields.empty()) {
      shown = Json::object();
      for (const std::string& field : tap->fields)
        if (event["event"].has(field)) shown.set(field, event["event"][field]);
    }
    const bool taken = tap->stream->write(shown.dump() + '\n');
    if (--tap->left == 0 || !taken) end_tap(tap);
  }
}

void write_to_queue(const Sections& s, const std::string& url, std::string lines,
                    Responder respond) {
  auto failure = std::make_shared<std::string>();
  s.loop.work(
      [url = destination_of(url), lines = std::move(lines), failure] {
        auto queue = open_destination(url);
        if (!queue) {
          *failure = queue.error().text;
          return;
        }
        if (auto done = (*queue)->write(lines); !done) *failure = done.error().text;
        if (auto done = (*queue)->flush(); !done) *failure = done.error().text;
        if (auto done = (*queue)->close(); !done) *failure = done.error().text;
      },
      [failure, respond] {
        if (!failure->empty()) return respond(problem("upstream-failed", *failure));
        respond(Response::json(Json::object().set("queued", 1), 202));
      });
}

}  // namespace intelmq::serve
