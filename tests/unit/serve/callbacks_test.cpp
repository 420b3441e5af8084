// SPDX-License-Identifier: Apache-2.0
#include "serve/callbacks.hpp"

#include <sys/stat.h>

#include <catch2/catch.hpp>
#include <cstdlib>
#include <filesystem>
#include <future>
#include <thread>

#include "base/file.hpp"
#include "sample_facts.hpp"
#include "type/base64.hpp"

using namespace intelmq;
using namespace intelmq::serve;

namespace {

Json json(const std::string& text) { return Json::parse(text).value(); }

/// A world outside in which a fake server answers.
struct World {
  Outside outside;
  std::vector<HttpRequest> requests;
  int status = 200;
  std::string answer;

  World() {
    outside.allow_hosts = {"hook.example", "*.corp.example", "127.0.0.1"};
    outside.fetch = [this](const HttpRequest& request) -> HttpResult {
      requests.push_back(request);
      HttpResponse out;
      out.status = status;
      out.body = answer;
      return out;
    };
  }
  std::vector<std::string> errors_of(const std::string& text) {
    std::vector<FieldError> errors;
    const auto read = read_callback(json(text), nullptr, outside, errors);
    CHECK(read.has_value() == errors.empty());
    std::vector<std::string> out;
    for (const FieldError& error : errors) out.push_back(error.pointer + " " + error.code);
    return out;
  }
  Callback callback(const std::string& text) {
    std::vector<FieldError> errors;
    auto read = read_callback(json(text), nullptr, outside, errors);
    for (const FieldError& error : errors) FAIL_CHECK(error.pointer << ": " << error.detail);
    return read.value();
  }
};

using List = std::vector<std::string>;

Check deep_queue(Status status = Status::warn) {
  Check check;
  check.name = "queue_depth";
  check.subject = "in";
  check.bot = "geo";
  check.status = status;
  check.symptom = "deep";
  check.impact = "late";
  check.since = 1704164645;
  return check;
}

Notice sample_notice() {
  Notice notice;
  notice.id = "msg_1";
  notice.event = "alert";
  notice.now = 1704164700;
  notice.ttl = 138;
  notice.service = "asn";
  notice.instance = "asn-1";
  notice.version = "3.0.0";
  notice.state = "running";
  notice.status = Status::warn;
  notice.plugin = {1, "INTELMQ WARNING - a <b> & c", "'a b'=1s;2;;0 'c'=2;;;0"};
  notice.checkmk = "<<<local:sep(0)>>>\n";
  notice.alerts = {deep_queue()};
  return notice;
}

Result<std::string> send(const Callback& callback, const World& world,
                         const Notice& notice = sample_notice()) {
  return callback.kind->send({callback.settings, notice, world.outside});
}

}  // namespace

TEST_CASE("hosts that may be called are named") {
  const List allowed = {"Hook.example", "*.corp.example", "10.0.0.1"};
  CHECK(host_allowed("hook.example", allowed));
  CHECK(host_allowed("a.b.corp.example", allowed));
  CHECK(host_allowed("10.0.0.1", allowed));
  for (const char* host : {"corp.example", "xcorp.example", "hook.example.org", "x.hook.example",
                           "10.0.0.10", "localhost", ""})
    CHECK_FALSE(host_allowed(host, allowed));
  CHECK(host_allowed("anything.example", {"*"}));
  CHECK_FALSE(host_allowed("localhost", {"*"}));
  CHECK_FALSE(host_allowed("127.1.2.3", {"*"}));
  CHECK(host_allowed("localhost", {"*", "localhost"}));
  CHECK_FALSE(host_allowed("hook.example", {}));
}

TEST_CASE("addresses where clouds keep their metadata are never connected to") {
  for (const char* address : {"169.254.169.254", "169.254.0.1", "fe80::1", "::ffff:169.254.169.254",
                              "64:ff9b::a9fe:a9fe", "fd00:ec2::254", "100.100.100.200", "0.0.0.0",
                              "::", "224.0.0.1", "255.255.255.255", "ff02::1", "no address", ""}) {
    INFO(address);
    CHECK_FALSE(address_allowed(address, true));
  }
  for (const char* address : {"127.0.0.1", "127.9.9.9", "::1", "::ffff:127.0.0.1"}) {
    CHECK(address_allowed(address, true));
    CHECK_FALSE(address_allowed(address, false));
  }
  for (const char* address : {"192.0.2.1", "10.0.0.1", "2001:db8::1", "fd00::1"})
    CHECK(address_allowed(address, false));
}

TEST_CASE("what is wrong with a callback is told member by member") {
  World world;
  CHECK(world.errors_of("[]") == List{"# type"});
  CHECK(world.errors_of("{}") == List{"#/kind required"});
  CHECK(world.errors_of(R"({"kind": "pager"})") == List{"#/kind value"});
  CHECK(world.errors_of(R"({"kind": "webhook", "url": "https://hook.example/x", "x": 1})") ==
        List{"#/x unknown"});
  CHECK(world.errors_of(R"({"kind": "webhook"})") == List{"#/url required"});
  CHECK(world.errors_of(R"({"kind": "webhook", "url": "https://other.example/"})") ==
        List{"#/url host-not-allowed"});
  CHECK(world.errors_of(R"({"kind": "webhook", "url": "ftp://hook.example/"})") ==
        List{"#/url value"});
  CHECK(world.errors_of(R"({"kind": "webhook", "url": "https://a:b@hook.example/"})") ==
        List{"#/url value"});
  CHECK(world.errors_of(R"({"kind": "webhook", "url": "https://hook.example/", "events": ["x"],
                            "interval": "PT1S", "ttl": "P8D"})") ==
        List{"#/events value", "#/interval value", "#/ttl value"});
  CHECK(world.errors_of(R"({"kind": "icinga2", "url": "http://hook.example/", "host": "h",
                            "user": "u", "password": {"$env": "A=B"}})") ==
        List{"#/url value", "#/password value"});
  CHECK(world.errors_of(R"({"kind": "icinga2", "url": "https://a.corp.example/", "user": "u"})") ==
        List{"#/host required", "#/password required"});
  CHECK(world.errors_of(R"({"kind": "nrdp", "url": "http://127.0.0.1:1/", "host": "h\n"})") ==
        List{"#/host value", "#/token required"});
  CHECK(world.errors_of(R"({"kind": "nsca", "server": "-c", "host": "h"})") ==
        List{"#/server value"});
  CHECK(world.errors_of(R"({"kind": "nsca", "server": "other", "host": "h", "port": 0})") ==
        List{"#/server host-not-allowed", "#/port value"});
  CHECK(world.errors_of(R"({"kind": "checkmk-spool", "directory": "/etc", "piggyback": "a b"})") ==
        List{"#/directory value", "#/piggyback value"});
  CHECK(world.errors_of(R"({"kind": "webhook", "url": "https://hook.example/",
                            "secret": {"$secret": "set"}})") == List{"#/secret value"});
}

TEST_CASE("secrets of callbacks are written and never read") {
  World world;
  Callback callback = world.callback(
      R"({"kind": "webhook", "url": "https://hook.example/x", "secret": "hush", "id": "z",
          "events": ["alert"], "interval": "PT10S"})");
  callback.id = "c1";
  CHECK(callback.json()["secret"].dump() == R"({"$secret": "set"})");
  CHECK(callback.json().dump().find("hush") == std::string::npos);
  CHECK(callback.json()["id"].text() == "c1");
  CHECK(callback.settings["secret"].text() == "hush");
  CHECK_FALSE(callback.settings.has("id"));
  CHECK(callback.on_alert);
  CHECK_FALSE(callback.on_heartbeat);
  CHECK(callback.interval == 10);
  CHECK(callback.ttl == Approx(23));
  // What was read can be sent back.
  std::vector<FieldError> errors;
  const auto again = read_callback(callback.json(), &callback, world.outside, errors);
  REQUIRE(again.has_value());
  CHECK(again->settings["secret"].text() == "hush");
  CHECK(again->settings == callback.settings);
}

TEST_CASE("a secret is taken from a file or the environment when it is needed") {
  World world;
  setenv("INTELMQ_TEST_SECRET", "from-env", 1);
  char path[] = "/tmp/intelmq-secret-XXXXXX";
  const FileDescriptor file{mkstemp(path)};
  REQUIRE(write_all(file.get(), "from-file\n").has_value());
  const Notice notice = sample_notice();
  const auto value = [&](const Json& settings) {
    const auto secret = Call{settings, notice, world.outside}.secret("s");
    return secret ? std::string(secret->reveal()) : "error: " + secret.error().text;
  };
  CHECK(value(json(R"({"s": "plain"})")) == "plain");
  CHECK(value(json(R"({"s": {"$env": "INTELMQ_TEST_SECRET"}})")) == "from-env");
  CHECK(value(Json::object().set("s", Json::object().set("$secret_file", path))) == "from-file");
  CHECK(value(json("{}")).empty());
  CHECK(value(json(R"({"s": {"$env": "INTELMQ_NOT_SET"}})")) ==
        "error: s: the environment variable 'INTELMQ_NOT_SET' is not set for the service");
  CHECK(value(json(R"({"s": {"$secret_file": "/nowhere/x"}})")).find("error: /nowhere/x") == 0);
  unlink(path);
}

TEST_CASE("a webhook gets a signed document") {
  World world;
  const Callback callback = world.callback(
      R"({"kind": "webhook", "url": "https://hook.example/x?y=1",
          "secret": "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"})");
  CHECK(send(callback, world).value() == "HTTP 200");
  REQUIRE(world.requests.size() == 1);
  const HttpRequest& request = world.requests[0];
  CHECK(request.method == "POST");
  CHECK(request.url == "https://hook.example/x?y=1");
  CHECK(request.redirects == 0);
  CHECK(request.proxy == "");
  REQUIRE(request.allow_address);
  CHECK_FALSE(request.allow_address("127.0.0.1"));
  CHECK_FALSE(request.allow_address("169.254.169.254"));
  CHECK(request.allow_address("192.0.2.7"));
  CHECK(json(request.body)["type"].text() == "intelmq.alert");
  CHECK(json(request.body)["data"]["alerts"].items()[0]["id"].text() == "queue_depth:in");
  REQUIRE(request.headers.size() == 4);
  CHECK(request.headers[1] == std::pair<std::string, std::string>{"webhook-id", "msg_1"});
  CHECK(request.headers[2].first == "webhook-timestamp");
  CHECK(request.headers[3].first == "webhook-signature");
  CHECK(request.headers[3].second.substr(0, 3) == "v1,");
  CHECK(decode_base64(request.headers[3].second.substr(3))->size() == 32);
  world.status = 302;
  world.answer = "elsewhere";
  CHECK(send(callback, world).error().text == "HTTP 302: 'elsewhere'");
}

TEST_CASE("what may be called is looked at again for each call") {
  World world;
  const Callback callback =
      world.callback(R"({"kind": "webhook", "url": "https://hook.example/"})");
  world.outside.allow_hosts.clear();
  CHECK(send(callback, world).error().text ==
        "the host 'hook.example' may not be called; see --callback-allow-host");
  CHECK(world.requests.empty());
}

TEST_CASE("Icinga gets a passive result, and is believed only object by object") {
  World world;
  const Callback callback = world.callback(
      R"({"kind": "icinga2", "url": "https://a.corp.example:5665/", "host": "h\"1", "user": "u",
          "password": "p"})");
  world.answer = R"({"results": [{"code": 200.0, "status": "ok"}]})";
  CHECK(send(callback, world).value() == "1 result accepted");
  const HttpRequest& request = world.requests[0];
  CHECK(request.url == "https://a.corp.example:5665/v1/actions/process-check-result");
  CHECK(request.user == "u");
  CHECK(request.password.reveal() == "p");
  CHECK(
      request.body ==
      R"({"type": "Service", "filter": "host.name==intelmq_host&&service.name==intelmq_service", )"
      R"("filter_vars": {"intelmq_host": "h\"1", "intelmq_service": "IntelMQ asn"}, )"
      R"("exit_status": 1, "plugin_output": "INTELMQ WARNING - a <b> & c", )"
      R"("performance_data": ["'a b'=1s;2;;0", "'c'=2;;;0"], "check_source": "asn-1", )"
      R"("ttl": 138.0})");
  world.answer = R"({"results": [{"code": 500.0, "status": "no"}]})";
  CHECK(send(callback, world).error().text == "Icinga: 'no'");
  const std::string unknown = "Icinga knows no such host and service; define them first";
  world.answer = R"({"results": []})";
  CHECK(send(callback, world).error().text == unknown);
  world.status = 500;
  CHECK(send(callback, world).error().text == unknown);
  world.status = 404;
  world.answer = R"({"error": 404})";
  CHECK(send(callback, world).error().text == unknown);
  world.status = 200;
  world.answer = "<html>";
  CHECK_FALSE(send(callback, world).has_value());
  world.status = 401;
  world.answer = R"({"error": 401})";
  CHECK(send(callback, world).error().text == R"(HTTP 401: '{"error": 401}')");
}

TEST_CASE("NRDP gets a form, and is believed only with status 0") {
  World world;
  const Callback callback = world.callback(
      R"({"kind": "nrdp", "url": "http://127.0.0.1:1/nrdp/", "host": "h", "service": "s&1",
          "token": "a=b&c"})");
  world.answer = "<?xml version=\"1.0\"?><result><status>0</status><message>OK</message></result>";
  CHECK(send(callback, world).value() == "accepted");
  const std::string& body = world.requests[0].body;
  CHECK(body.find("token=a%3Db%26c&cmd=submitcheck&XMLDATA=%3C%3Fxml") == 0);
  CHECK(body.find("%3Cservicename%3Es%26amp%3B1%3C%2Fservicename%3E%3Cstate%3E1%3C%2Fstate%3E") !=
        std::string::npos);
  CHECK(world.requests[0].allow_address("127.0.0.1"));
  world.answer = "<result><status>-1</status><message>BAD TOKEN</message></result>";
  CHECK(send(callback, world).error().text.find("HTTP 200: ") == 0);
}

TEST_CASE("Alertmanager gets alerts that last as long as they are repeated") {
  World world;
  const Callback callback =
      world.callback(R"({"kind": "alertmanager", "url": "http://hook.example:9093"})");
  Notice notice = sample_notice();
  notice.resolved = {deep_queue(Status::fail)};
  CHECK(send(callback, world, notice).value() == "2 alerts accepted");
  CHECK(world.requests[0].url == "http://hook.example:9093/api/v2/alerts");
  const Json body = json(world.requests[0].body);
  CHECK(body.items()[0].dump() ==
        R"({"labels": {"alertname": "intelmq_queue_depth", "severity": "warning", )"
        R"("service": "asn", "instance": "asn-1", "subject": "in", "bot": "geo"}, )"
        R"("annotations": {"summary": "deep", "impact": "late"}, )"
        R"("startsAt": "2024-01-02T03:04:05.000Z", "endsAt": "2024-01-02T03:07:18.000Z"})");
  CHECK(body.items()[1]["labels"]["severity"].text() == "critical");
  CHECK(body.items()[1]["endsAt"].text() == "2024-01-02T03:05:00.000Z");
  notice.alerts.clear();
  notice.resolved.clear();
  CHECK(send(callback, world, notice).value() == "nothing to tell");
  CHECK(world.requests.size() == 1);
}

TEST_CASE("check_mk gets a spool file with its age in the name") {
  char name[] = "/tmp/intelmq-spool-XXXXXX";
  REQUIRE(mkdtemp(name) != nullptr);
  World world;
  world.outside.spool_directories = {name};
  const Callback callback = world.callback(R"({"kind": "checkmk-spool", "piggyback": "mq.x"})");
  Notice notice = sample_notice();
  notice.service = "../a b";
  notice.ttl = 137.5;
  REQUIRE(send(callback, world, notice).has_value());
  const std::string path = std::string(name) + "/138_intelmq-.._a_b.txt";
  CHECK(read_file(path).value() == "<<<<mq.x>>>>\n<<<local:sep(0)>>>\n<<<<>>>>\n");
  CHECK(list_directory(name)->size() == 1);
  std::filesystem::remove_all(name);
  CHECK_FALSE(send(callback, world, notice).has_value());
}

namespace {

/// Callbacks with a clock of their own.
struct Running {
  World world;
  Loop loop;
  Log log{-1, "test", LogLevel::error, LogForm::text};
  Facts facts = serve::test::sample_facts();
  ThresholdBook thresholds;
  CheckBook book;
  std::string file;
  std::unique_ptr<Callbacks> callbacks;
  std::thread thread;

  explicit Running(std::string path = {}) : file{std::move(path)} {
    callbacks = std::make_unique<Callbacks>(
        Callbacks::Parts{loop, log, file, world.outside, [this] { return facts; },
                         [this](const Facts& of) -> const std::vector<Check>& {
                           return book.evaluate(of, thresholds);
                         }});
    thread = std::thread([this] { loop.run(); });
  }
  ~Running() {
    loop.post([this] { loop.stop(); });
    thread.join();
  }
  /// Does something on the loop.
  void call(const std::function<void()>& what) {
    std::promise<void> done;
    loop.post([&] {
      what();
      done.set_value();
    });
    done.get_future().get();
  }
  void wait(const std::function<bool()>& condition) {
    bool holds = false;
    for (int i = 0; i < 5000 && !holds; ++i) {
      call([&] { holds = condition(); });
      if (!holds) std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    REQUIRE(holds);
  }
  Answer<Callbacks::Shared> put(const std::string& text, const std::string& id = {}) {
    std::optional<Answer<Callbacks::Shared>> answer;
    call([&] {
      callbacks->put(id, json(text), [&](Answer<Callbacks::Shared> given) { answer = given; });
    });
    wait([&] { return answer.has_value(); });
    return *answer;
  }
  Callbacks::Shared add(const std::string& text, const std::string& id = {}) {
    const auto answer = put(text, id);
    REQUIRE(answer.has_value());
    return *answer;
  }
  /// What was sent at that second.
  std::string at(double second) {
    const std::size_t before = world.requests.size();
    facts.now = serve::test::sample_facts().now + second;
    for (BotFacts& bot : facts.bots) bot.last_heartbeat = bot.last_message = facts.now;
    call([&] { callbacks->tick(); });
    wait([&] {
      for (const auto& [id, callback] : callbacks->all())
        if (callback->in_flight) return false;
      return true;
    });
    return world.requests.size() == before ? "" : json(world.requests.back().body)["type"].text();
  }
};

constexpr const char* hook = R"({"kind": "webhook", "url": "https://hook.example/"})";
constexpr const char* quiet_hook =
    R"({"kind": "webhook", "url": "https://hook.example/", "events": ["status-change", "alert"]})";

}  // namespace

TEST_CASE("heartbeats come at their interval, changes at once") {
  Running running;
  running.add(hook);
  CHECK(running.at(0) == "intelmq.heartbeat");
  CHECK(running.at(2).empty());
  CHECK(running.at(59).empty());
  CHECK(running.at(60) == "intelmq.heartbeat");
  running.facts.queues[0].depth = 20'000;
  CHECK(running.at(64).empty());  // not twice within five seconds
  CHECK(running.at(66) == "intelmq.status-change");
  running.facts.queues[1].depth = 20'000;
  CHECK(running.at(72) == "intelmq.alert");
  CHECK(running.at(78).empty());
  running.facts.queues[1].depth = 0;
  CHECK(running.at(84) == "intelmq.alert");
  const Json data = json(running.world.requests.back().body)["data"];
  CHECK(data["alerts"].items().size() == 1);
  CHECK(data["resolved"].items().size() == 1);
}

TEST_CASE("who wants changes alone hears nothing while all is well") {
  Running running;
  running.add(quiet_hook);
  CHECK(running.at(0).empty());
  CHECK(running.at(1000).empty());
  running.facts.insecure = true;
  CHECK(running.at(1010) == "intelmq.status-change");
  CHECK(running.at(2000).empty());
  running.facts.insecure = false;
  CHECK(running.at(2010) == "intelmq.status-change");
}

TEST_CASE("what did not come through is sent again with growing pauses, and the same id") {
  Running running;
  const auto callback = running.add(quiet_hook);
  running.world.status = 500;
  running.facts.insecure = true;
  double second = 0;
  double last = 0, pause = 0;
  for (unsigned tries = 1; tries <= 9; ++tries) {
    while (running.at(second).empty()) second += 1;
    CHECK(callback->tries == tries);
    if (tries > 5) CHECK(second - last > pause / 2);
    pause = second - last;
    last = second;
  }
  CHECK(last > 100);
  CHECK(callback->deliveries.size() == 9);
  CHECK(callback->deliveries.front().attempt == 9);
  CHECK(callback->json()["status"]["failures"].integer() == 9);
  CHECK(callback->json()["status"]["last_error"].text() == "HTTP 500");
  const auto id = [&](std::size_t at) { return running.world.requests[at].headers[1].second; };
  CHECK(id(0) == id(8));
  running.world.status = 204;
  while (running.at(second).empty()) second += 1;
  CHECK(callback->tries == 0);
  CHECK(running.at(second + 1000).empty());
}

TEST_CASE("no more than fifty deliveries are kept") {
  Running running;
  const auto callback = running.add(hook);
  for (int i = 0; i < 60; ++i) CHECK_FALSE(running.at(60 * i).empty());
  CHECK(callback->deliveries.size() == 50);
}

TEST_CASE("callbacks are kept in a file that only the owner can read") {
  char name[] = "/tmp/intelmq-callbacks-XXXXXX";
  REQUIRE(mkdtemp(name) != nullptr);
  const std::string file = std::string(name) + "/callbacks.json";
  std::string id;
  {
    Running running{file};
    id = running.add(R"({"kind": "webhook", "url": "https://hook.example/", "secret": "s1"})")->id;
    running.add(hook);
    running.add(R"({"kind": "webhook", "url": "https://hook.example/2",
                    "secret": {"$secret": "set"}})",
                id);
    CHECK(running.callbacks->all().size() == 2);
  }
  struct stat info {};
  REQUIRE(stat(file.c_str(), &info) == 0);
  CHECK((info.st_mode & 0777) == 0600);
  Running running{file};
  REQUIRE(running.callbacks->load().has_value());
  CHECK(running.callbacks->all().size() == 2);
  CHECK(running.callbacks->find(id)->settings["secret"].text() == "s1");
  CHECK(running.callbacks->find(id)->settings["url"].text() == "https://hook.example/2");
  bool removed = false;
  running.call([&] {
    running.callbacks->remove(id, [&](const Answer<void>& done) { removed = done.has_value(); });
  });
  running.wait([&] { return removed; });
  CHECK_FALSE(running.callbacks->find(id));
  CHECK(read_file(file)->find("s1") == std::string::npos);
  std::filesystem::remove_all(name);
  CHECK_FALSE(running.put(hook).has_value());
  CHECK(running.callbacks->all().size() == 1);
}

TEST_CASE("there are at most 32 callbacks") {
  Running running;
  for (int i = 0; i < 32; ++i) running.add(hook);
  CHECK(running.put(hook).error().code == "conflict");
}
