// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "serve/files.hpp"
#include "serve/parameters.hpp"

// What the routes of parameters share.

namespace intelmq::serve {

/// A bot that a request is about.
struct ParameterTarget {
  std::string id;
  std::string pointer;  ///< Where it lies in the document: "#", or "#/ID".
  Json schema;
};

/// The bots of a request; `plain`: its document is the object of the only one.
struct ParameterTargets {
  std::vector<ParameterTarget> bots;
  bool plain = false;

  /// From the document of the request to {"ID": {...}}, and back.
  Json spread(const Json& document) const;
  Json folded(const Json& by_bot) const;
  const ParameterTarget* find(std::string_view id) const;
};

class ParameterWork : public std::enable_shared_from_this<ParameterWork> {
 public:
  explicit ParameterWork(ParameterDeps deps) : deps{deps} {}

  /// Problem: there is no such bot.
  Answer<ParameterTargets> targets(const Request& request) const;
  /// All bots, as a map.
  ParameterTargets all() const;

  /// What the bot itself makes of these values: {"parameters": {...}, "origin": {...}}, redacted.
  void show(const ParameterTarget& target, const Json& values, Then<Json> then);

  /// What the bot says against values that fit the schema, by --config-test; none: nothing.
  void try_out(const ParameterTargets& targets, const Json& by_bot,
               Then<std::vector<FieldError>> then);

  ParameterDeps deps;
  bool changing = false;

 private:
  struct Shown {
    std::uint64_t generation = 0;
    Json values, answer;
  };
  std::map<std::string, Shown> shown_;  // of each bot: the last
};

/// The body as JSON, an empty one being {}. Problem: it is none.
Answer<Json> json_body(const Request& request);

Problem validation_problem(std::vector<FieldError> errors);

/// What a run of --config-test that failed says, each complaint at the parameter it names.
std::vector<FieldError> complaints(const ParameterTarget& target, const Outcome& outcome);

/// A change on its way; it lives until it has been answered.
struct ParameterOrder {
  std::shared_ptr<ParameterWork> work;
  std::shared_ptr<Request> request;
  Responder respond;
  ParameterTargets targets;
  Json after = Json::object();  ///< The new sets of the bots concerned: {"ID": {...}}.
  std::string why;
  bool no_content = false;  ///< 204 if it went well.
};
void change_parameters(ParameterOrder order);

/// Whether If-Match and the options of the service allow a change.
std::optional<Problem> why_no_change(const ParameterWork& work, const Request& request);

}  // namespace intelmq::serve
