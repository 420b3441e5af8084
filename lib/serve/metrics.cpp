// SPDX-License-Identifier: Apache-2.0
#include "serve/metrics.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>

#include "base/file.hpp"
#include "base/text.hpp"
#include "serve/exposition.hpp"

namespace intelmq::serve {
namespace {

using Type = Exposition::Type;

constexpr std::array<std::string_view, 9> bot_states = {"stopped",  "starting", "running",
                                                        "pausing",  "paused",   "reloading",
                                                        "draining", "backoff",  "failed"};

/// One family with at most one sample for each bot.
template <class Value>
void each_bot(Exposition& out, const Facts& facts, std::string_view name, Type type,
              std::string_view help, Value value) {
  out.family(name, type, help);
  for (const BotFacts& bot : facts.bots) value(bot);
}

/// The parts of a counter that is told by kind, and what no part accounts for under `rest`.
void sample_parts(Exposition& out, const BotFacts& bot, std::string_view label,
                  const std::map<std::string, std::uint64_t>& parts, std::uint64_t all,
                  std::string_view rest) {
  std::uint64_t told = 0;
  bool rest_is_part = false;
  for (const auto& [name, count] : parts) told += count;
  const std::uint64_t untold = all > told ? all - told : 0;
  for (const auto& [name, count] : parts) {
    const bool same = name == rest;
    rest_is_part |= same;
    out.sample({{"bot", bot.id}, {label, name}}, same ? count + untold : count);
  }
  if (!rest_is_part && (untold || parts.empty()))
    out.sample({{"bot", bot.id}, {label, rest}}, untold);
}

void write_build(Exposition& out, const Facts& facts) {
  out.family("intelmq_build", Type::info, "What runs here.");
  out.sample({{"version", facts.version}, {"git", facts.git}, {"bot", "intelmq-serve"}},
             std::uint64_t{1});
  for (const BotFacts& bot : facts.bots)
    out.sample({{"version", bot.version}, {"bot", bot.program}}, std::uint64_t{1});
}

void write_states(Exposition& out, const Facts& facts) {
  each_bot(out, facts, "intelmq_bot_state", Type::gauge, "1 for the state the bot is in.",
           [&](const BotFacts& bot) {
             for (const std::string_view state : bot_states)
               out.sample({{"bot", bot.id}, {"state", state}},
                          std::uint64_t{bot.state == state ? 1u : 0u});
           });
  each_bot(out, facts, "intelmq_bot_ready", Type::gauge, "1 if the bot can do its work.",
           [&](const BotFacts& bot) {
             out.sample({{"bot", bot.id}}, std::uint64_t{bot.ready ? 1u : 0u});
           });
  each_bot(out, facts, "intelmq_bot_restarts", Type::counter,
           "Times the bot's process was started anew.", [&](const BotFacts& bot) {
             out.sample({{"bot", bot.id}}, bot.restarts);
           });
  each_bot(out, facts, "intelmq_bot_busy_ratio", Type::gauge,
           "Share of the last minute in which the bot did not wait.", [&](const BotFacts& bot) {
             out.sample({{"bot", bot.id}}, bot.busy);
           });
}

void write_messages(Exposition& out, const Facts& facts) {
  const auto counter = [&](std::string_view name, std::string_view help,
                           std::uint64_t BotFacts::*member) {
    each_bot(out, facts, name, Type::counter, help, [&](const BotFacts& bot) {
      out.sample({{"bot", bot.id}}, bot.*member);
    });
  };
  counter("intelmq_messages_received", "Messages the bot has taken.", &BotFacts::received);
  each_bot(out, facts, "intelmq_messages_sent", Type::counter, "Messages the bot has written.",
           [&](const BotFacts& bot) {
             sample_parts(out, bot, "path", bot.sent_by_path, bot.sent, "_default");
           });
  each_bot(out, facts, "intelmq_messages_failed", Type::counter,
           "Messages the bot could not process.", [&](const BotFacts& bot) {
             sample_parts(out, bot, "reason", bot.failed_by_reason, bot.failed, "unspecified");
           });
  counter("intelmq_messages_dropped", "Messages the bot dropped on purpose.", &BotFacts::dropped);
  counter("intelmq_retries", "Tries after the first one.", &BotFacts::retries);
  counter("intelmq_received_bytes", "Bytes of the messages taken.", &BotFacts::received_bytes);
  counter("intelmq_sent_bytes", "Bytes of the messages written.", &BotFacts::sent_bytes);
  each_bot(out, facts, "intelmq_processing_duration_seconds", Type::histogram,
           "Time for one message, of samples.", [&](const BotFacts& bot) {
             out.sample({{"bot", bot.id}}, bot.processing);
           });
  each_bot(out, facts, "intelmq_inflight_messages", Type::gauge,
           "Messages taken and not yet acknowledged.", [&](const BotFacts& bot) {
             out.sample({{"bot", bot.id}}, bot.inflight);
           });
  each_bot(out, facts, "intelmq_last_message_timestamp_seconds", Type::gauge,
           "When the bot took its last message; absent before the first.",
           [&](const BotFacts& bot) {
             if (bot.last_message > 0) out.sample({{"bot", bot.id}}, bot.last_message);
           });
  each_bot(out, facts, "intelmq_last_heartbeat_timestamp_seconds", Type::gauge,
           "When the bot last gave a sign of life.", [&](const BotFacts& bot) {
             if (bot.last_heartbeat > 0) out.sample({{"bot", bot.id}}, bot.last_heartbeat);
           });
  each_bot(out, facts, "intelmq_required_field_present_ratio", Type::gauge,
           "Share of sampled messages with a field that the bot needs.", [&](const BotFacts& bot) {
             for (const auto& [field, share] : bot.required_field_present)
               out.sample({{"bot", bot.id}, {"field", field}}, share);
           });
}

void write_queues(Exposition& out, const Facts& facts) {
  out.family("intelmq_queue_messages", Type::gauge, "Messages waiting in the queue.");
  for (const QueueFacts& queue : facts.queues)
    if (queue.depth)
      out.sample({{"queue", queue.name}, {"role", queue.role}, {"path", queue.path}}, *queue.depth);
  out.family("intelmq_queue_reachable", Type::gauge, "1 if the queue's server answers.");
  for (const QueueFacts& queue : facts.queues)
    out.sample({{"queue", queue.name}, {"role", queue.role}, {"path", queue.path}},
               std::uint64_t{queue.reachable ? 1u : 0u});
}

void write_data(Exposition& out, const Facts& facts) {
  out.family("intelmq_external_data_build_timestamp_seconds", Type::gauge,
             "When the data was made, by its own account.");
  for (const DataFacts& data : facts.data)
    if (data.build_time > 0) out.sample({{"name", data.name}, {"bot", data.bot}}, data.build_time);
  out.family("intelmq_external_data_max_age_seconds", Type::gauge,
             "Age from which on the data is stale.");
  for (const DataFacts& data : facts.data)
    if (data.max_s > 0) out.sample({{"name", data.name}, {"bot", data.bot}}, data.max_s);
  out.family("intelmq_external_data_update_failures", Type::counter,
             "Updates of the data that did not work.");
  for (const DataFacts& data : facts.data)
    out.sample({{"name", data.name}, {"bot", data.bot}}, data.update_failures);
}

void write_tests(Exposition& out, const Facts& facts) {
  out.family("intelmq_selftest_success", Type::gauge,
             "1 if the last run of the test passed, also with a warning; absent if skipped.");
  for (const TestFacts& test : facts.tests)
    if (test.status != "skip")
      out.sample({{"test", test.test}},
                 std::uint64_t{test.status == "pass" || test.status == "warn" ? 1u : 0u});
}

void write_http(Exposition& out, const HttpFacts& http) {
  out.family("intelmq_http_requests", Type::counter, "Requests that were answered.");
  for (const auto& [key, count] : http.requests()) {
    const auto& [method, route, code] = key;
    out.sample({{"method", method}, {"route", route}, {"code", std::to_string(code)}}, count);
  }
  out.family("intelmq_auth_failures", Type::counter, "Credentials that were refused.");
  for (const auto& [reason, count] : http.auth_failures()) out.sample({{"reason", reason}}, count);
}

/// What /proc tells of this very process.
struct Own {
  double cpu_seconds = 0;
  std::optional<std::uint64_t> resident_bytes, virtual_bytes, open_files, most_files;
};

std::optional<std::uint64_t> count_files() {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory{opendir("/proc/self/fd"), closedir};
  if (!directory) return std::nullopt;
  std::uint64_t count = 0;
  while (const dirent* entry = readdir(directory.get()))
    if (entry->d_name[0] != '.') ++count;
  return count - 1;  // the directory itself
}

Own own_process() {
  Own own;
  rusage use{};
  getrusage(RUSAGE_SELF, &use);
  const auto seconds = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
  };
  own.cpu_seconds = seconds(use.ru_utime) + seconds(use.ru_stime);
  if (const auto text = read_file("/proc/self/statm")) {  // size resident ..., in pages
    const auto page = static_cast<std::uint64_t>(sysconf(_SC_PAGESIZE));
    unsigned long long size = 0, resident = 0;
    if (std::sscanf(text->c_str(), "%llu %llu", &size, &resident) == 2) {  // NOLINT(cert-err34-c)
      own.virtual_bytes = size * page;
      own.resident_bytes = resident * page;
    }
  }
  own.open_files = count_files();
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur != RLIM_INFINITY)
    own.most_files = files.rlim_cur;
  return own;
}

/// serve itself without a label, its children by the label `bot`.
void write_processes(Exposition& out, const Facts& facts) {
  const Own own = own_process();
  const auto children = [&](auto value) {
    for (const BotFacts& bot : facts.bots)
      if (bot.pid > 0) value(bot);
  };
  const auto optional = [&](const std::optional<std::uint64_t>& value) {
    if (value) out.sample({}, *value);
  };
  out.family("process_cpu_seconds", Type::counter, "CPU time, user and system.");
  out.sample({}, own.cpu_seconds);
  // A stopped bot keeps its sum: a counter that vanishes and returns looks like a reset.
  for (const BotFacts& bot : facts.bots) out.sample({{"bot", bot.id}}, bot.cpu_seconds);
  out.family("process_resident_memory_bytes", Type::gauge, "Memory in RAM.");
  optional(own.resident_bytes);
  children([&](const BotFacts& bot) { out.sample({{"bot", bot.id}}, bot.rss_bytes); });
  out.family("process_virtual_memory_bytes", Type::gauge, "Address space in use.");
  optional(own.virtual_bytes);
  out.family("process_open_fds", Type::gauge, "Open file descriptors.");
  optional(own.open_files);
  children([&](const BotFacts& bot) { out.sample({{"bot", bot.id}}, bot.open_files); });
  out.family("process_max_fds", Type::gauge, "Most file descriptors that may be open.");
  optional(own.most_files);
  out.family("process_start_time_seconds", Type::gauge, "When the process started.");
  if (facts.started > 0) out.sample({}, facts.started);
  children([&](const BotFacts& bot) {
    if (bot.started > 0) out.sample({{"bot", bot.id}}, bot.started);
  });
}

/// The weight (q) a header Accept gives to a type; nothing if it does not name it.
std::optional<double> weight_of(std::string_view accept, std::string_view type) {
  for (const std::string_view range : split(accept, ',')) {
    const auto parts = split(range, ';');
    if (ascii_lower(trim(parts.front())) != type) continue;
    double weight = 1;
    for (std::size_t i = 1; i < parts.size(); ++i) {
      const std::string_view part = trim(parts[i]);
      if (part.substr(0, 2) == "q=")
        weight = std::strtod(std::string(part.substr(2)).c_str(), nullptr);
    }
    return weight;
  }
  return std::nullopt;
}

}  // namespace

bool wants_openmetrics(std::string_view accept) {
  const auto open = weight_of(accept, "application/openmetrics-text");
  const auto plain = weight_of(accept, "text/plain");
  return open && *open > 0 && *open >= plain.value_or(0);
}

std::string metrics(const Facts& facts, const HttpFacts& http, bool openmetrics) {
  Exposition out{openmetrics};
  write_build(out, facts);
  write_states(out, facts);
  write_messages(out, facts);
  write_queues(out, facts);
  write_data(out, facts);
  write_tests(out, facts);
  write_http(out, http);
  write_processes(out, facts);
  return out.finish();
}

}  // namespace intelmq::serve
