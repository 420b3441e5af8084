// SPDX-License-Identifier: Apache-2.0
#include "serve/metrics.hpp"

#include <catch2/catch.hpp>
#include <limits>
#include <sstream>

#include "sample_facts.hpp"
#include "serve/exposition.hpp"

using namespace intelmq::serve;

namespace {

bool has_line(const std::string& text, const std::string& wanted) {
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);)
    if (line == wanted) return true;
  return false;
}

}  // namespace

TEST_CASE("a family in Prometheus text 0.0.4") {
  Exposition out{false};
  out.family("a_messages", Exposition::Type::counter, "Taken \"so far\",\nback\\slash.");
  out.sample({{"bot", "q\"uo\\te\n"}, {"path", ""}}, std::uint64_t{18446744073709551615u});
  out.sample({}, 0.25);
  out.family("left_out", Exposition::Type::gauge, "No samples.");
  out.family("b", Exposition::Type::info, "B.");
  out.sample({{"version", "1\xff"}}, std::uint64_t{1});
  CHECK(out.finish() ==
        "# HELP a_messages_total Taken \"so far\",\\nback\\\\slash.\n"
        "# TYPE a_messages_total counter\n"
        "a_messages_total{bot=\"q\\\"uo\\\\te\\n\"} 18446744073709551615\n"
        "a_messages_total 0.25\n"
        "# HELP b_info B.\n"
        "# TYPE b_info gauge\n"
        "b_info{version=\"1?\"} 1\n");
}

TEST_CASE("the same in OpenMetrics 1.0.0") {
  Exposition out{true};
  out.family("a_messages", Exposition::Type::counter, "Taken \"so far\".");
  out.sample({}, std::uint64_t{3});
  out.family("b", Exposition::Type::info, "B.");
  out.sample({{"version", "1"}}, std::uint64_t{1});
  CHECK(out.finish() ==
        "# HELP a_messages Taken \\\"so far\\\".\n"
        "# TYPE a_messages counter\n"
        "a_messages_total 3\n"
        "# HELP b B.\n"
        "# TYPE b info\n"
        "b_info{version=\"1\"} 1\n"
        "# EOF\n");
}

TEST_CASE("a histogram is cumulative, and of equal labels the first counts") {
  Exposition out{false};
  out.family("h_seconds", Exposition::Type::histogram, "H.");
  const Histogram histogram{{0.001, 0.25, 1}, {5, 3, 1, 2}, 7.5, 11};
  out.sample({{"bot", "x"}}, histogram);
  out.sample({{"bot", "x"}}, Histogram{});
  CHECK(out.finish() ==
        "# HELP h_seconds H.\n"
        "# TYPE h_seconds histogram\n"
        "h_seconds_bucket{bot=\"x\",le=\"0.001\"} 5\n"
        "h_seconds_bucket{bot=\"x\",le=\"0.25\"} 8\n"
        "h_seconds_bucket{bot=\"x\",le=\"1.0\"} 9\n"
        "h_seconds_bucket{bot=\"x\",le=\"+Inf\"} 11\n"
        "h_seconds_sum{bot=\"x\"} 7.5\n"
        "h_seconds_count{bot=\"x\"} 11\n");
}

TEST_CASE("numbers are spelt as the formats want them") {
  CHECK(metric_number(3) == "3");
  CHECK(metric_number(1e-7) == "1e-07");
  CHECK(metric_number(1704164645) == "1704164645");
  CHECK(metric_number(std::numeric_limits<double>::infinity()) == "+Inf");
  CHECK(metric_number(std::numeric_limits<double>::quiet_NaN()) == "NaN");
}

TEST_CASE("metrics have the facts under their documented names") {
  HttpFacts http;
  http.count("GET", "/api/v1/bots/{bot}", 200);
  http.count("GET", "/api/v1/bots/{bot}", 200);
  http.count("BREW", "", 405);
  http.count_auth_failure("expired");
  const Facts facts = test::sample_facts();
  const std::string text = metrics(facts, http, false);
  for (const char* line :
       {"intelmq_build_info{version=\"3.0.0\",git=\"abc1234\",bot=\"intelmq-serve\"} 1",
        "intelmq_build_info{version=\"3.0.0\",bot=\"intelmq-expert-geo\"} 1",
        "intelmq_bot_state{bot=\"geo\",state=\"running\"} 1",
        "intelmq_bot_state{bot=\"geo\",state=\"failed\"} 0",
        "intelmq_bot_ready{bot=\"geo\"} 1",
        "intelmq_bot_restarts_total{bot=\"geo\"} 0",
        "intelmq_messages_received_total{bot=\"geo\"} 1000",
        "intelmq_messages_sent_total{bot=\"geo\",path=\"_default\"} 980",
        "intelmq_messages_sent_total{bot=\"geo\",path=\"_on_error\"} 10",
        "intelmq_messages_failed_total{bot=\"geo\",reason=\"bad-value\"} 2",
        "intelmq_messages_failed_total{bot=\"geo\",reason=\"unspecified\"} 1",
        "intelmq_messages_dropped_total{bot=\"geo\"} 7",
        "intelmq_retries_total{bot=\"geo\"} 2",
        "intelmq_received_bytes_total{bot=\"geo\"} 500000",
        "intelmq_sent_bytes_total{bot=\"geo\"} 600000",
        "intelmq_processing_duration_seconds_bucket{bot=\"geo\",le=\"0.01\"} 99",
        "intelmq_inflight_messages{bot=\"geo\"} 0",
        "intelmq_queue_messages{queue=\"asn-queue\",role=\"source\"} 12",
        "intelmq_queue_messages{queue=\"out\",role=\"destination\",path=\"_default\"} 3",
        "intelmq_last_message_timestamp_seconds{bot=\"geo\"} 1704164635",
        "intelmq_required_field_present_ratio{bot=\"geo\",field=\"source.ip\"} 0.75",
        "intelmq_external_data_build_timestamp_seconds{name=\"geolite2-city\",bot=\"geo\"} "
        "1704078245",
        "intelmq_external_data_update_failures_total{name=\"geolite2-city\",bot=\"geo\"} 0",
        "intelmq_selftest_success{test=\"config-test\"} 1",
        "intelmq_http_requests_total{method=\"GET\",route=\"/api/v1/bots/{bot}\",code=\"200\"} 2",
        "intelmq_http_requests_total{method=\"other\",route=\"none\",code=\"405\"} 1",
        "intelmq_auth_failures_total{reason=\"expired\"} 1",
        "process_cpu_seconds_total{bot=\"geo\"} 1.5",
        "process_resident_memory_bytes{bot=\"geo\"} 12000000",
        "process_open_fds{bot=\"geo\"} 9",
        "process_start_time_seconds 1704161045"}) {
    INFO(line);
    CHECK(has_line(text, line));
  }
  CHECK(text.find("\nprocess_resident_memory_bytes ") != std::string::npos);
  CHECK(text.find("\nprocess_open_fds ") != std::string::npos);
}

TEST_CASE("a service without bots has metrics too") {
  const std::string text = metrics(Facts{}, HttpFacts{}, true);
  CHECK(text.find("intelmq_bot_state") == std::string::npos);
  CHECK(text.substr(text.size() - 6) == "# EOF\n");
}

TEST_CASE("the labels of requests are bounded whatever comes") {
  HttpFacts http;
  for (int i = 0; i < 10000; ++i) {
    http.count("GET", "/" + std::to_string(i), 200);
    http.count_auth_failure(std::to_string(i));
  }
  CHECK(http.requests().size() == 4097);
  CHECK(http.requests().at({"other", "other", 0}) == 10000 - 4096);
  CHECK(http.auth_failures().size() == 65);
}

TEST_CASE("OpenMetrics is given to who prefers it") {
  CHECK(
      wants_openmetrics("application/openmetrics-text;version=1.0.0,application/"
                        "openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5"));
  CHECK_FALSE(wants_openmetrics("text/plain;version=0.0.4;q=0.5,*/*;q=0.1"));
  CHECK_FALSE(wants_openmetrics(""));
  CHECK_FALSE(wants_openmetrics("application/openmetrics-text;q=0"));
  CHECK_FALSE(wants_openmetrics("application/openmetrics-text;q=0.2, text/plain"));
}
