// SPDX-License-Identifier: Apache-2.0
#pragma once

#include "serve/facts.hpp"

namespace intelmq::serve::test {

/// A service of two bots in which all is well, at 2024-01-02T03:04:05Z.
inline Facts sample_facts() {
  Facts facts;
  facts.service = "asn";
  facts.instance = "asn-1";
  facts.version = "3.0.0";
  facts.git = "abc1234";
  facts.now = 1704164645;
  facts.started = facts.now - 3600;
  facts.state = facts.desired = "running";
  facts.since = facts.now - 3500;
  facts.startup_done = true;
  for (const char* id : {"taxonomy", "geo"}) {
    BotFacts bot;
    bot.id = id;
    bot.program = std::string("intelmq-expert-") + id;
    bot.version = "3.0.0";
    bot.state = "running";
    bot.ready = true;
    bot.pid = 77;
    bot.started = facts.now - 3600;
    bot.received = 1000;
    bot.sent = 990;
    bot.dropped = 7;
    bot.failed = 3;
    bot.retries = 2;
    bot.received_bytes = 500000;
    bot.sent_bytes = 600000;
    bot.sent_by_path = {{"_default", 980}, {"_on_error", 10}};
    bot.failed_by_reason = {{"bad-value", 2}};
    bot.processing = {{0.001, 0.01, 1}, {90, 9, 1, 0}, 0.25, 100};
    bot.last_message = facts.now - 10;
    bot.last_heartbeat = facts.now - 1;
    bot.busy = 0.5;
    bot.required_field_present = {{"source.ip", 0.75}};
    bot.rate_1m = 12.5;
    bot.rate_5m = 10;
    bot.rate_15m = 8;
    bot.cpu_seconds = 1.5;
    bot.rss_bytes = 12000000;
    bot.open_files = 9;
    facts.bots.push_back(bot);
  }
  QueueFacts in;
  in.name = "asn-queue";
  in.url = "redis://mq:6379/2";
  in.role = "source";
  in.depth = 12;
  QueueFacts out = in;
  out.name = "out";
  out.role = "destination";
  out.path = "_default";
  out.depth = 3;
  facts.queues = {in, out};
  DataFacts data;
  data.name = "geolite2-city";
  data.bot = "geo";
  data.state = "fresh";
  data.path = "/data/city.mmdb";
  data.build_time = facts.now - 86400;
  data.warn_s = 8 * 86400;
  data.max_s = 14 * 86400;
  data.expire_s = 30 * 86400;
  facts.data = {data};
  facts.tests = {{"config-test", "pass", facts.now - 3600}};
  return facts;
}

}  // namespace intelmq::serve::test
