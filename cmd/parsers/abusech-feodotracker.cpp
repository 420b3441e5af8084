// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <array>

#include "bot/bot.hpp"
#include "event/scanner.hpp"
#include "format/json_items.hpp"
#include "type/json_text.hpp"
#include "type/time_format.hpp"

namespace intelmq {
namespace {

struct Params {};

const FieldName last_online = FieldName::parse("extra.last_online").value();

const Spec<Params> spec{
    .name = "abusech-feodotracker",
    .summary = "Read Feodo Tracker's list of botnet servers by abuse.ch (JSON).",
    .details =
        "time.source is first_seen, or else the day of last_online. raw is a list of the one item. "
        "An address or port that is not valid fails its item; other values that do not fit are "
        "left out.",
    .sets = {field::time.source, always(field::classification.type), field::source.ip,
             field::source.port, field::source.asn, field::source.as_name,
             field::source.geolocation.cc, field::source.reverse_dns, field::malware.name,
             field::status, last_online},
    .examples =
        {{.about = "One server",
          .args = "--input-format raw --feed-name 'Feodo Tracker' --provider Abuse.ch",
          .input =
              R"([{"ip_address": "192.0.2.1", "port": 443, "status": "online", "hostname": null,
  "as_number": 64496, "as_name": "EXAMPLE", "country": "AT",
  "first_seen": "2021-01-17 07:44:46", "last_online": "2023-01-01", "malware": "Dridex"}])",
          .output =
              R"({"feed.name":"Feodo Tracker","feed.provider":"Abuse.ch","feed.accuracy":100.0,"time.source":"2021-01-17T07:44:46+00:00","classification.type":"c2-server","source.ip":"192.0.2.1","source.port":443,"source.asn":64496,"source.as_name":"EXAMPLE","source.geolocation.cc":"AT","malware.name":"dridex","extra.last_online":"2023-01-01","status":"online","raw":"W3siaXBfYWRkcmVzcyI6ICIxOTIuMC4yLjEiLCAicG9ydCI6IDQ0MywgInN0YXR1cyI6ICJvbmxpbmUiLCAiaG9zdG5hbWUiOiBudWxsLCAiYXNfbnVtYmVyIjogNjQ0OTYsICJhc19uYW1lIjogIkVYQU1QTEUiLCAiY291bnRyeSI6ICJBVCIsICJmaXJzdF9zZWVuIjogIjIwMjEtMDEtMTcgMDc6NDQ6NDYiLCAibGFzdF9vbmxpbmUiOiAiMjAyMy0wMS0wMSIsICJtYWx3YXJlIjogIkRyaWRleCJ9XQ=="})"},
         {.about = "Never seen first: the day of last_online counts",
          .args = "--input-format raw",
          .input =
              R"([{"ip_address":"192.0.2.2","port":80,"as_number":0,"country":"AUT","first_seen":null,"last_online":"2023-01-01"}])",
          .output =
              R"({"feed.accuracy":100.0,"time.source":"2023-01-01T00:00:00+00:00","classification.type":"c2-server","source.ip":"192.0.2.2","source.port":80,"extra.last_online":"2023-01-01","raw":"W3siaXBfYWRkcmVzcyI6ICIxOTIuMC4yLjIiLCAicG9ydCI6IDgwLCAiYXNfbnVtYmVyIjogMCwgImNvdW50cnkiOiAiQVVUIiwgImZpcnN0X3NlZW4iOiBudWxsLCAibGFzdF9vbmxpbmUiOiAiMjAyMy0wMS0wMSJ9XQ=="})"},
         {.about = "A bad item fails alone",
          .args = "--input-format raw",
          .input = R"([{"ip_address":"192.0.2.1", "port":}, {"ip_address":"nonsense","port":80}, 7,
 {"ip_address":"192.0.2.3","port":82}])",
          .output =
              R"({"feed.accuracy":100.0,"classification.type":"c2-server","source.ip":"192.0.2.3","source.port":82,"raw":"W3siaXBfYWRkcmVzcyI6ICIxOTIuMC4yLjMiLCAicG9ydCI6IDgyfV0="})",
          .failed = "source.ip"}},
    .module = "intelmq.bots.parsers.abusech.parser_feodotracker"};

/// A member of an item, the field it sets, and whether its failure fails the item.
struct Member {
  std::string_view name;
  FieldName field;
  bool required = false;
};

class FeodoTracker {
 public:
  FeodoTracker()
      : first_seen_{must(TimeFormat::parse("from_format|%Y-%m-%d %H:%M:%S"))},
        last_online_{must(TimeFormat::parse("from_format_midnight|%Y-%m-%d"))} {}

  void parse(Report& report, Emit& emit) {
    items_.start(report.bytes);
    while (!emit.stopped()) {
      const JsonItems::Found found = items_.next();
      if (found == JsonItems::Found::end) return;
      if (found == JsonItems::Found::bad)
        emit.failed(items_.text(), items_.reason());
      else
        parse_item(items_.text(), emit);
    }
  }

 private:
  enum Place : std::size_t {
    ip_address,
    port,
    as_number,
    as_name,
    country,
    hostname,
    malware,
    last_online_text,
    status,
    first_seen,
    places
  };

  void parse_item(std::string_view item, Emit& emit) {
    values_.fill({});
    const ScanError error = Scanner(item.data(), item.size())
                                .members([this](const char* key, std::size_t key_size,
                                                const char* value, std::size_t size) {
                                  note({key, key_size}, {value, size});
                                });
    if (error.reason)
      return emit.failed(item, fmt::format("{} at byte {}", error.reason, error.offset));
    raw_ = "[";
    append_python_json(raw_, item);
    raw_ += ']';
    emit.record(raw_, [this](Event& event) { fill(event); });
  }

  void note(std::string_view key, std::string_view value) {
    for (std::size_t i = 0; i < members_.size(); ++i)
      if (members_[i].name == key) values_[i] = value;
    if (key == "first_seen") values_[first_seen] = value;
  }

  void fill(Event& event) {
    if (values_[ip_address].empty()) return event.reject("the item has no ip_address");
    add_time(event);
    event.set_verbatim(field::classification.type, "\"c2-server\"");
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (values_[i].empty()) continue;
      const Added added = event.add_json(members_[i].field, values_[i]);
      if (added == Added::invalid && members_[i].required) event.reject(event.complaint());
    }
  }

  void add_time(Event& event) {
    const bool first = is_text(values_[first_seen]);
    const std::string_view raw = values_[first ? first_seen : last_online_text];
    if (!is_text(raw)) return;
    decode_string(raw, text_);
    const auto time = (first ? first_seen_ : last_online_).convert(text_, event.rules().now());
    if (!time) return event.reject("time.source: " + time.error().text);
    event.add_text(field::time.source, **time);
  }

  static bool is_text(std::string_view raw) { return raw.size() > 2 && raw.front() == '"'; }

  const std::array<Member, first_seen> members_ = {Member{"ip_address", field::source.ip, true},
                                                   Member{"port", field::source.port, true},
                                                   Member{"as_number", field::source.asn},
                                                   Member{"as_name", field::source.as_name},
                                                   Member{"country", field::source.geolocation.cc},
                                                   Member{"hostname", field::source.reverse_dns},
                                                   Member{"malware", field::malware.name},
                                                   Member{"last_online", last_online},
                                                   Member{"status", field::status}};
  TimeFormat first_seen_, last_online_;
  JsonItems items_;
  std::array<std::string_view, places> values_;
  std::string raw_, text_;
};

}  // namespace

const Bot& this_bot() { return define<FeodoTracker>(spec); }

}  // namespace intelmq
