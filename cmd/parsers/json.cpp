// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include "base/text.hpp"
#include "bot/bot.hpp"
#include "format/lines.hpp"

namespace intelmq {
namespace {

struct Params {
  bool splitlines = false;
};

const Spec<Params> spec{
    .name = "json",
    .summary = "Read events that are written as JSON objects, as IntelMQ's outputs write them.",
    .details =
        "The members must be fields. Values that do not fit are sanitised as on reception; those "
        "of the object replace what the report says, feed.name and time.observation too. raw is "
        "the text that the object was read from, unless the object has a raw of its own.",
    .params = {param<&Params::splitlines>(
        "splitlines", "Read one object from each line; otherwise the report is one object.")},
    .any_field = true,
    .examples =
        {{.about = "One event",
          .args = "--input-format raw --feed-name demo",
          .input = R"({"source.ip": "192.0.2.1/32", "classification.type": "c&c"})",
          .output =
              R"({"feed.name":"demo","feed.accuracy":100.0,"source.ip":"192.0.2.1","classification.type":"c2-server","raw":"eyJzb3VyY2UuaXAiOiAiMTkyLjAuMi4xLzMyIiwgImNsYXNzaWZpY2F0aW9uLnR5cGUiOiAiYyZjIn0="})"},
         {.about = "One event a line; what the event says of its feed counts",
          .args = "--input-format raw --feed-name demo --splitlines",
          .input = R"({"feed.name":"other","source.port":80,"raw":"YQ=="}
{"source.port":81,"raw":"Yg=="})",
          .output = R"({"feed.name":"other","feed.accuracy":100.0,"source.port":80,"raw":"YQ=="}
{"feed.name":"demo","feed.accuracy":100.0,"source.port":81,"raw":"Yg=="})"},
         {.about = "A bad line fails alone",
          .args = "--input-format raw --splitlines",
          .input = "{\"source.port\":80,\"raw\":\"YQ==\"}\n{\"source.port\":\n"
                   "{\"source.port\":82,\"raw\":\"Yw==\"}",
          .output = R"({"feed.accuracy":100.0,"source.port":80,"raw":"YQ=="}
{"feed.accuracy":100.0,"source.port":82,"raw":"Yw=="})",
          .failed = "expected a value"},
         {.about = "A name that is no field",
          .args = "--input-format raw",
          .input = R"({"source.pi": "192.0.2.1"})",
          .output = "",
          .failed = "source.pi"}},
    .module = "intelmq.bots.parsers.json.parser"};

class JsonEvents {
 public:
  JsonEvents(const Params& p, const Context& context)
      : splitlines_{p.splitlines}, rules_{context.rules}, read_{context.rules} {}

  void parse(Report& report, Emit& emit) {
    if (!splitlines_) return parse_whole(report, emit);
    lines_.start(report.bytes);
    while (!emit.stopped() && lines_.next()) {
      if (trim(lines_.text()).empty()) continue;
      if (lines_.too_long())
        emit.failed(lines_.text(), "the line is longer than a record may be");
      else
        parse_object(lines_.text(), emit);
    }
  }

 private:
  void parse_whole(Report& report, Emit& emit) {
    window_.start(report.bytes);
    while (window_.size() <= usual_max_record && window_.more()) {
    }
    if (window_.error()) return;
    if (window_.size() > usual_max_record)
      return emit.failed(window_.text().substr(0, usual_max_record),
                         "the object is longer than a record may be; --splitlines reads lines");
    if (!trim(window_.text()).empty()) parse_object(window_.text(), emit);
  }

  void parse_object(std::string_view text, Emit& emit) {
    LineError error;
    if (!read_.read(text.data(), text.size(), error))
      return emit.failed(text, fmt::format("{} at byte {}", error.reason, error.offset));
    if (!read_.validate()) return emit.failed(text, read_.complaint());
    emit.record(text, [this](Event& event) { update(event); });
  }

  void update(Event& event) const {
    read_.each([&](const Event::Member& member) {
      const auto name = rules_.harmonization.name(member.name);
      if (!name) return event.reject(name.error().text);
      const Added added =
          event.add_json(*name, member.raw, Existing::replace, Cleaning::only_check);
      if (added != Added::stored && added != Added::ignored) event.reject(event.complaint());
    });
  }

  bool splitlines_;
  const EventRules& rules_;
  Event read_;
  Lines lines_;
  Window window_;
};

}  // namespace

const Bot& this_bot() { return define<JsonEvents>(spec); }

}  // namespace intelmq
