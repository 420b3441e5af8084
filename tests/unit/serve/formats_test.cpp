// SPDX-License-Identifier: Apache-2.0
#include "serve/formats.hpp"

#include <catch2/catch.hpp>

#include "sample_facts.hpp"

using namespace intelmq::serve;

namespace {

Facts one_bot() {
  Facts facts = test::sample_facts();
  facts.bots.resize(1);
  facts.queues.resize(1);
  facts.data.clear();
  facts.tests.clear();
  return facts;
}

std::string line_with(const std::string& text, const std::string& part) {
  const std::size_t at = text.find(part);
  if (at == std::string::npos) return "";
  const std::size_t start = text.rfind('\n', at) + 1;
  return text.substr(start, text.find('\n', at) - start);
}

}  // namespace

TEST_CASE("a section for check_mk") {
  Facts facts = one_bot();
  facts.queues[0].depth = 25'000;
  CheckBook book;
  CHECK(checkmk_section(facts, book.evaluate(facts, ThresholdBook{})) ==
        "<<<local:sep(0)>>>\n"
        "0 \"IntelMQ asn bot_state taxonomy\" - bot taxonomy is running\n"
        "0 \"IntelMQ asn bot_ready taxonomy\" - bot taxonomy is ready\n"
        "0 \"IntelMQ asn bot_restarts taxonomy\" bot_restarts=0;3;;0 bot taxonomy was restarted 0 "
        "times in the last 10 minutes\n"
        "0 \"IntelMQ asn heartbeat taxonomy\" heartbeat=1;15;30;0 bot taxonomy gives signs of "
        "life\n"
        "0 \"IntelMQ asn error_rate taxonomy\" error_rate=0.003;0.05;0.5;0 3 of 1000 messages of "
        "bot taxonomy failed in the last 60 min\n"
        "0 \"IntelMQ asn no_data taxonomy\" no_data=10;518400;;0 bot taxonomy took its last "
        "message 10 s ago\n"
        "0 \"IntelMQ asn queue_connection asn-queue\" - queue asn-queue can be reached\n"
        "1 \"IntelMQ asn queue_depth asn-queue\" queue_depth=25000;20000;50000;0 25000 messages "
        "wait in queue asn-queue\\ndiagnosis: more comes in than this service takes "
        "out\\nimpact: events are late, and the server's memory fills\\naction: see GET "
        "/api/v1/scale for the bottleneck\n"
        "0 \"IntelMQ asn queue_growth asn-queue\" queue_growth=0;;; queue asn-queue does not "
        "outgrow its limits\n"
        "0 \"IntelMQ asn security serve\" - no option weakens the API's protection\n"
        "0 \"IntelMQ asn rates taxonomy\" received_per_s=12.5;;;0|busy=0.5;;;0;1|inflight=0;;;0 "
        "1000 received, 990 sent, 3 failed, 7 dropped\n");
}

TEST_CASE("the section for another host is wrapped") {
  const Facts facts;
  CHECK(checkmk_section(facts, {}, "mq.example-1") ==
        "<<<<mq.example-1>>>>\n<<<local:sep(0)>>>\n<<<<>>>>\n");
  CHECK(is_checkmk_host("mq.example-1"));
  for (const char* name : {"", "a b", "a>>>>", "ü", "a_b", "a\n"})
    CHECK_FALSE(is_checkmk_host(name));
  CHECK_FALSE(is_checkmk_host(std::string(254, 'a')));
}

TEST_CASE("names and texts cannot break the lines of check_mk") {
  Facts facts = one_bot();
  facts.service = "a \"b\"\n<<<x>>>";
  facts.bots[0].state = "failed";
  facts.bots[0].reason = "line one\nline\ttwo";
  CheckBook book;
  const std::string text = checkmk_section(facts, book.evaluate(facts, ThresholdBook{}));
  CHECK(line_with(text, "bot_state").substr(0, 95) ==
        "2 \"IntelMQ a 'b' <<<x>>> bot_state taxonomy\" - bot taxonomy is failed: line one\\nline "
        "two\\ndiag");
}

TEST_CASE("a check that is ignored says why") {
  Facts facts = one_bot();
  facts.bots[0].last_message = facts.now - 864000;
  ThresholdBook thresholds;
  Thresholds own;
  own.ignore["no_data"] = "feed ended";
  thresholds.set("", own);
  CheckBook book;
  CHECK(line_with(checkmk_section(facts, book.evaluate(facts, thresholds)), "no_data") ==
        "0 \"IntelMQ asn no_data taxonomy\" no_data=864000;518400;;0 bot taxonomy took its last "
        "message 10 d ago (ignored: feed ended)");
}

TEST_CASE("the line of a Nagios plugin") {
  Facts facts = one_bot();
  CheckBook book;
  PluginResult result = plugin_result(facts, book.evaluate(facts, ThresholdBook{}));
  CHECK(result.exit == 0);
  CHECK(result.line() ==
        "INTELMQ OK - asn is running, 1 bots | 'bot_restarts taxonomy'=0;3;;0 "
        "'heartbeat taxonomy'=1s;15;30;0 'error_rate taxonomy'=0.003;0.05;0.5;0 "
        "'no_data taxonomy'=10s;518400;;0 'queue_depth asn-queue'=12;20000;50000;0 "
        "'queue_growth asn-queue'=0;;; 'received taxonomy'=1000c;;;0 'sent taxonomy'=990c;;;0 "
        "'failed taxonomy'=3c;;;0");
  facts.queues[0].name = "it's=a|queue";
  facts.queues[0].depth = 20'000;
  result = plugin_result(facts, book.evaluate(facts, ThresholdBook{}));
  CHECK(result.exit == 1);
  CHECK(result.text == "INTELMQ WARNING - 20000 messages wait in queue it's=a/queue");
  CHECK(result.perfdata.find("'queue_depth it''s_a_queue'=20000;") != std::string::npos);
  facts.queues[0].reachable = false;
  facts.queues[0].url = "redis://mq";
  result = plugin_result(facts, book.evaluate(facts, ThresholdBook{}));
  CHECK(result.exit == 2);
  CHECK(result.text ==
        "INTELMQ CRITICAL - queue it's=a/queue at redis://mq cannot be reached; 20000 messages "
        "wait in queue it's=a/queue");
}

TEST_CASE("a plugin's line names few problems and counts the others") {
  Facts facts;
  for (int i = 0; i < 8; ++i) facts.warnings.push_back("w" + std::to_string(i) + ": x");
  CheckBook book;
  CHECK(plugin_result(facts, book.evaluate(facts, ThresholdBook{})).text ==
        "INTELMQ WARNING - w0: x; w1: x; w2: x; w3: x; w4: x; and 3 more");
}
