// SPDX-License-Identifier: Apache-2.0
// Sends log lines by syslog, for tests/serve/syslog: what intelmq-serve has inside, driven by
// hand.
//
// usage: log-send TARGET
//
// TARGET is JSON as POST /api/v1/logging/syslog-targets takes it. Then reads commands from standard
// input and answers each with a line of JSON:
//
//   many NUMBER ON   records "event 0" to "event NUMBER - 1", a pause of ON milliseconds behind
//   each audit JSON       a line of the audit log test             one message over a connection of
//   its own wait             until all has been sent or dropped, at most 20 s status           how
//   things stand
#include <chrono>
#include <iostream>
#include <sstream>
#include <thread>

#include "serve/syslog.hpp"
#include "serve/syslog_link.hpp"

namespace {

using intelmq::Json;
using namespace intelmq::serve;

Json status_of(const SyslogSender& sender) {
  const SyslogSender::Status status = sender.status();
  const auto count = [](std::uint64_t value) { return static_cast<std::int64_t>(value); };
  return Json::object()
      .set("state", status.state)
      .set("queued", count(status.queued))
      .set("sent", count(status.sent))
      .set("dropped", count(status.dropped))
      .set("connects", count(status.connects))
      .set("last_error", status.last_error);
}

SharedRecord record(std::string_view line) {
  return std::make_shared<const LogRecord>(read_log_line(line, "expert-asn", now_ms()));
}

void many(SyslogTargets& targets, std::istream& words) {
  int number = 0, pause = 0;
  words >> number >> pause;
  for (int i = 0; i < number; ++i) {
    targets.put(record("{\"message\":\"event " + std::to_string(i) + "\"}"));
    if (pause) std::this_thread::sleep_for(std::chrono::milliseconds(pause));
  }
}

Json test(const SyslogTarget& target) {
  LogRecord line = read_log_line("{\"message\":\"a test\"}", "serve", now_ms());
  line.kind = "test";
  const auto sent = send_syslog_once(target, line, std::chrono::seconds(3));
  return Json::object().set("error", sent ? "" : sent.error().text);
}

void wait_until_sent(const SyslogSender& sender) {
  std::uint64_t before = 0;
  for (int i = 0; i < 2000; ++i) {
    const auto status = sender.status();
    if (status.queued == 0 && status.sent + status.dropped == before) return;
    before = status.sent + status.dropped;
    std::this_thread::sleep_for(std::chrono::milliseconds(10));
  }
}

Json obey(SyslogTargets& targets, const SyslogSender& sender, const std::string& line) {
  std::istringstream words(line);
  std::string command;
  words >> command;
  if (command == "test") return test(sender.target());
  if (command == "many")
    many(targets, words);
  else if (command == "audit")
    targets.audit(line.substr(6));
  else if (command == "wait")
    wait_until_sent(sender);
  else if (command != "status")
    targets.put(record(line));
  return status_of(sender);
}

}  // namespace

int main(int count, char** arguments) {
  const auto body = Json::parse(count == 2 ? arguments[1] : "");
  if (!body) {
    std::cerr << "log-send: " << body.error().text << '\n';
    return 64;
  }
  std::vector<FieldError> errors;
  auto target = read_syslog_target(*body, errors);
  if (!errors.empty()) {
    std::cerr << "log-send: " << errors[0].pointer << ": " << errors[0].detail << '\n';
    return 65;
  }
  target->id = "a";
  SyslogTargets targets("");
  targets.use({*target});
  for (std::string line; std::getline(std::cin, line);)
    std::cout << obey(targets, *targets.find("a"), line).dump() << std::endl;
  targets.finish(std::chrono::seconds(2));
  return 0;
}
