// SPDX-License-Identifier: Apache-2.0
#include "serve/failed_messages.hpp"

#include <algorithm>

#include "base/file.hpp"
#include "base/text.hpp"
#include "serve/clock.hpp"
#include "serve/pages.hpp"
#include "serve/taps.hpp"
#include "type/base64.hpp"

namespace intelmq::serve {
namespace {

/// The record as it came: text, or what base64 stands for.
std::string original_of(const Json& record) {
  const std::string& text = record["original"].text();
  return record["encoding"].text() == "base64" ? decode_base64(text).value_or("") : text;
}

}  // namespace

Json FailedMessages::Message::document() const {
  const std::string text = original_of(record);
  auto parsed = Json::parse(text);
  return Json::object()
      .set("id", std::to_string(id))
      .set("bot", bot)
      .set("at", time_text(at))
      .set("error", error)
      .set("message", parsed ? std::move(*parsed) : Json(text))
      .set("letter", record);
}

FailedMessages::FailedMessages(const Sections& sections)
    : s_{sections}, path_{sections.state_directory + "/failed.ndjson"} {
  const auto text = read_file(path_);
  if (text) read(*text, {});
}

void FailedMessages::read(std::string_view text, const std::string& bot) {
  const std::size_t before = all_.size();
  const auto had = [&](const Message& one) {
    const auto same = [&](const Message& each) {
      return each.bot == one.bot && each.at == one.at && each.error == one.error &&
             each.record == one.record;
    };
    const auto end = all_.begin() + static_cast<std::ptrdiff_t>(std::min(before, all_.size()));
    return std::any_of(all_.begin(), end, same);
  };
  for (const std::string_view line : split(text, '\n')) {
    const auto read = Json::parse(line);
    if (!read || !read->is_object()) continue;
    Message message{last_ + 1,
                    (*read)["bot"].text(),
                    (*read)["at"].real().value_or(0),
                    (*read)["error"].text(),
                    (*read)["record"],
                    line.size()};
    if (had(message) || (!bot.empty() && message.bot != bot)) continue;
    ++last_;
    add(std::move(message));
  }
}

std::string FailedMessages::text(const std::string& bot) const {
  std::string out;
  for (const Message& each : all_)
    if (bot.empty() || each.bot == bot)
      out += Json::object()
                 .set("bot", each.bot)
                 .set("at", each.at)
                 .set("error", each.error)
                 .set("record", each.record)
                 .dump() +
             '\n';
  return out;
}

void FailedMessages::take_in(std::string_view text, const std::string& bot) {
  read(text, bot);
  save();
}

void FailedMessages::add(Message message) {
  bytes_ += message.bytes;
  all_.push_back(std::move(message));
  while (all_.size() > most || bytes_ > most_bytes) {
    bytes_ -= all_.front().bytes;
    all_.pop_front();
  }
}

void FailedMessages::take(const std::string& bot, const Json& event) {
  add({++last_, bot, unix_time(), event["reason"].text(), event["record"], event.dump().size()});
  save();
}

/// All of them at once, some time later: many may come within a second.
void FailedMessages::save() {
  if (saver_) return;
  saver_ = s_.loop.after(std::chrono::seconds(1), [this] {
    s_.loop.work([path = path_, text = text()] { (void)atomic_write(path, text, 0600); }, [] {});
    saver_.reset();
  });
}

void FailedMessages::erase(std::uint64_t id) {
  const auto found =
      std::find_if(all_.begin(), all_.end(), [id](const Message& each) { return each.id == id; });
  if (found == all_.end()) return;
  bytes_ -= found->bytes;
  all_.erase(found);
  save();
}

const FailedMessages::Message* FailedMessages::find(const Request& request) const {
  const std::string &id = request.value("id"), &bot = request.value("bot");
  for (const Message& each : all_)
    if (std::to_string(each.id) == id && (bot.empty() || each.bot == bot)) return &each;
  return nullptr;
}

void FailedMessages::retry(const std::shared_ptr<Request>& request, Responder respond) {
  const Message* const message = find(*request);
  if (!message) return respond(problem("not-found", "there is no such message"));
  const BotSetup& first = s_.service.all().front();
  if (message->bot != first.id)
    return respond(problem("conflict",
                           "only what the first bot could not process can be sent "
                           "through again: the others read from a pipe"));
  const std::string source = source_of(s_);
  if (source.empty() || source == "-" || source.starts_with("file:"))
    return respond(problem("conflict", "the first bot does not read from a queue"));
  const std::uint64_t id = message->id;
  write_to_queue(s_, source, original_of(message->record) + '\n',
                 [this, id, respond = std::move(respond)](Response response) {
                   if (response.status == 202) erase(id);
                   respond(std::move(response));
                 });
}

void FailedMessages::add_routes(Router& router) {
  const std::string one = "/api/v1/failed-messages/{id}";
  router.add(
      "GET", "/api/v1/failed-messages", Scope::data,
      [this](const Request& request) {
        std::optional<Response> missing;
        chosen_bots(s_, request, missing);
        if (missing) return std::move(*missing);
        std::vector<const Message*> wanted;
        for (const Message& each : all_)
          if (request.value("bot").empty() || each.bot == request.value("bot"))
            wanted.push_back(&each);
        return paged(request, wanted.begin(), wanted.end(),
                     [](const Message* each) { return each->document(); });
      },
      Body::none, true);
  router.add(
      "GET", one, Scope::data,
      [this](const Request& request) {
        const Message* const message = find(request);
        return message ? Response::json(message->document())
                       : problem("not-found", "there is no such message");
      },
      Body::none, true);
  router.add(
      "DELETE", one, Scope::data,
      [this](const Request& request) {
        const Message* const message = find(request);
        if (!message) return problem("not-found", "there is no such message");
        erase(message->id);
        return Response::empty();
      },
      Body::none, true);
  router.add(Route{"POST", one + "/retry", Scope::data, Body::json,
                   [this](const std::shared_ptr<Request>& request, Responder respond) {
                     retry(request, std::move(respond));
                   },
                   true, true});
}

}  // namespace intelmq::serve
