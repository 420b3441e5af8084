// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "serve/bots.hpp"
#include "serve/loop.hpp"
#include "serve/router.hpp"

namespace intelmq::serve {

/// Actions that may take longer than a request: each has a resource, the last 200 are kept.
class Operations {
 public:
  explicit Operations(Loop& loop) : loop_{loop} {}

  /// What an operation does; it calls `then` once.
  using Work = std::function<void(Then<Json> then)>;
  /// Starts the work and answers when it is done, or after the seconds that the client wants to
  /// wait (`Prefer: wait=N`, at most 60; without it 10) with 202 and where to look. A request that
  /// repeats an `Idempotency-Key` (24 hours) gets the answer of the first one.
  /// `cancel`: asks the work to end early; empty: it cannot.
  void run(const Request& request, Responder respond, std::string kind, const Work& work,
           std::function<void()> cancel = {}, int status = 200);

  void add_routes(Router& router);

 private:
  struct Operation {
    std::string id, kind, state = "running";
    double started = 0, finished = 0;
    Json result;
    std::optional<Problem> problem;
    std::function<void()> cancel;
    int status = 200;
    std::vector<std::function<void()>> waiting;
    std::string key;
    Json document() const;
    Response answer() const;
  };
  std::shared_ptr<Operation> find(const std::string& id) const;
  void wait(const Request& request, const std::shared_ptr<Operation>& operation, Responder respond);

  Loop& loop_;
  std::deque<std::shared_ptr<Operation>> all_;
};

}  // namespace intelmq::serve
