// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "queue/queue_state.hpp"
#include "serve/brokers.hpp"
#include "serve/parameter_work.hpp"
#include "serve/sections.hpp"

namespace intelmq::serve {

/// The two ends of the service: what they are, how much waits there, and how they are changed.
/// A change is one of the parameters `source` and `destination`, made like any other.
class PipelineApi {
 public:
  PipelineApi(const Sections& sections, std::shared_ptr<ParameterWork> work);

  void add_routes(Router& router);
  /// How the queues stood when they were last looked at; looks again now and then.
  const std::vector<QueueFacts>& queues() const { return queues_; }
  /// Connection state is asked for on a worker; at most once at a time.
  void look(std::function<void()> then);

 private:
  struct End {
    const BotSetup* bot;
    std::string parameter;  ///< "source" or "destination"
    std::string path;       ///< Of destinations.
    std::string url;
  };
  Json value_of(const BotSetup& bot, std::string_view parameter) const;
  std::vector<End> ends() const;
  Json shown(const End& end);
  Json pipeline();
  Response get(const Request& request);
  void put(const std::shared_ptr<Request>& request, Responder respond);
  void add_end_routes(Router& router);
  void add_broker_routes(Router& router);
  void add_queue_routes(Router& router);
  /// The URL of an end as the API names it, or what is wrong.
  std::optional<std::string> url_of(const Json& end, const std::string& pointer, bool source,
                                    const std::string& before, std::vector<FieldError>& errors);
  void change(const std::shared_ptr<Request>& request, Responder respond,
              std::vector<std::pair<std::string, Json>> bot_and_values, std::string why);
  Json destinations_with(const BotSetup& bot, const std::string& path, const Json& urls) const;
  bool in_use(const std::string& broker);
  void test_broker(const std::shared_ptr<Request>& request, Responder respond);
  void clear(const std::shared_ptr<Request>& request, Responder respond);

  const Sections& s_;
  std::shared_ptr<ParameterWork> work_;
  Brokers brokers_;
  std::vector<QueueFacts> queues_;
  std::vector<double> oldest_;
  double looked_ = 0;
  bool looking_ = false;
  std::vector<std::function<void()>> waiting_;
  Watch timer_;
};

}  // namespace intelmq::serve
