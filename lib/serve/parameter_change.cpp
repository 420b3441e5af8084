// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "serve/parameter_schema.hpp"
#include "serve/parameter_work.hpp"

namespace intelmq::serve {
namespace {

Problem plain_problem(std::string_view code, std::string detail) {
  return {code, std::move(detail), {}, Json::object(), {}};
}

/// The value of a query parameter that has a few; nothing: it has none of them.
std::optional<std::size_t> chosen(const Request& request, std::string_view name,
                                  std::initializer_list<std::string_view> values) {
  const std::string given = request.parameter(name).value_or(std::string(*values.begin()));
  const auto found = std::find(values.begin(), values.end(), given);
  if (found == values.end()) return std::nullopt;
  return static_cast<std::size_t>(found - values.begin());
}

class Change : public std::enable_shared_from_this<Change> {
 public:
  explicit Change(ParameterOrder order) : order_{std::move(order)} {}
  ~Change() {
    if (holds_) order_.work->changing = false;
  }
  Change(const Change&) = delete;
  Change& operator=(const Change&) = delete;

  void start() {
    if (!read_query()) return;
    if (auto problem = why_no_change(*order_.work, *order_.request)) return refuse(*problem);
    if (order_.work->changing)
      return refuse(plain_problem("operation-in-progress",
                                  "Another change of parameters is on its way; try again."));
    holds_ = order_.work->changing = true;
    if (auto errors = check(); !errors.empty()) return refuse(validation_problem(errors));
    compare();
    if (differences_.members().empty()) return finish(200);
    const auto before = static_cast<std::int64_t>(configuration().revision());
    order_.request->audit.set("before", before).set("after", before).set("diff", differences_);
    Json changed = Json::object();
    for (const auto& [id, one] : differences_.members()) changed.set(id, order_.after[id]);
    order_.work->try_out(order_.targets, changed,
                         [self = shared_from_this()](Answer<std::vector<FieldError>> errors) {
                           self->tried(std::move(errors));
                         });
  }

 private:
  Configuration& configuration() { return order_.work->deps.configuration; }

  void refuse(const Problem& problem) { order_.respond(problem.response()); }

  bool read_query() {
    const auto dry = chosen(*order_.request, "dry_run", {"false", "true"});
    const auto apply = chosen(*order_.request, "apply", {"now", "on_reload", "on_restart"});
    if (dry && apply) {
      dry_ = *dry == 1;
      apply_ = static_cast<Apply>(*apply);
      return true;
    }
    refuse(plain_problem("malformed-request",
                         "dry_run is true or false; apply is now, on_reload "
                         "or on_restart."));
    return false;
  }

  std::vector<FieldError> check() {
    std::vector<FieldError> errors;
    for (const auto& [id, values] : order_.after.members()) {
      const ParameterTarget* target = order_.targets.find(id);
      for (FieldError& error : check_parameters(target->schema, values, target->pointer))
        errors.push_back(std::move(error));
      order_.after.set(id, without_nulls(values));
    }
    if (errors.empty() && all_after().dump().size() > Configuration::most_bytes)
      errors.push_back({"#", "value", "all parameters together are longer than 1 MiB"});
    return errors;
  }

  Json all_after() {
    Json out = configuration().all();
    for (const auto& [id, values] : order_.after.members()) out.set(id, values);
    return out;
  }

  void compare() {
    for (const auto& [id, values] : order_.after.members()) {
      const ParameterTarget* target = order_.targets.find(id);
      Json changed = difference(target->schema, configuration().overrides(id), values);
      for (const Json& one : changed.items()) {
        const std::string& name = one["parameter"].text();
        Json effect = Json::object();
        if (!order_.targets.plain) effect.set("bot", id);
        effects_.push(effect.set("parameter", name).set("reload", reload_of(target->schema, name)));
      }
      if (!changed.items().empty()) differences_.set(id, std::move(changed));
    }
  }

  void tried(Answer<std::vector<FieldError>> errors) {
    if (!errors) return refuse(errors.error());
    if (!errors->empty()) return refuse(validation_problem(std::move(*errors)));
    if (dry_) return finish(200);
    save(
        configuration().draft(all_after(), differences_, order_.request->actor, order_.why, apply_),
        [](Change& self) { self.bring_into_effect(); });
  }

  void save(Configuration::Draft draft, void (*next)(Change&)) {
    struct Job {
      Configuration::Draft draft;
      Result<void> done;
    };
    auto job = std::make_shared<Job>();
    job->draft = std::move(draft);
    order_.work->deps.loop.work(
        [job, self = shared_from_this()] { job->done = self->configuration().save(job->draft); },
        [job, next, self = shared_from_this()] {
          if (!job->done)
            return self->refuse(storage_problem(self->order_.work->deps.log, job->done.error()));
          self->configuration().adopt(std::move(job->draft));
          self->order_.request->audit.set(
              "after", static_cast<std::int64_t>(self->configuration().revision()));
          next(*self);
        });
  }

  void bring_into_effect() {
    if (apply_ != Apply::now) return finish(202);
    order_.work->deps.bots.perform("reload",
                                   Json::object().set("what", Json::array().push("config")),
                                   [self = shared_from_this()](const Answer<Json>& status) {
                                     if (!status) return self->take_back(status.error());
                                     self->applied_ = (*status)["applied"];
                                     self->taken();
                                   });
  }

  /// Where no bot runs they are given it at their start, and it counts as theirs already.
  void taken() {
    for (const auto& [id, one] : differences_.members())
      configuration().hand_over(id, Configuration::Occasion::reload);
    finish(200);
  }

  void take_back(Problem why) {
    why_ = std::move(why);
    save(configuration().undo(), [](Change& self) {
      const bool begun =
          self.why_.code != "state-conflict" && self.why_.code != "operation-in-progress";
      self.refuse(begun ? self.rolled_back() : self.why_);
    });
  }

  Problem rolled_back() {
    Problem out = plain_problem("reload-rolled-back",
                                "The bots did not take the new parameters and go on with those "
                                "from before: " +
                                    why_.detail);
    out.errors = why_.errors;
    out.members.set("revision", static_cast<std::int64_t>(configuration().revision()));
    return out;
  }

  void finish(int status) {
    if (order_.no_content && status == 200)
      return order_.respond(Response::empty().with("ETag", configuration().etag()));
    Json out = Json::object()
                   .set("revision", static_cast<std::int64_t>(configuration().revision()))
                   .set("effects", effects_);
    if (dry_) out.set("dry_run", true);
    if (!dry_) out.set("apply", apply_names[static_cast<std::size_t>(apply_)]);
    if (applied_.is_string()) out.set("applied", applied_);
    order_.respond(Response::json(out, status).with("ETag", configuration().etag()));
  }

  ParameterOrder order_;
  bool holds_ = false;
  bool dry_ = false;
  Apply apply_ = Apply::now;
  Json differences_ = Json::object();
  Json effects_ = Json::array();
  Json applied_;
  Problem why_;
};

/// Whether one of the tags that a client has is the one of now.
bool matches(std::string_view header, const std::string& etag) {
  for (const std::string_view one : split(header, ','))
    if (trim(one) == etag || trim(one) == "*") return true;
  return false;
}

}  // namespace

std::optional<Problem> why_no_change(const ParameterWork& work, const Request& request) {
  const ParameterDeps& deps = work.deps;
  if (deps.readonly)
    return plain_problem("config-readonly",
                         "The service was started with --config-readonly; change its files.");
  if (!request.has_header("If-Match")) {
    if (!deps.require_if_match) return std::nullopt;
    return plain_problem("precondition-required",
                         "Send the header If-Match with the ETag of what "
                         "you read.");
  }
  if (matches(request.header("If-Match"), deps.configuration.etag())) return std::nullopt;
  Problem out = plain_problem("precondition-failed",
                              fmt::format("The parameters are at revision {} now; read them again.",
                                          deps.configuration.revision()));
  out.headers.emplace_back("ETag", deps.configuration.etag());
  return out;
}

void change_parameters(ParameterOrder order) {
  std::make_shared<Change>(std::move(order))->start();
}

}  // namespace intelmq::serve
