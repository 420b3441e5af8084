// SPDX-License-Identifier: Apache-2.0
#include "spec/botnet.hpp"

#include <catch2/catch.hpp>
#include <string>
#include <vector>

using namespace intelmq;

namespace {

Result<QueueUrls> urls_of(const std::string& parameters, std::string_view id = "bot") {
  const Json all = *Json::parse(parameters);
  return queue_urls([&all](std::string_view name) { return all[name]; }, id);
}

std::string source_of(const std::string& parameters) { return urls_of(parameters)->source; }

std::vector<std::string> destinations_of(const std::string& parameters) {
  return urls_of(parameters)->destinations;
}

}  // namespace

TEST_CASE("botnet: queues as URLs, with IntelMQ's defaults") {
  CHECK(source_of("{}") == "redis://127.0.0.1:6379/2/bot-queue");
  CHECK(source_of(R"({"source_queue": "other queue"})") ==
        "redis://127.0.0.1:6379/2/other%20queue");
  CHECK(source_of(R"({"source_pipeline_host": "::1", "source_pipeline_port": "7",
                      "source_pipeline_db": 3, "source_pipeline_password": "p/@:%"})") ==
        "redis://:p%2F%40%3A%25@[::1]:7/3/bot-queue");
  CHECK(source_of(R"({"source_pipeline_host": "unix:///run/a?b.sock"})") ==
        "redis+unix:/run/a%3Fb.sock?db=2&queue=bot-queue");
  CHECK(source_of(R"({"source_pipeline_host": "/run/x", "source_pipeline_password": "p&q"})") ==
        "redis+unix:/run/x?db=2&queue=bot-queue&password=p%26q");
  CHECK(source_of(R"({"source_pipeline_broker": "amqp", "source_pipeline_ssl": true,
                      "source_pipeline_amqp_virtual_host": "v/h", "source_pipeline_username": "u"})") ==
        "amqps://u:guest@127.0.0.1:5672/v%2Fh/bot-queue");
}

TEST_CASE("botnet: destination_queues in each of its forms") {
  using Texts = std::vector<std::string>;
  CHECK(destinations_of("{}").empty());
  CHECK(destinations_of(R"({"destination_queues": "a b"})") ==
        Texts{"_default=redis://127.0.0.1:6379/2/a", "_default=redis://127.0.0.1:6379/2/b"});
  CHECK(destinations_of(R"({"destination_queues": ["a"], "destination_pipeline_port": 1})") ==
        Texts{"_default=redis://127.0.0.1:1/2/a"});
  CHECK(destinations_of(R"({"destination_queues": {"_default": ["a"], "x": "b c"}})") ==
        Texts{"_default=redis://127.0.0.1:6379/2/a", "x=redis://127.0.0.1:6379/2/b",
              "x=redis://127.0.0.1:6379/2/c"});
}

TEST_CASE("botnet: where statistics go to") {
  const auto url_of = [](const std::string& parameters) {
    const Json all = *Json::parse(parameters);
    return statistics_url([&all](std::string_view name) { return all[name]; });
  };
  CHECK(url_of("{}") == "redis://127.0.0.1:6379/3");
  CHECK(url_of(R"({"statistics_host": "h", "statistics_port": 7, "statistics_database": "4",
                   "statistics_password": "p@"})") == "redis://:p%40@h:7/4");
  CHECK(url_of(R"({"statistics_host": "/run/x", "statistics_password": "p&q"})") ==
        "redis+unix:/run/x?db=3&password=p%26q");
  CHECK(is_botnet_parameter("statistics_host"));
  CHECK_FALSE(is_botnet_parameter("statistics"));
}

TEST_CASE("botnet: what is wrong is named") {
  CHECK(urls_of(R"({"source_pipeline_broker": "zeromq"})").error().text ==
        "source_pipeline_broker: 'zeromq' is not known; redis and amqp are");
  CHECK(urls_of(R"({"destination_queues": {"_default": 7}})").error().text ==
        "destination_queues: '7' is no list of queues for the path '_default'");
}
