// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <utility>

#include "base/file.hpp"
#include "base/text.hpp"
#include "serve/lifecycle.hpp"
#include "serve/members.hpp"
#include "serve/state_work.hpp"

namespace intelmq::serve {
namespace {

struct Wish {
  std::string dump;
  bool force_new_instance = false;
};

Answer<Wish> read_wish(const Request& request) {
  const auto body = json_body(request);
  if (!body) return tl::unexpected(body.error());
  if (!body->is_object()) return refuse("validation", "The body has to be an object.");
  Wish out;
  std::vector<FieldError> errors;
  Members members(*body, "#", errors);
  out.dump = members.required_text("dump").value_or("");
  out.force_new_instance = members.boolean("force_new_instance").value_or(false);
  members.finish();
  if (!errors.empty()) return tl::unexpected(invalid(std::move(errors)));
  return out;
}

/// What a link leads to: the file is replaced, not the link.
std::string real_path(const std::string& path) {
  char* const real = ::realpath(path.c_str(), nullptr);
  std::string out = real ? real : path;
  std::free(real);
  return out;
}

/// Whether another process has the file in use, as far as locks tell.
bool in_use(const std::string& path) {
  const auto file = open_file(path, O_RDONLY);
  return file && ::flock(file->get(), LOCK_EX | LOCK_NB) != 0 && errno == EWOULDBLOCK;
}

const Json* bot_in(const Json& manifest, const std::string& id) {
  for (const Json& bot : manifest["bots"].items())
    if (bot["id"].text() == id) return &bot;
  return nullptr;
}

/// In bytes; nothing: there is no such member.
std::optional<std::int64_t> size_of(const Json& manifest, std::string_view member) {
  for (const Json& one : manifest["members"].items())
    if (one["name"].text() == member) return one["bytes"].integer();
  return std::nullopt;
}

bool holds(const Json& manifest, std::string_view member) {
  return size_of(manifest, member).has_value();
}

class Restore : public std::enable_shared_from_this<Restore> {
 public:
  Restore(StateWork work, std::shared_ptr<Request> request, Wish wish, Then<Json> then)
      : work_{std::move(work)},
        request_{std::move(request)},
        wish_{std::move(wish)},
        then_{std::move(then)} {
    work_->busy = work_->restoring = true;
  }
  ~Restore() { release(); }
  Restore(const Restore&) = delete;
  Restore& operator=(const Restore&) = delete;

  void start() {
    work_->places(*request_, [self = shared_from_this()](Answer<std::vector<StatePlace>> places) {
      if (!places) return self->then_(tl::unexpected(places.error()));
      self->places_ = std::move(*places);
      self->work_->deps.loop.work([self] { self->answer_ = self->put_back(); },
                                  [self] { self->finish(); });
    });
  }

 private:
  /// On a thread beside the loop.
  Answer<Json> put_back() {
    const auto known = work_->dumps.find(wish_.dump);
    if (!known)
      return refuse("not-found", "There is no dump " + quote_for_message(wish_.dump) + ".");
    const std::string path = work_->dumps.path_of(wish_.dump);
    const auto bundle = check_bundle(path);
    if (!bundle) return refuse("validation", bundle.error().text + ".");
    if (bundle->sha256 != (*known)["sha256"].text())
      return refuse("validation", "The bundle is not the one that was stored any more.");
    manifest_ = bundle->manifest;
    if (auto no = choose_targets()) return tl::unexpected(std::move(*no));
    if (auto done = replace_files(path); !done)
      return tl::unexpected(storage_problem(work_->deps.log, done.error()));
    read_failed(path);
    return Json::object()
        .set("dump", wish_.dump)
        .set("instance", instance_)
        .set("bots", std::move(told_));
  }

  /// Which member goes where; or why the bundle does not fit.
  std::optional<Problem> choose_targets() {
    const auto no = [](std::string text) {
      return Problem{"validation", std::move(text), {}, Json::object(), {}};
    };
    if (!request_->value("bot").empty() && !bot_in(manifest_, request_->value("bot")))
      return no("The bundle has no bot " + request_->value("bot") + ".");
    for (const Json& bot : manifest_["bots"].items()) {
      const std::string& id = bot["id"].text();
      const StatePlace* place = find_place(id);
      if (!place && !request_->value("bot").empty()) continue;
      if (!place) return no("The bundle is of a service with a bot " + id + "; this one has none.");
      if (place->program != bot["name"].text())
        return no(fmt::format("{} is {} in the bundle, and {} here.", id, bot["name"].text(),
                              place->program));
      if (*bot["state_schema"].integer() > place->schema)
        return no(
            fmt::format("{}: the bundle's state has schema {}, this version reads up to {}; "
                        "use a newer one.",
                        id, *bot["state_schema"].integer(), place->schema));
      const std::string member = state_member(*place);
      told_.push(Json::object().set("id", id).set("restored", holds(manifest_, member)));
      if (!holds(manifest_, member)) continue;
      if (place->path.empty())
        return no(id +
                  ": the bundle has its state, but here it keeps none in a file; set the "
                  "parameter that its description names in state.path to file:PATH.");
      const std::string target = real_path(place->path);
      if (in_use(target))
        return Problem{"conflict",
                       id + ": its state file is in use by another process.",
                       {},
                       Json::object(),
                       {}};
      targets_.emplace_back(member, target);
    }
    return std::nullopt;
  }

  const StatePlace* find_place(const std::string& id) const {
    for (const StatePlace& place : places_)
      if (place.bot == id) return &place;
    return nullptr;
  }

  /// Damage to them is no reason to refuse the rest.
  void read_failed(const std::string& bundle) {
    constexpr std::int64_t most = 64 << 20;
    if (!work_->deps.take_failed || size_of(manifest_, failed_member).value_or(most) >= most)
      return;
    const std::string path = fmt::format("{}/{}.restored", work_->deps.directory, failed_member);
    ::unlink(path.c_str());
    const auto done = extract_members(bundle, manifest_, {{std::string(failed_member), path}});
    const auto text = done ? read_file(path) : Result<std::string>(tl::unexpected(done.error()));
    ::unlink(path.c_str());
    if (!text) return work_->deps.log.warning("failed messages: " + text.error().text);
    failed_ = *text;
  }

  /// All are on disk before the first is renamed.
  Result<void> replace_files(const std::string& bundle) {
    std::vector<std::pair<std::string, std::string>> fresh;
    for (const auto& [member, target] : targets_) {
      fresh.emplace_back(member, target + ".restored");
      ::unlink(fresh.back().second.c_str());  // of a restore that a crash cut short
    }
    if (auto done = extract_members(bundle, manifest_, fresh); !done) return done;
    for (std::size_t i = 0; i < targets_.size(); ++i) {
      const std::string& target = targets_[i].second;
      if (::rename(fresh[i].second.c_str(), target.c_str()) != 0)
        return system_failure(target, "cannot rename", errno);
      if (auto done = fsync_directory(directory_of(target)); !done) return done;
    }
    instance_ = wish_.force_new_instance ? own_instance_ : manifest_["instance"].text();
    if (auto done = atomic_write(work_->instance_path(), instance_ + '\n', 0600); !done)
      return done;
    ::unlink(work_->moved_path().c_str());
    return {};
  }

  void finish() {
    if (answer_) {
      request_->audit.set("dump", wish_.dump);
      if (!failed_.empty()) work_->deps.take_failed(failed_, request_->value("bot"));
      if (instance_ != work_->deps.instance() && work_->deps.adopt) work_->deps.adopt(instance_);
      answer_->set("state", work_->deps.bots.state());
    }
    release();
    then_(std::move(answer_));
  }

  void release() {
    if (std::exchange(holds_, false)) work_->busy = work_->restoring = false;
  }

  StateWork work_;
  std::shared_ptr<Request> request_;
  Wish wish_;
  Then<Json> then_;
  bool holds_ = true;
  std::string own_instance_ = work_->deps.instance();
  std::vector<StatePlace> places_;
  std::vector<std::pair<std::string, std::string>> targets_;
  std::string instance_, failed_;
  Json manifest_, told_ = Json::array();
  Answer<Json> answer_;
};

}  // namespace

void start_restore(const StateWork& work, const std::shared_ptr<Request>& request,
                   Responder respond) {
  const auto wish = read_wish(*request);
  if (!wish) return respond(wish.error().response());
  const std::string state = work->deps.bots.state();
  if (state != "stopped" && state != "failed")
    return respond(state_conflict(work->deps.bots,
                                  "State is restored where nothing runs, and the service is " +
                                      state + "; stop it first.",
                                  {"stop"})
                       .response());
  const auto run = [work, request, wish = *wish](Then<Json> then) {
    if (work->busy)
      return then(refuse("operation-in-progress", "Another dump or restore is on its way."));
    std::make_shared<Restore>(work, request, wish, std::move(then))->start();
  };
  work->deps.operations.run(*request, std::move(respond), "restore", run);
}

}  // namespace intelmq::serve
