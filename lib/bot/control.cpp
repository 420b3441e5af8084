// SPDX-License-Identifier: Apache-2.0
#include "bot/control.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdlib>
#include <cstring>

#include "base/text.hpp"
#include "bot/options.hpp"

namespace intelmq {
namespace {

constexpr std::size_t most_requests = 64;  // that wait for the loop

/// What the loop carries out.
constexpr std::array operations = {std::string_view{"pause"},
                                   std::string_view{"resume"},
                                   std::string_view{"drain"},
                                   std::string_view{"reload"},
                                   std::string_view{"reload-data"},
                                   std::string_view{"config-test"},
                                   std::string_view{"connection-test"},
                                   std::string_view{"tap"},
                                   std::string_view{"dump"}};
/// What is answered at once.
constexpr std::array questions = {std::string_view{"hello"}, std::string_view{"ping"},
                                  std::string_view{"stats"}, std::string_view{"message"},
                                  std::string_view{"log-level"}};

double seconds(std::chrono::nanoseconds time) { return static_cast<double>(time.count()) / 1e9; }

}  // namespace

bool Control::Request::late() const {
  const auto limit = body["deadline_ms"].integer();
  return limit && Clock::now() - came > std::chrono::milliseconds(*limit);
}

std::unique_ptr<Control> Control::inherited(const Bot& bot, Log& log) {
  const char* const text = std::getenv("INTELMQ_CONTROL_FD");
  if (!text) return nullptr;
  int fd = -1;
  const char* const end = text + std::strlen(text);
  const auto read = std::from_chars(text, end, fd);
  int kind = 0;
  socklen_t size = sizeof kind;
  if (read.ec != std::errc{} || read.ptr != end || fd < 0 ||
      getsockopt(fd, SOL_SOCKET, SO_TYPE, &kind, &size) != 0 || kind != SOCK_STREAM)
    throw StartError(fmt::format("INTELMQ_CONTROL_FD: {} is not the number of a stream socket",
                                 quote_for_message(text)));
  fcntl(fd, F_SETFD, FD_CLOEXEC);
  unsetenv("INTELMQ_CONTROL_FD");
  unsetenv("INTELMQ_CONTROL_PROTO");
  return std::make_unique<Control>(fd, bot, log);
}

Control::Control(int fd, const Bot& bot, Log& log) : bot_{bot}, log_{log}, channel_{fd} {
  log_.set_listener([this](LogLevel level, std::string_view text) { alert(level, text); });
}

Control::~Control() { log_.set_listener({}); }

void Control::join(Wakeup& wakeup) {
  wakeup_ = &wakeup;
  wakeup.keep(this, channel_.fd());
  wakeup.breathe();
}

// --- speaking
// ------------------------------------------------------------------------------------

void Control::event(std::string_view name, const Json& members) {
  Json out = Json::object().set("ev", name);
  for (const auto& [member, value] : members.members()) out.set(member, value);
  channel_.send(out);
}

void Control::state(std::string_view name, std::string_view detail) {
  Json members = Json::object().set("state", name);
  if (!detail.empty()) members.set("detail", detail);
  event("state", members);
}

void Control::succeed(const Request& request, Json result) {
  channel_.send(
      Json::object().set("re", request.id).set("ok", true).set("result", std::move(result)));
}

void Control::refuse(const Request& request, std::string_view code, std::string_view detail,
                     Json errors) {
  Json error = Json::object().set("code", code).set("detail", detail);
  error.set("errors", std::move(errors));
  channel_.send(
      Json::object().set("re", request.id).set("ok", false).set("error", std::move(error)));
}

void Control::alert(LogLevel level, std::string_view text) {
  if (level < LogLevel::warning) return;
  event("alert", Json::object()
                     .set("severity", level == LogLevel::warning ? "warn" : "error")
                     .set("code", "log")
                     .set("text", text));
}

// --- hearing
// -------------------------------------------------------------------------------------

void Control::attend() {
  if (channel_.gone()) return;
  while (auto line = channel_.receive()) hear(std::move(*line));
  const auto now = Clock::now();
  // The alarm may come a little early.
  if (now - beat_ >= Wakeup::beat - std::chrono::milliseconds(200)) {
    beat_ = now;
    const std::uint64_t inflight = subject_.inflight ? subject_.inflight() : 0;
    event("hb", Json::object().set("inflight", static_cast<std::int64_t>(inflight)));
  }
  channel_.flush();
  if (channel_.gone() && wakeup_) wakeup_->ask_to_finish();
  if (!pending() || !work_) return;
  const auto work = std::exchange(work_, {});  // which waits, too, when the bot is held
  work();
  work_ = work;
}

void Control::hear(ControlChannel::Line line) {
  Request request{line.message["id"], line.message["op"].text(), std::move(line.message),
                  std::move(line.file), Clock::now()};
  if (!line.complaint.empty()) return refuse(request, "malformed-request", line.complaint);
  if (answer_at_once(request)) return;
  if (!is_known(request.op))
    return refuse(request, "unsupported",
                  fmt::format("{} does not know {}", bot_.description.program(),
                              quote_for_message(request.op)));
  if (requests_.size() >= most_requests)
    return refuse(request, "rate-limited", "too many requests wait for the bot");
  requests_.push_back(std::move(request));
}

bool Control::answer_at_once(const Request& request) {
  if (request.op == "ping")
    succeed(request);
  else if (request.op == "hello")
    succeed(request, hello());
  else if (request.op == "stats" && subject_.stats)
    succeed(request, subject_.stats());
  else if (request.op == "message" && subject_.message)
    succeed(request, subject_.message());
  else if (request.op == "log-level")
    set_log_level(request);
  else
    return false;
  return true;
}

Json Control::hello() const {
  Json caps = Json::array();
  for (const std::string_view question : questions) caps.push(question);
  for (const std::string_view operation : operations)
    if (is_known(operation)) caps.push(operation);
  return Json::object()
      .set("name", bot_.description.program())
      .set("version", INTELMQ_VERSION)
      .set("proto", 1)
      .set("pid", static_cast<std::int64_t>(getpid()))
      .set("caps", std::move(caps));
}

bool Control::is_known(std::string_view operation) const {
  const Description& bot = bot_.description;
  if (operation == "dump" && bot.state.empty()) return false;
  if (operation == "reload-data" && bot.data.empty() &&
      std::none_of(bot.params.begin(), bot.params.end(),
                   [](const Parameter& parameter) { return parameter.is_file(); }))
    return false;
  return std::find(operations.begin(), operations.end(), operation) != operations.end();
}

void Control::set_log_level(const Request& request) {
  const auto level = ParameterType<LogLevel>::from_json(request.body["level"]);
  if (!level)
    return refuse(request, "validation", level.error().text,
                  Json::array().push(Json::object()
                                         .set("pointer", "#/level")
                                         .set("code", "type")
                                         .set("detail", level.error().text)));
  log_.set_threshold(*level);
  succeed(request);
}

std::optional<Control::Request> Control::take() {
  if (requests_.empty()) return std::nullopt;
  Request out = std::move(requests_.front());
  requests_.pop_front();
  return out;
}

pollfd Control::watched() const {
  const int events = channel_.owed() ? POLLIN | POLLOUT : POLLIN;
  return {channel_.fd(), static_cast<short>(events), 0};
}

double Control::idle_seconds() const { return seconds(idle_); }
double Control::busy_seconds() const { return seconds(Clock::now() - start_ - idle_); }

}  // namespace intelmq
