// SPDX-License-Identifier: Apache-2.0
#include "serve/health.hpp"

#include <catch2/catch.hpp>

#include "sample_facts.hpp"
#include "serve/stats.hpp"

using namespace intelmq;
using namespace intelmq::serve;

namespace {

Json json_of(const Response& response) {
  CHECK(response.type == "application/health+json");
  return Json::parse(response.body).value();
}

ProbeQuery query(std::vector<std::pair<std::string, std::string>> parameters, bool allowed = true) {
  Request request;
  request.query = std::move(parameters);
  return ProbeQuery::read(request, allowed).value();
}

}  // namespace

TEST_CASE("health follows the draft: pass and warn are 200, fail is 503") {
  Facts facts = test::sample_facts();
  const ThresholdBook thresholds;
  CheckBook book;
  Response all = health(facts, book.evaluate(facts, thresholds));
  CHECK(all.status == 200);
  const Json well = json_of(all);
  CHECK(well["status"].text() == "pass");
  CHECK(well["releaseId"].text() == "3.0.0");
  CHECK(well["serviceId"].text() == "asn-1");
  CHECK(well["checks"]["redis:connection"].items().size() == 2);
  CHECK(well["checks"]["queue:depth"].items()[0].dump() ==
        R"({"componentId": "asn-queue", "observedValue": 12, "observedUnit": "messages", )"
        R"("status": "pass", "time": "2024-01-02T03:04:05.000Z", )"
        R"("output": "12 messages wait in queue asn-queue"})");
  CHECK(well["checks"]["geolite2-city:age"].items()[0]["observedValue"].real() == 86400);
  CHECK(well["checks"]["bot:heartbeat"].items().size() == 2);

  facts.data[0].state = "ageing";
  all = health(facts, book.evaluate(facts, thresholds));
  CHECK(all.status == 200);
  CHECK(json_of(all)["status"].text() == "warn");
  facts.data[0].state = "stale";
  all = health(facts, book.evaluate(facts, thresholds));
  CHECK(all.status == 503);
  CHECK(json_of(all)["status"].text() == "fail");
  const Response other = health(facts, book.all(), "taxonomy");
  CHECK(other.status == 200);
  CHECK_FALSE(json_of(other)["checks"].has("geolite2-city:age"));
}

TEST_CASE("probes say no more than they must") {
  const Facts facts = test::sample_facts();
  CHECK(livez({}).body == "{\"status\": \"pass\"}\n");
  CHECK(readyz(facts, {}, false).body == "{\"status\": \"pass\"}\n");
  CHECK(startupz(Facts{}, {}).status == 503);
  CHECK(startupz(facts, {}).status == 200);
  CHECK(readyz(facts, query({{"verbose", ""}}, false), false).body == "{\"status\": \"pass\"}\n");
  CHECK(readyz(facts, query({{"verbose", ""}}), false).body ==
        "{\"status\": \"pass\", \"checks\": {\"lifecycle:state\": [{\"status\": \"pass\", "
        "\"output\": \"the service is running\"}], \"bots:state\": [{\"status\": \"pass\"}], "
        "\"queues:state\": [{\"status\": \"pass\"}], \"data:state\": [{\"status\": "
        "\"pass\"}]}}\n");
}

TEST_CASE("ready is who can do its work") {
  Facts facts = test::sample_facts();
  const auto status = [&](const ProbeQuery& query = {}, bool paused_is_ready = false) {
    return readyz(facts, query, paused_is_ready).status;
  };
  for (const char* state :
       {"stopped", "starting", "pausing", "paused", "draining", "backoff", "failed"}) {
    facts.state = state;
    CHECK(status() == 503);
  }
  facts.state = "paused";
  for (BotFacts& bot : facts.bots) bot.state = "paused", bot.ready = false;
  CHECK(status() == 503);
  CHECK(status({}, true) == 200);
  facts = test::sample_facts();
  facts.state = "reloading";
  CHECK(status() == 200);
  facts.bots[1].ready = false;
  CHECK(status() == 503);
  CHECK(status(query({{"exclude", "bots"}})) == 200);
  facts = test::sample_facts();
  facts.queues[1].reachable = false;
  CHECK(status() == 503);
  CHECK(status(query({{"exclude", "data"}, {"exclude", "queues"}})) == 200);
  facts = test::sample_facts();
  facts.data[0].state = "stale";
  CHECK(status() == 200);
  CHECK(status(query({{"warn", "429"}})) == 429);
  CHECK(status(query({{"warn", "429"}, {"exclude", "data"}})) == 200);
  facts.data[0].state = "expired";
  CHECK(status() == 503);
  CHECK(status(query({{"exclude", "bots,data"}})) == 200);
  facts.data[0].required = false;
  CHECK(status() == 200);
}

TEST_CASE("a probe's question may be wrong") {
  Request request;
  request.query = {{"warn", "500"}};
  CHECK_FALSE(ProbeQuery::read(request, true).has_value());
}

TEST_CASE("quantiles are interpolated within their bucket") {
  CHECK(quantile({}, 0.5) == std::nullopt);
  const Histogram histogram{{1, 2, 4}, {10, 10, 20, 0}, 0, 40};
  CHECK(quantile(histogram, 0.25) == 1);
  CHECK(quantile(histogram, 0.125) == 0.5);
  CHECK(quantile(histogram, 0.5) == 2);
  CHECK(quantile(histogram, 0.75) == 3);
  CHECK(quantile(histogram, 1) == 4);
  CHECK(quantile({{1, 2}, {0, 0, 5}, 0, 5}, 0.5) == 2);
}

TEST_CASE("statistics of a bot and of the service") {
  const Facts facts = test::sample_facts();
  const Json bot = stats_json(facts, "geo");
  CHECK(bot["counters"].dump() ==
        R"({"received": 1000, "sent": 990, "dropped": 7, "failed": 3, "retries": 2, )"
        R"("received_bytes": 500000, "sent_bytes": 600000, "restarts": 0})");
  CHECK(bot["rates"].dump() == R"({"1m": 12.5, "5m": 10.0, "15m": 8.0})");
  CHECK(bot["latency"]["p99_s"].real() == Approx(0.01));
  CHECK(bot["latency"]["buckets"].items()[1].dump() == R"({"le_s": 0.01, "count": 99})");
  CHECK(bot["paths"].dump() == R"({"_default": 980, "_on_error": 10})");
  CHECK(bot["errors"].dump() == R"({"bad-value": 2})");
  CHECK(bot["required_fields"].dump() == R"({"source.ip": 0.75})");
  CHECK(bot["queues"].items().size() == 1);
  CHECK(bot["queues"].items()[0]["name"].text() == "out");
  CHECK(bot["since"].text() == "2024-01-02T02:04:05.000Z");
  CHECK(bot["epoch"].integer() == 0);
  const Json all = stats_json(facts);
  CHECK(all["counters"]["received"].integer() == 1000);
  CHECK(all["counters"]["failed"].integer() == 6);
  CHECK(all["bots"].items().size() == 2);
  CHECK(stats_json(Facts{})["counters"]["sent"].integer() == 0);
}
