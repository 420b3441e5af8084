// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

namespace intelmq::serve {

/// Times a value fell into each bucket; `upper` are the buckets' inclusive upper bounds in
/// seconds, `counts` has one more, for what is above all of them. Not cumulative.
struct Histogram {
  std::vector<double> upper;
  std::vector<std::uint64_t> counts;
  double sum = 0;
  std::uint64_t count = 0;
};

/// What is known of one bot. Counters only grow, also across restarts of its process.
struct BotFacts {
  std::string id;       ///< Unique within the service.
  std::string program;  ///< intelmq-expert-taxonomy
  std::string version;
  std::string state = "stopped";  ///< stopped, starting, running, pausing, paused, reloading,
                                  ///< draining, backoff, failed
  bool ready = false;
  int pid = 0;
  double started = 0;  ///< Unix time, seconds; 0: never.
  std::uint64_t restarts = 0;
  std::string reason;  ///< Why it is in this state, for people; may be empty.
  std::uint64_t received = 0, sent = 0, dropped = 0, failed = 0, retries = 0;
  std::uint64_t received_bytes = 0, sent_bytes = 0;
  std::uint64_t inflight = 0;
  std::map<std::string, std::uint64_t> sent_by_path;  ///< `_default` too.
  std::map<std::string, std::uint64_t> failed_by_reason, dropped_by_reason;
  Histogram processing;       ///< Seconds per event, sampled.
  double last_message = 0;    ///< Unix time of the last record taken; 0: none yet.
  double last_heartbeat = 0;  ///< Unix time.
  double busy = 0;            ///< Share of the last minute in which it did not wait, 0..1.
  std::map<std::string, double> required_field_present;  ///< Field: share of sampled events, 0..1.
  double rate_1m = 0, rate_5m = 0, rate_15m = 0;         ///< Records taken per second.
  double cpu_seconds = 0;
  std::uint64_t rss_bytes = 0, open_files = 0;
};

/// One end of the pipeline.
struct QueueFacts {
  std::string name;  ///< Of the queue, list, topic or directory.
  std::string url;   ///< Without passwords.
  std::string role;  ///< "source" or "destination".
  std::string path;  ///< Destinations: "_default" ...
  bool reachable = true;
  std::string error;                   ///< Why not.
  std::optional<std::uint64_t> depth;  ///< Messages waiting; Kafka: lag.
  double growth = 0;                   ///< Messages per second.
};

/// One file of external data.
struct DataFacts {
  std::string name;   ///< geolite2-city
  std::string bot;    ///< Id of the bot that uses it.
  std::string state;  ///< fresh, ageing, stale, expired, missing, updating
  std::string path;
  bool required = true;
  double build_time = 0;                       ///< Unix time; 0: unknown.
  double warn_s = 0, max_s = 0, expire_s = 0;  ///< 0: no limit.
  double last_check = 0, last_update = 0, next_check = 0;
  std::uint64_t update_failures = 0;  ///< All of them.
  std::uint64_t failures_in_a_row = 0;
  std::string last_error;
};

struct TestFacts {
  std::string test;    ///< config-test, connection-test, unit-test, system-test
  std::string status;  ///< pass, warn, fail, skip, error
  double at = 0;
};

/// What serve knows at one moment: for metrics, health, alerts, formats of monitoring systems.
struct Facts {
  std::string service, instance, version, git;
  double now = 0, started = 0;  ///< Unix time.
  std::string state, desired;
  double since = 0;  ///< Unix time of the last change of `state`.
  bool startup_done = false;
  std::uint64_t revision = 0;
  std::vector<BotFacts> bots;
  std::vector<QueueFacts> queues;
  std::vector<DataFacts> data;
  std::vector<TestFacts> tests;
  std::vector<std::string> warnings;  ///< Of serve itself: an insecure option, a dead audit log ...
  bool insecure = false;              ///< --insecure-allow-remote
};

}  // namespace intelmq::serve
