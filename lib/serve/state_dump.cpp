// SPDX-License-Identifier: Apache-2.0
#include <fcntl.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "base/file.hpp"
#include "base/sha256.hpp"
#include "base/text.hpp"
#include "queue/queue_state.hpp"
#include "serve/brokers.hpp"
#include "serve/clock.hpp"
#include "serve/members.hpp"
#include "serve/state_work.hpp"

namespace intelmq::serve {
namespace {

constexpr std::string_view purposes[] = {"snapshot", "migrate"};
constexpr std::string_view ends[] = {"resume", "hold", "stop"};

struct Wish {
  bool migrate = false, include_cache = false;
  std::string_view then = "resume";
};

Answer<Wish> read_wish(const Request& request) {
  const auto body = json_body(request);
  if (!body) return tl::unexpected(body.error());
  if (!body->is_object()) return refuse("validation", "The body has to be an object.");
  Wish out;
  std::vector<FieldError> errors;
  Members members(*body, "#", errors);
  if (const auto purpose = members.choice("purpose", purposes)) out.migrate = *purpose == 1;
  if (out.migrate) out.then = "hold";
  if (const auto then = members.choice("then", ends)) out.then = ends[*then];
  out.include_cache = members.boolean("include_cache").value_or(false);
  if (out.migrate && out.then == "resume")
    members.wrong("then", "value", "what moves away must not go on here: hold or stop");
  members.finish();
  if (!errors.empty()) return tl::unexpected(invalid(std::move(errors)));
  return out;
}

/// One dump, from the pause to what follows.
class Dump : public std::enable_shared_from_this<Dump> {
 public:
  Dump(StateWork work, std::shared_ptr<Request> request, Wish wish, Then<Json> then)
      : work_{std::move(work)}, request_{std::move(request)}, wish_{wish}, then_{std::move(then)} {
    work_->busy = true;
  }
  ~Dump() { work_->busy = false; }
  Dump(const Dump&) = delete;
  Dump& operator=(const Dump&) = delete;

  void start() {
    std::string time = time_text(unix_time()).text();
    created_ = time;
    std::erase_if(time, [](char c) { return c == '-' || c == ':'; });
    id_ = fmt::format("intelmq-state-{}-{}-{}", work_->deps.service, work_->deps.instance(), time);
    const std::string state = work_->deps.bots.state();
    if (state != "running") return find_places();
    paused_here_ = true;
    work_->deps.bots.perform("pause", Json::object(),
                             [self = shared_from_this()](const Answer<Json>& answer) {
                               if (!answer) return self->then_(tl::unexpected(answer.error()));
                               self->find_places();
                             });
  }

 private:
  void find_places() {
    work_->places(*request_, [self = shared_from_this()](Answer<std::vector<StatePlace>> places) {
      if (!places) return self->fail_with(places.error());
      self->places_ = std::move(*places);
      for (StatePlace& place : self->places_)
        if (place.cache && !self->wish_.include_cache) place.path.clear();
      self->describe();
      self->work_->deps.loop.work([self] { self->made_ = self->make_workshop(); },
                                  [self] { self->ask_bots(0); });
    });
  }

  /// Those that run and can copy what they remember do so themselves, one after the other.
  void ask_bots(std::size_t next) {
    if (!made_) return workshop_done(storage_problem(work_->deps.log, made_.error()));
    while (next < places_.size() && (!places_[next].dumps || places_[next].path.empty())) ++next;
    const bool run = work_->deps.bots.state() == "paused";
    if (next == places_.size() || !run)
      return work_->deps.loop.work([self = shared_from_this()] { self->answer_ = self->write(); },
                                   [self = shared_from_this()] { self->written(); });
    const auto folder = open_file(files_of(places_[next]), O_RDONLY | O_DIRECTORY);
    if (!folder) return workshop_done(storage_problem(work_->deps.log, folder.error()));
    constexpr std::chrono::seconds limit{60};
    work_->deps.bots.ask_with(
        places_[next].bot,
        Json::object().set("op", "dump").set("purpose", purposes[wish_.migrate ? 1 : 0]),
        folder->get(), limit, [self = shared_from_this(), next](const Answer<Json>& answer) {
          if (answer || answer.error().code == "not-supported-by-bot")
            return self->ask_bots(next + 1);
          // A disk that is full is told as such by whoever meets it.
          const Problem stored =
              storage_problem(self->work_->deps.log, Error{answer.error().detail});
          self->workshop_done(stored.code == "internal" ? answer.error() : stored);
        });
  }

  void workshop_done(Problem problem) {
    work_->dumps.clear_workshop(id_);
    fail_with(std::move(problem));
  }

  std::string files_of(const StatePlace& place) const {
    return directory_of(work_->dumps.workshop_of(id_) + '/' + state_member(place));
  }

  void describe() {
    Json bots = Json::array();
    for (const StatePlace& place : places_)
      bots.push(Json::object()
                    .set("id", place.bot)
                    .set("name", place.program)
                    .set("version", place.version)
                    .set("state_schema", place.schema)
                    .set("config_digest", "sha256:" + sha256_hex(place.configuration.dump())));
    Json counters = Json::object();
    if (work_->deps.facts)
      for (const BotFacts& bot : work_->deps.facts().bots)
        counters.set(bot.id, Json::object()
                                 .set("received", static_cast<std::int64_t>(bot.received))
                                 .set("sent", static_cast<std::int64_t>(bot.sent))
                                 .set("dropped", static_cast<std::int64_t>(bot.dropped))
                                 .set("failed", static_cast<std::int64_t>(bot.failed)));
    if (work_->deps.failed) failed_ = work_->deps.failed(request_->value("bot"));
    if (work_->deps.source) source_ = work_->deps.source();
    manifest_ = Json::object()
                    .set("format", bundle_format)
                    .set("service", work_->deps.service)
                    .set("instance", work_->deps.instance())
                    .set("created", created_)
                    .set("serve_version", INTELMQ_VERSION)
                    .set("purpose", purposes[wish_.migrate ? 1 : 0])
                    .set("bots", std::move(bots))
                    .set("members", Json::array())
                    .set("counters", std::move(counters));
  }

  /// On a thread beside the loop.
  Answer<Json> write() {
    manifest_.set("broker_positions", positions());
    const Dumps& dumps = work_->dumps;
    if (dumps.list().size() >= Dumps::most)
      return refuse("insufficient-storage", "There are 100 dumps already; delete some.");
    auto made = gather();
    auto bundle = made ? write_bundle(dumps.path_of(id_), manifest_, dumps.workshop_of(id_))
                       : Result<Bundle>(tl::unexpected(made.error()));
    dumps.clear_workshop(id_);
    auto added = bundle ? dumps.add(id_, *bundle) : Result<Json>(tl::unexpected(bundle.error()));
    if (added && wish_.migrate)
      if (auto marked = mark_moved(); !marked) {
        dumps.remove(id_);
        added = tl::unexpected(marked.error());
      }
    if (!added) return tl::unexpected(storage_problem(work_->deps.log, added.error()));
    return std::move(*added);
  }

  /// How far the source is read, as its broker tells: `{"kafka": {"TOPIC/0": 4711}}`,
  /// `{"redis": {"internal": 0}}`.
  Json positions() const {
    const std::string type = place_of(source_).broker.type;
    Json out = Json::object();
    if (type == "stdio" || type == "file" || type == "dir") return out;
    const auto state = queue_state(source_);
    if (!state) {
      work_->deps.log.warning("the manifest tells no positions: " + state.error().text);
      return out;
    }
    Json told = Json::object();
    for (const auto& [name, offset] : state->positions) told.set(name, offset);
    if (state->in_hand)
      told.set(type == "redis" ? "internal" : "unacknowledged",
               static_cast<std::int64_t>(*state->in_hand));
    return out.set(type, std::move(told));
  }

  Result<void> make_workshop() const {
    const std::string shop = work_->dumps.workshop_of(id_);
    for (const std::string& folder : {shop, shop + "/bots"})
      if (auto made = make_private_directory(folder); !made) return made;
    for (const StatePlace& place : places_) {
      const std::string folder = shop + "/bots/" + place.bot;
      for (const std::string& below : {folder, files_of(place)})
        if (auto made = make_private_directory(below); !made) return made;
      const std::string text = place.configuration.dump_pretty() + '\n';
      if (auto done = atomic_write(folder + "/config.json", text, 0600); !done) return done;
    }
    return {};
  }

  /// The one file of each bot, under one name: its own, or a copy of what lies at its place.
  Result<void> gather() const {
    if (!failed_.empty())
      if (auto done = atomic_write(
              fmt::format("{}/{}", work_->dumps.workshop_of(id_), failed_member), failed_, 0600);
          !done)
        return done;
    for (const StatePlace& place : places_) {
      if (place.path.empty()) continue;
      const std::string wanted = files_of(place) + "/state";
      const auto own = list_directory(files_of(place));
      if (!own) return tl::unexpected(own.error());
      if (own->size() > 1) return fail(place.bot + ": has dumped several files");
      if (own->size() == 1) {
        const std::string name = files_of(place) + '/' + own->front();
        if (::rename(name.c_str(), wanted.c_str()) != 0)
          return system_failure(name, "cannot rename", errno);
      } else if (::access(place.path.c_str(), F_OK) == 0) {
        if (auto done = copy_file(place.path, wanted); !done) return done;
      }
    }
    return {};
  }

  Result<void> mark_moved() const {
    const Json mark =
        Json::object().set("dump", id_).set("at", created_).set("instance", work_->deps.instance());
    return atomic_write(work_->moved_path(), mark.dump() + '\n', 0600);
  }

  void written() {
    if (!answer_) return fail_with(answer_.error());
    request_->audit.set("dump", id_);
    const bool resumes = wish_.then == "resume" && paused_here_;
    const bool stops = wish_.then == "stop";
    if (!resumes && !stops) return then_(std::move(answer_));
    work_->deps.bots.perform(resumes ? "resume" : "stop", Json::object(),
                             [self = shared_from_this()](const Answer<Json>& done) {
                               if (!done) return self->then_(tl::unexpected(done.error()));
                               self->then_(std::move(self->answer_));
                             });
  }

  /// What was paused for nothing goes on.
  void fail_with(Problem problem) {
    if (!paused_here_) return then_(tl::unexpected(std::move(problem)));
    work_->deps.bots.perform("resume", Json::object(),
                             [self = shared_from_this(), problem = std::move(problem)](
                                 const Answer<Json>&) { self->then_(tl::unexpected(problem)); });
  }

  StateWork work_;
  std::shared_ptr<Request> request_;
  Wish wish_;
  Then<Json> then_;
  bool paused_here_ = false;
  std::string id_, created_, failed_, source_;
  std::vector<StatePlace> places_;
  Json manifest_;
  Result<void> made_;
  Answer<Json> answer_;
};

}  // namespace

void start_dump(const StateWork& work, const std::shared_ptr<Request>& request, Responder respond) {
  const auto wish = read_wish(*request);
  if (!wish) return respond(wish.error().response());
  const auto run = [work, request, wish = *wish](Then<Json> then) {
    const std::string state = work->deps.bots.state();
    if (work->busy)
      return then(refuse("operation-in-progress", "Another dump or restore is on its way."));
    if (state != "running" && state != "paused" && state != "stopped" && state != "failed")
      return then(tl::unexpected(
          state_conflict(work->deps.bots, "No dump can be made while the service is " + state + ".",
                         {"stop", "pause"})));
    std::make_shared<Dump>(work, request, wish, std::move(then))->start();
  };
  const auto located = [respond = std::move(respond)](Response response) {
    if (response.status == 201)
      if (const auto made = Json::parse(response.body); made)
        response.with("Location", "/api/v1/state/dumps/" + (*made)["id"].text());
    respond(std::move(response));
  };
  work->deps.operations.run(*request, located, "dump", run, {}, 201);
}

}  // namespace intelmq::serve
