// SPDX-License-Identifier: Apache-2.0
#include "serve/state_keeper.hpp"

#include <sys/stat.h>
#include <unistd.h>

#include "base/file.hpp"
#include "base/text.hpp"
#include "serve/pages.hpp"
#include "serve/state_work.hpp"
#include "type/base64.hpp"

namespace intelmq::serve {
namespace {

using Asked = std::shared_ptr<Request>;

/// "sha-256=" and the base64 of the bytes that these digits stand for.
std::string digest_header(const std::string& hex) {
  std::string raw;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    raw += static_cast<char>(std::stoi(hex.substr(i, 2), nullptr, 16));
  std::string out = "sha-256=";
  append_base64(out, raw);
  return out;
}

std::string unknown_dump(const Request& request) {
  return "There is no dump " + quote_for_message(request.value("dump")) + ".";
}

Json without_manifest(const Json& document) {
  Json out = Json::object();
  for (const auto& [name, value] : document.members())
    if (name != "manifest") out.set(name, value);
  return out;
}

void list_dumps(const StateWork& work, const Asked& request, const Responder& respond) {
  auto found = std::make_shared<std::vector<Json>>();
  work->deps.loop.work([work, found] { *found = work->dumps.list(); },
                       [found, request, respond] {
                         respond(paged(*request, found->begin(), found->end(), without_manifest));
                       });
}

/// The document of the dump that the path names; without one that is answered.
void with_dump(const StateWork& work, const Asked& request, const Responder& respond,
               std::function<void(const Json&)> then) {
  auto found = std::make_shared<std::optional<Json>>();
  work->deps.loop.work(
      [work, found, request] { *found = work->dumps.find(request->value("dump")); },
      [found, request, respond, then = std::move(then)] {
        if (!*found) return respond(problem("not-found", unknown_dump(*request)));
        then(**found);
      });
}

void get_dump(const StateWork& work, const Asked& request, const Responder& respond) {
  with_dump(work, request, respond, [respond](const Json& one) { respond(Response::json(one)); });
}

void get_content(const StateWork& work, const Asked& request, const Responder& respond) {
  with_dump(work, request, respond, [work, request, respond](const Json& one) {
    Response out;
    out.type = "application/x-tar";
    out.file = work->dumps.path_of(request->value("dump"));
    const std::string& hash = one["sha256"].text();
    respond(std::move(out)
                .with("ETag", '"' + hash + '"')
                .with("Digest", digest_header(hash))
                .with("Content-Disposition",
                      "attachment; filename=\"" + request->value("dump") + ".tar\""));
  });
}

void delete_dump(const StateWork& work, const Asked& request, const Responder& respond) {
  auto was = std::make_shared<bool>(false);
  work->deps.loop.work(
      [work, was, request] { *was = work->dumps.remove(request->value("dump")); },
      [was, request, respond] {
        respond(*was ? Response::empty() : problem("not-found", unknown_dump(*request)));
      });
}

/// Checks a file that was sent and takes it in.
Answer<Json> import(const StateWork& work, const std::string& id, const std::string& file,
                    const std::string& digest) {
  if (!is_plain_name(id))
    return refuse("validation", "The id of a dump has letters, digits and ._-+=@ alone.");
  if (work->dumps.list().size() >= Dumps::most)
    return refuse("insufficient-storage", "There are 100 dumps already; delete some.");
  const auto bundle = check_bundle(file);
  if (!bundle) return refuse("validation", bundle.error().text + ".");
  if (digest.starts_with("sha-256=") && digest != digest_header(bundle->sha256))
    return refuse("validation", "The body is not what the header Digest says.");
  if (::chmod(file.c_str(), 0600) != 0)
    return tl::unexpected(storage_problem(
        work->deps.log, system_failure(file, "cannot set the mode", errno).value()));
  const int code = rename_new(file, work->dumps.path_of(id));
  if (code == EEXIST) return refuse("conflict", "There is a dump of this id already.");
  if (code != 0)
    return tl::unexpected(
        storage_problem(work->deps.log, system_failure(file, "cannot rename", code).value()));
  auto added = work->dumps.add(id, *bundle);
  if (!added) return tl::unexpected(storage_problem(work->deps.log, added.error()));
  return std::move(*added);
}

void put_content(const StateWork& work, const Asked& request, const Responder& respond) {
  if (request->body_file.empty())
    return respond(problem("validation", "Send the bundle as the body, application/x-tar."));
  auto answer = std::make_shared<Answer<Json>>();
  work->deps.loop.work(
      [work, request, answer] {
        *answer = import(work, request->value("dump"), request->body_file,
                         std::string(request->header("Digest")));
      },
      [request, answer, respond] {
        if (!*answer) return respond(answer->error().response());
        respond(Response::json(**answer, 201)
                    .with("Location", "/api/v1/state/dumps/" + request->value("dump")));
      });
}

}  // namespace

std::string state_file_in(std::string_view value) {
  constexpr std::string_view scheme = "file:";
  if (value.starts_with(scheme)) {
    value = value.substr(scheme.size());
    value = value.substr(0, value.find('?'));
    if (value.starts_with("///")) value.remove_prefix(2);
    return std::string(value);
  }
  const bool other_scheme = value.find(':') < value.find('/');
  return other_scheme ? std::string() : std::string(value);
}

Problem state_conflict(const Bots& bots, std::string detail,
                       const std::vector<std::string_view>& allowed) {
  Json list = Json::array();
  for (const std::string_view one : allowed) list.push(one);
  Problem out{"state-conflict", std::move(detail), {}, Json::object(), {}};
  out.members.set("state", bots.state()).set("allowed", std::move(list));
  return out;
}

void StateKeeper::Work::places(const Request& request, const Then<std::vector<StatePlace>>& then) {
  const auto targets = parameters->targets(request);
  if (!targets) return then(tl::unexpected(targets.error()));
  struct Gathered {
    std::vector<StatePlace> places;
    std::size_t open = 0;
    std::optional<Problem> problem;
  };
  auto all = std::make_shared<Gathered>();
  all->open = targets->bots.size();
  all->places.resize(targets->bots.size());
  for (std::size_t i = 0; i < targets->bots.size(); ++i) {
    const ParameterTarget& target = targets->bots[i];
    const Json& sheet = deps.bots.find(target.id)->describe;
    StatePlace& place = all->places[i];
    place.bot = target.id;
    place.program = sheet["name"].text();
    place.version = sheet["version"].text();
    place.schema = sheet["state"]["schema"].integer().value_or(0);
    place.cache = sheet["state"]["kind"].text() == "cache";
    for (const Json& each : sheet["capabilities"].items())
      place.dumps = place.dumps || each.text() == "dump";
    constexpr std::string_view by = "parameter:";
    const std::string& said = sheet["state"]["path"].text();
    const std::string name = said.starts_with(by) ? said.substr(by.size()) : "";
    parameters->show(target, deps.configuration.handed(target.id),
                     [all, i, name, then](const Answer<Json>& answer) {
                       if (answer) {
                         const Json& values = (*answer)["parameters"];
                         all->places[i].configuration = values;
                         all->places[i].path = state_file_in(values[name].text());
                       } else {
                         all->problem = answer.error();
                       }
                       if (--all->open > 0) return;
                       if (all->problem) return then(tl::unexpected(*all->problem));
                       then(std::move(all->places));
                     });
  }
}

StateKeeper::StateKeeper(StateDeps deps) : work_{std::make_shared<Work>(std::move(deps))} {}

StateKeeper::~StateKeeper() = default;

Result<void> StateKeeper::prepare() { return work_->dumps.prepare(); }

void StateKeeper::add_routes(Router& router) {
  const auto add = [&](std::string method, std::string pattern, Body body, auto function,
                       bool per_bot = false) {
    const bool changes = method != "GET";
    router.add(Route{std::move(method), "/api/v1/state/" + std::move(pattern), Scope::state, body,
                     [work = work_, function](const Asked& request, const Responder& respond) {
                       function(work, request, respond);
                     },
                     changes, per_bot});
  };
  add("POST", "dumps", Body::json, start_dump, true);
  add("GET", "dumps", Body::none, list_dumps);
  add("GET", "dumps/{dump}", Body::none, get_dump);
  add("DELETE", "dumps/{dump}", Body::none, delete_dump);
  add("GET", "dumps/{dump}/content", Body::none, get_content);
  add("PUT", "dumps/{dump}/content", Body::file, put_content);
  add("POST", "restore", Body::json, start_restore, true);
}

std::optional<Problem> StateKeeper::may_start(bool force) {
  if (work_->restoring)
    return Problem{
        "operation-in-progress", "State is being restored; wait.", {}, Json::object(), {}};
  const std::string moved = work_->moved_path();
  if (force) {
    ::unlink(moved.c_str());
    return std::nullopt;
  }
  if (::access(moved.c_str(), F_OK) != 0) return std::nullopt;
  return state_conflict(
      work_->deps.bots,
      "The state of this instance was dumped to move it elsewhere. If it does not "
      "run there, send {\"force\": true}.",
      {"start with force", "restore"});
}

}  // namespace intelmq::serve
