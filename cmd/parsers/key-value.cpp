// SPDX-License-Identifier: Apache-2.0
#include <fmt/format.h>

#include <algorithm>

#include "base/text.hpp"
#include "bot/bot.hpp"
#include "event/scanner.hpp"
#include "format/columns.hpp"
#include "format/lines.hpp"
#include "type/python_text.hpp"
#include "type/time_format.hpp"

namespace intelmq {
namespace {

struct Params {
  Json keys = Json::object();
  std::string pair_separator = " ";
  std::string kv_separator = "=";
  bool strip_quotes = true;
  Json timestamp_key;
};

FieldUse fields(const Params& p) {
  FieldUse out;
  if (const auto keys = text_pairs(p.keys))
    for (const auto& [key, name] : *keys)
      if (auto field = FieldName::parse(name)) out.sets.emplace_back(std::move(*field));
  return out;
}

const Spec<Params> spec{
    .name = "key-value",
    .summary = "Read lines of key=value pairs, such as the logs of firewalls.",
    .details =
        "A line is split at every pair separator, also within quotes, and each part at its last "
        "key-value separator. Keys that are not configured, parts without a separator and values "
        "that do not fit their field are passed over. time.source may be seconds since 1970 or "
        "any date.",
    .params = {param<&Params::keys>("keys", "Object of keys in the feed and the field for each.",
                                    Need::required),
               param<&Params::pair_separator>("pair_separator",
                                              "What stands between pairs; \\t is a tab."),
               param<&Params::kv_separator>("kv_separator", "What stands between key and value."),
               param<&Params::strip_quotes>("strip_quotes",
                                            "Remove the double quotes around a value."),
               param<&Params::timestamp_key>("timestamp_key",
                                             "Not used; kept for old configurations.")},
    .fields = fields,
    .examples =
        {{.about = "A line of a firewall's log",
          .args =
              R"(--input-format raw --feed-name demo --keys '{"src":"source.ip","t":"time.source","msg":"comment"}')",
          .input = "May fw src=192.0.2.1 t=1577836800 msg=\"blocked\" len=40\n",
          .output =
              R"({"feed.name":"demo","feed.accuracy":100.0,"source.ip":"192.0.2.1","time.source":"2020-01-01T00:00:00+00:00","comment":"blocked","raw":"TWF5IGZ3IHNyYz0xOTIuMC4yLjEgdD0xNTc3ODM2ODAwIG1zZz0iYmxvY2tlZCIgbGVuPTQw"})"},
         {.about = "Other separators, quotes kept",
          .args =
              R"(--input-format raw --pair-separator '|' --kv-separator : --strip-quotes=false --keys '{"src":"source.ip","m":"comment"}')",
          .input = "src:192.0.2.1|m:\"q\"|u:http://x\n",
          .output =
              R"({"feed.accuracy":100.0,"source.ip":"192.0.2.1","comment":"\"q\"","raw":"c3JjOjE5Mi4wLjIuMXxtOiJxInx1Omh0dHA6Ly94"})"},
         {.about = "A key that is there twice fails its line alone",
          .args = R"(--input-format raw --keys '{"src":"source.ip"}')",
          .input = "src=192.0.2.1 src=192.0.2.2\n==== = src=192.0.2.3\n",
          .output =
              R"({"feed.accuracy":100.0,"source.ip":"192.0.2.3","raw":"PT09PSA9IHNyYz0xOTIuMC4yLjM="})",
          .failed = "source.ip: there already"}},
    .module = "intelmq.bots.parsers.key_value.parser"};

std::string separator(const std::string& text, std::string_view parameter) {
  if (text.empty()) throw StartError(fmt::format("{}: is empty; give a character", parameter));
  return text == "\\t" ? "\t" : text;
}

bool is_digits(std::string_view text) {
  return !text.empty() &&
         std::all_of(text.begin(), text.end(), [](char c) { return c >= '0' && c <= '9'; });
}

class KeyValue {
 public:
  KeyValue(const Params& p, const Context& context)
      : pair_separator_{separator(p.pair_separator, "pair_separator")},
        kv_separator_{separator(p.kv_separator, "kv_separator")},
        strip_quotes_{p.strip_quotes},
        seconds_{must(TimeFormat::parse("timestamp"))},
        fuzzy_{must(TimeFormat::parse("fuzzy"))} {
    const auto pairs = text_pairs(p.keys);
    if (!pairs) throw StartError("keys: " + pairs.error().text);
    for (const auto& [key, name] : *pairs) {
      auto field = context.rules.harmonization.name(name);
      if (!field) throw StartError("keys: " + field.error().text);
      keys_.emplace_back(key, std::move(*field));
    }
    if (keys_.empty())
      throw StartError(R"(keys: is empty; give an object such as {"src": "source.ip"})");
  }

  void parse(Report& report, Emit& emit) {
    lines_.start(report.bytes);
    while (!emit.stopped() && lines_.next()) {
      const std::string_view line = strip(lines_.text());
      const std::size_t valid = valid_utf8_prefix(line.data(), line.size());
      if (line.empty()) continue;
      if (lines_.too_long())
        emit.failed(line, "the line is longer than a record may be");
      else if (valid != line.size())
        emit.failed(line, fmt::format("byte {} is not UTF-8", valid));
      else
        emit.record(line, [&](Event& event) { fill(line, event); });
    }
  }

 private:
  void fill(std::string_view line, Event& event) const {
    while (event.verdict() == Verdict::keep) {
      const std::size_t end = line.find(pair_separator_);
      add_pair(line.substr(0, end), event);
      if (end == line.npos) return;
      line.remove_prefix(end + pair_separator_.size());
    }
  }

  void add_pair(std::string_view pair, Event& event) const {
    const std::size_t at = pair.rfind(kv_separator_);
    if (at == pair.npos) return;
    const std::string_view key = pair.substr(0, at);
    std::string_view value = pair.substr(at + kv_separator_.size());
    if (strip_quotes_ && value.size() >= 2 && value.front() == '"' && value.back() == '"')
      value = value.substr(1, value.size() - 2);
    for (const auto& [wanted, field] : keys_)
      if (wanted == key) return add(field, value, event);
  }

  void add(const FieldName& field, std::string_view value, Event& event) const {
    Added added;
    if (field.id() == field::time.source.id) {
      const auto time = (is_digits(value) ? seconds_ : fuzzy_).convert(value, event.rules().now());
      if (!time || !*time) return;
      added = event.add_text(field, **time);
    } else {
      added = event.add_text(field, value);
    }
    if (added == Added::exists || added == Added::bad_key) event.reject(event.complaint());
  }

  std::string pair_separator_, kv_separator_;
  bool strip_quotes_;
  TimeFormat seconds_, fuzzy_;
  std::vector<std::pair<std::string, FieldName>> keys_;
  Lines lines_;
};

}  // namespace

const Bot& this_bot() { return define<KeyValue>(spec); }

}  // namespace intelmq
