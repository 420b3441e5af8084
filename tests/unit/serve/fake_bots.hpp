// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <unistd.h>
#include <catch2/catch.hpp>
#include <chrono>
#include <filesystem>
#include <functional>
#include <future>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "serve/bots.hpp"
#include "serve/configuration.hpp"
#include "serve/loop.hpp"
#include "serve/router.hpp"

// What tests of routes share: bots that are none, and a loop of its own.

namespace intelmq::serve {

/// Bots without processes. Their programs are printf and sh: --show-parameters gives defaults below
/// what is set, --config-test refuses `mode` "bad".
class FakeBots final : public Bots {
 public:
  std::vector<BotSetup> setups;
  std::string now = "running";
  std::vector<std::string> done;     ///< Actions that were carried out.
  std::optional<Problem> failure;    ///< Of the next action.
  std::function<void()> on_perform;  ///< Before an action.

  void add(const std::string& id, const std::string& state_path = "") {
    Json sheet = Json::parse(R"({"name":"intelmq-expert-fake","version":"1",
      "state":{"kind":"durable","schema":1,"path":"parameter:state"},
      "parameters":{"required":["keys"],"properties":{
        "keys":{"type":"array","items":{"type":"string"},"x-cli":"--keys","x-reload":"hot"},
        "mode":{"type":"string","enum":["good","better","bad"],"default":"good","x-cli":"--mode",
                "x-reload":"hot"},
        "state":{"type":"string","x-cli":"--state","x-reload":"hot"},
        "source":{"type":"string","x-cli":"--source","x-reload":"restart"},
        "password":{"type":"string","x-secret":true,"x-cli":"--password","x-reload":"hot"}}}})")
                     .value();
    setups.push_back({id, "fake", {}, sheet, Json::object().set("state", state_path)});
  }

  const std::vector<BotSetup>& all() const override { return setups; }
  std::string state() const override { return now; }
  void ask(std::string_view, Json, std::chrono::milliseconds, Then<Json> then) override {
    then(serve::refuse("not-supported-by-bot", "a fake"));
  }
  void ask_with(std::string_view, Json, int, std::chrono::milliseconds, Then<Json> then) override {
    then(serve::refuse("not-supported-by-bot", "a fake"));
  }
  Command scratch(std::string_view bot, const Json& overrides,
                  std::vector<std::string> more) const override {
    Command out;
    if (more.front() == "--config-test") {
      const bool bad = overrides["mode"].text() == "bad";
      out.words = {"sh", "-c", bad ? "echo 'fake: error: --mode: it is bad' >&2; exit 78" : ":"};
      return out;
    }
    Json values = Json::object().set("mode", "good").set("source", "redis://u:hidden@h/q");
    Json origin = Json::object().set("mode", "default").set("source", "command line");
    const std::string& path = find(bot)->settings["state"].text();
    if (!path.empty()) values.set("state", path), origin.set("state", "command line");
    for (const auto& [name, value] : overrides.members())
      values.set(name, value), origin.set(name, "api");
    const Json shown = Json::object().set("parameters", values).set("origin", origin);
    out.words = {"printf", "%s", shown.dump()};
    return out;
  }
  void perform(std::string_view action, Json, Then<Json> then) override {
    if (on_perform) on_perform();
    done.emplace_back(action);
    if (auto why = std::exchange(failure, std::nullopt)) return then(tl::unexpected(*why));
    if (action == "pause") now = "paused";
    if (action == "resume" || action == "start") now = "running";
    if (action == "stop") now = "stopped";
    then(Json::object().set("state", now).set("applied", "hot"));
  }
};

class TestFolder {
 public:
  TestFolder() {
    char name[] = "/tmp/serve-XXXXXX";
    REQUIRE(::mkdtemp(name));
    path = name;
  }
  ~TestFolder() { std::filesystem::remove_all(path); }
  std::string operator/(const std::string& name) const { return path + '/' + name; }
  std::string path;
};

/// Runs a loop and asks routes on it.
class TestLoop {
 public:
  TestLoop() : thread_{[this] { loop.run(); }} {}
  ~TestLoop() {
    loop.stop();
    thread_.join();
  }
  Response ask(const std::string& method, const std::string& target, const std::string& body = "",
               const Headers& headers = {}, const std::string& body_file = "") {
    auto request = std::make_shared<Request>();
    request->method = method;
    const std::size_t mark = target.find('?');
    request->path = target.substr(0, mark);
    std::string query = mark == target.npos ? "" : target.substr(mark + 1);
    for (std::size_t at = 0; at < query.size();) {
      const std::size_t end = std::min(query.find('&', at), query.size());
      const std::string one = query.substr(at, end - at);
      request->query.emplace_back(one.substr(0, one.find('=')), one.substr(one.find('=') + 1));
      at = end + 1;
    }
    request->body = body;
    request->body_file = body_file;
    request->headers = headers;
    request->actor.name = "tester";
    auto promise = std::make_shared<std::promise<Response>>();
    loop.post([this, request, promise] {
      const auto found = router.find(*request);
      const Route* const* route = std::get_if<const Route*>(&found);
      if (!route) return promise->set_value(problem("not-found", "no route"));
      (*route)->handler(request, [promise](Response response) { promise->set_value(response); });
    });
    auto future = promise->get_future();
    if (future.wait_for(std::chrono::seconds(20)) != std::future_status::ready)
      throw std::runtime_error("no answer to " + method + " " + target);
    return future.get();
  }
  Json json(const std::string& method, const std::string& target, const std::string& body = "",
            const Headers& headers = {}) {
    const Response response = ask(method, target, body, headers);
    last = response;
    const auto parsed = Json::parse(response.body);
    return parsed ? *parsed : Json();
  }

  Loop loop;
  Router router;
  Response last;

 private:
  std::thread thread_;
};

inline std::string header_of(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers)
    if (key == name) return value;
  return {};
}

}  // namespace intelmq::serve
