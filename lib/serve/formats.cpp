// SPDX-License-Identifier: Apache-2.0
#include "serve/formats.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "serve/alerts.hpp"

namespace intelmq::serve {
namespace {

/// Fit for the name of a service between double quotes.
std::string checkmk_name(std::string_view text) {
  std::string out;
  for (const char c : text)
    out += c == '"' ? '\'' : static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? ' ' : c;
  return out;
}

/// On one line; a line end is written as the two characters \n, which check_mk shows as details.
std::string checkmk_text(std::string_view text) {
  std::string out;
  for (const char c : text) {
    if (c == '\n')
      out += "\\n";
    else
      out += static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? ' ' : c;
  }
  return out;
}

/// On one line, and without the bar that would begin performance data.
std::string plugin_text(std::string_view text) {
  std::string out;
  for (const char c : text)
    out += c == '|' ? '/' : static_cast<unsigned char>(c) < ' ' || c == '\x7f' ? ' ' : c;
  return out;
}

std::string level_text(const std::optional<double>& level) {
  return level ? fmt::format("{}", *level) : "";
}

/// value;warn;crit;min: nothing but growth goes below 0.
std::string levelled(const Check& check, std::string_view unit) {
  return fmt::format("{}{};{};{};{}", *check.value, unit, level_text(check.levels.warn),
                     level_text(check.levels.crit), check.name == "queue_growth" ? "" : "0");
}

std::string details(const Check& check) {
  std::string out = check.symptom;
  if (!check.ignored.empty()) out += " (ignored: " + check.ignored + ")";
  const auto add = [&](std::string_view title, const std::string& text) {
    if (!text.empty()) out.append("\n").append(title).append(": ").append(text);
  };
  if (check.status == Status::pass) return out;
  add("diagnosis", check.diagnosis);
  add("impact", check.impact);
  add("action", check.action);
  return out;
}

void add_line(std::string& out, int status, const std::string& service, std::string_view metrics,
              std::string_view text) {
  out += fmt::format("{} \"{}\" {} {}\n", status, checkmk_name(service),
                     metrics.empty() ? "-" : metrics, checkmk_text(text));
}

std::string perf_label(const Check& check) {
  std::string out;
  for (const char c : std::string(check.name) + " " + check.subject) {
    if (c == '\'')
      out += "''";
    else
      out += c == '=' || c == '|' || static_cast<unsigned char>(c) < ' ' ? '_' : c;
  }
  return "'" + out + "'";
}

constexpr std::size_t most_named = 5;  // problems named in the line of a plugin

}  // namespace

bool is_checkmk_host(std::string_view name) {
  return !name.empty() && name.size() <= 253 && std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '-';
  });
}

std::string checkmk_section(const Facts& facts, const std::vector<Check>& checks,
                            std::string_view piggyback) {
  std::string out;
  if (!piggyback.empty()) out.append("<<<<").append(piggyback).append(">>>>\n");
  out += "<<<local:sep(0)>>>\n";
  const std::string name = "IntelMQ " + facts.service + " ";
  for (const Check& check : checks) {
    std::string metrics;
    if (check.value) metrics = std::string(check.name) + "=" + levelled(check, "");
    add_line(out, static_cast<int>(check.status),
             name + std::string(check.name) + " " + check.subject, metrics, details(check));
  }
  for (const BotFacts& bot : facts.bots)
    add_line(out, 0, name + "rates " + bot.id,
             fmt::format("received_per_s={};;;0|busy={};;;0;1|inflight={};;;0", bot.rate_1m,
                         bot.busy, bot.inflight),
             fmt::format("{} received, {} sent, {} failed, {} dropped", bot.received, bot.sent,
                         bot.failed, bot.dropped));
  if (!piggyback.empty()) out += "<<<<>>>>\n";
  return out;
}

PluginResult plugin_result(const Facts& facts, const std::vector<Check>& checks,
                           std::string_view bot) {
  constexpr std::string_view words[] = {"OK", "WARNING", "CRITICAL"};
  PluginResult out;
  out.exit = static_cast<int>(worst_of(checks, bot));
  const auto problems = active(checks, bot);
  std::string text;
  for (std::size_t i = 0; i < problems.size() && i < most_named; ++i)
    text.append(i ? "; " : "").append(problems[i]->symptom);
  if (problems.size() > most_named)
    text += fmt::format("; and {} more", problems.size() - most_named);
  if (problems.empty())
    text = fmt::format("{} is {}, {} bots", facts.service, facts.state, facts.bots.size());
  if (problems.empty() && !bot.empty()) text = "all is well with bot " + std::string(bot);
  out.text = plugin_text(fmt::format("INTELMQ {} - {}", words[out.exit], text));
  for (const Check& check : checks)
    if (check.value && concerns(check, bot))
      out.perfdata.append(out.perfdata.empty() ? "" : " ")
          .append(perf_label(check))
          .append("=")
          .append(levelled(check, check.unit == "s" ? "s" : ""));
  for (const BotFacts& one : facts.bots)
    if (bot.empty() || one.id == bot)
      out.perfdata.append(out.perfdata.empty() ? "" : " ")
          .append(fmt::format("'received {0}'={1}c;;;0 'sent {0}'={2}c;;;0 'failed {0}'={3}c;;;0",
                              one.id, one.received, one.sent, one.failed));
  return out;
}

}  // namespace intelmq::serve
