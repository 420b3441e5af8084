// SPDX-License-Identifier: Apache-2.0
#include "serve/operations.hpp"

#include <algorithm>
#include <charconv>
#include <random>

#include "base/text.hpp"
#include "serve/clock.hpp"
#include "serve/pages.hpp"

namespace intelmq::serve {
namespace {

constexpr std::size_t kept = 200;
constexpr double key_lifetime = 24 * 3600;

std::string new_id() {
  static std::mt19937_64 chance{std::random_device{}()};
  constexpr std::string_view digits = "0123456789abcdefghjkmnpqrstvwxyz";
  std::string out;
  // Beginning with the time, so that ids sort by age.
  for (int shift = 40; shift >= 0; shift -= 5)
    out += digits[static_cast<std::uint64_t>(unix_time() * 1000) >> shift & 31];
  for (int i = 0; i < 10; ++i) out += digits[chance() & 31];
  return out;
}

/// The seconds of `Prefer: respond-async, wait=10`.
std::chrono::seconds wait_wanted(const Request& request) {
  unsigned wanted = 10;
  for (const std::string_view part : split(request.header("Prefer"), ',')) {
    const std::string_view word = trim(part);
    if (word == "respond-async") wanted = 0;
    if (word.starts_with("wait="))
      std::from_chars(word.data() + 5, word.data() + word.size(), wanted);
  }
  return std::chrono::seconds(std::min(wanted, 60u));
}

}  // namespace

Json Operations::Operation::document() const {
  Json out = Json::object();
  out.set("id", id)
      .set("kind", kind)
      .set("state", state)
      .set("started", time_text(started))
      .set("finished", time_text(finished))
      .set("result", result);
  Json told;
  if (problem) told = *Json::parse(problem->response().body);
  return out.set("problem", std::move(told));
}

Response Operations::Operation::answer() const {
  if (problem) return problem->response();
  Response out = Response::json(result, status);
  if (const Json& link = result["links"]["self"]; status == 201 && link.is_string())
    out.with("Location", link.text());
  return out;
}

std::shared_ptr<Operations::Operation> Operations::find(const std::string& id) const {
  for (const auto& operation : all_)
    if (operation->id == id) return operation;
  return nullptr;
}

void Operations::run(const Request& request, Responder respond, std::string kind, const Work& work,
                     std::function<void()> cancel, int status) {
  std::string key(request.header("Idempotency-Key"));
  if (!key.empty()) {
    key = request.actor.name + '\n' + request.method + ' ' + request.path + '\n' + key;
    for (const auto& operation : all_)
      if (operation->key == key && unix_time() - operation->started < key_lifetime)
        return wait(request, operation, std::move(respond));
  }
  auto operation = std::make_shared<Operation>();
  operation->id = new_id();
  operation->kind = std::move(kind);
  operation->started = unix_time();
  operation->cancel = std::move(cancel);
  operation->key = std::move(key);
  operation->status = status;
  all_.push_back(operation);
  // The oldest that is over makes room.
  if (all_.size() > kept) {
    const auto over = std::find_if(all_.begin(), all_.end(),
                                   [](const auto& each) { return each->state != "running"; });
    if (over != all_.end()) all_.erase(over);
  }
  work([operation](Answer<Json> answer) {
    if (operation->finished > 0) return;
    operation->finished = unix_time();
    if (answer) {
      operation->state = "succeeded";
      operation->result = std::move(*answer);
    } else {
      operation->state = operation->state == "cancelling" ? "cancelled" : "failed";
      operation->problem = std::move(answer.error());
    }
    operation->cancel = {};
    const auto waiting = std::move(operation->waiting);
    operation->waiting.clear();
    for (const auto& each : waiting) each();
  });
  wait(request, operation, std::move(respond));
}

void Operations::wait(const Request& request, const std::shared_ptr<Operation>& operation,
                      Responder respond) {
  if (operation->finished > 0) return respond(operation->answer());
  const std::string link = "/api/v1/operations/" + operation->id;
  const auto not_yet = [operation, link] {
    return Response::json(operation->document(), 202).with("Location", link);
  };
  const auto limit = wait_wanted(request);
  if (limit.count() == 0) return respond(not_yet());
  auto pending = std::make_shared<std::pair<Responder, Watch>>(std::move(respond), Watch());
  operation->waiting.push_back([operation, pending] {
    pending->second.reset();
    if (const Responder answer = std::exchange(pending->first, {})) answer(operation->answer());
  });
  pending->second = loop_.after(limit, [pending, not_yet] {
    if (const Responder answer = std::exchange(pending->first, {})) answer(not_yet());
  });
}

void Operations::add_routes(Router& router) {
  router.add("GET", "/api/v1/operations", Scope::read, [this](const Request& request) {
    return paged(request, all_.rbegin(), all_.rend(),
                 [](const auto& operation) { return operation->document(); });
  });
  router.add("GET", "/api/v1/operations/{id}", Scope::read, [this](const Request& request) {
    const auto operation = find(request.value("id"));
    if (!operation) return problem("not-found", "there is no operation of that id");
    return Response::json(operation->document());
  });
  router.add("DELETE", "/api/v1/operations/{id}", Scope::control, [this](const Request& request) {
    const auto operation = find(request.value("id"));
    if (!operation) return problem("not-found", "there is no operation of that id");
    if (operation->finished > 0 || !operation->cancel)
      return problem("conflict", operation->finished > 0 ? "the operation is over"
                                                         : "the operation cannot be cancelled");
    operation->state = "cancelling";
    const auto cancel = operation->cancel;
    cancel();
    return Response::json(operation->document(), 202);
  });
}

}  // namespace intelmq::serve
