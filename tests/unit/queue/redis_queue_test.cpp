// SPDX-License-Identifier: Apache-2.0
#include "queue/redis_queue.hpp"

#include <catch2/catch.hpp>

#include "queue/redis_consumer.hpp"

using namespace intelmq;

namespace {

RedisQueue good(std::string_view url) {
  CAPTURE(url);
  Result<RedisQueue> parsed = RedisQueue::parse(url);
  if (!parsed) FAIL(parsed.error().text);
  return *parsed;
}

std::string wrong(std::string_view url) {
  const Result<RedisQueue> parsed = RedisQueue::parse(url);
  return parsed ? "no error" : parsed.error().text;
}

}  // namespace

TEST_CASE("redis URL: a list") {
  const RedisQueue list = good("redis://me:p%40s@host:7000/3/a%20b?instance=2&batch=10&drain=1");
  CHECK_FALSE(list.is_stream);
  CHECK(list.address.user == "me");
  CHECK(list.address.password == "p@s");
  CHECK(list.address.endpoint.host == "host");
  CHECK(list.address.endpoint.port == 7000);
  CHECK(list.address.database == 3);
  CHECK(list.key == "a b");
  CHECK(list.internal_list() == "a b-internal-2");
  CHECK(list.batch == 10);
  CHECK(list.drain);
  CHECK(list.claim_after == 300);
  CHECK(good("redis://h/2/q?claim-after=0").claim_after == 0);
  CHECK(list.name() == "redis://host:7000/3/a b");
  CHECK(good("redis+unix:/s?queue=q").name() == "redis+unix:/s q");
}

TEST_CASE("redis URL: a stream") {
  const RedisQueue plain = good("redis-stream://secret@[::1]/0/events");
  CHECK(plain.is_stream);
  CHECK(plain.key == "events");
  CHECK(plain.group.empty());
  CHECK(plain.consumer.empty());
  CHECK(plain.start == "0");
  CHECK(plain.field == "event");
  CHECK(plain.claim_after == 300);
  CHECK(plain.max_entries == 0);
  CHECK(plain.address.endpoint.host == "::1");
  CHECK(plain.address.password == "secret");
  const RedisQueue full = good(
      "rediss-stream://h/1/s?group=g&consumer=c&start=5-1&field=f&claim-after=0&maxlen=1000"
      "&max-queue-length=7&ca=/ca&cert=/c&key=/k&insecure=1");
  CHECK(full.address.endpoint.tls);
  CHECK_FALSE(full.address.endpoint.verify);
  CHECK(full.address.endpoint.ca_file == "/ca");
  CHECK(full.group == "g");
  CHECK(full.consumer == "c");
  CHECK(full.start == "5-1");
  CHECK(full.field == "f");
  CHECK(full.claim_after == 0);
  CHECK(full.max_entries == 1000);
  CHECK(full.max_length == 7);
  const RedisQueue local = good("redis-stream+unix:///run/s?db=4&stream=s&password=x&start=$");
  CHECK(local.address.endpoint.unix_path == "/run/s");
  CHECK(local.address.database == 4);
  CHECK(local.address.password == "x");
  CHECK(local.start == "$");
}

TEST_CASE("redis URL: a server alone") {
  const RedisAddress server = *parse_redis_server("rediss://me:p%40s@[::1]:7/4?insecure=1");
  CHECK(server.user == "me");
  CHECK(server.password == "p@s");
  CHECK(server.endpoint.host == "::1");
  CHECK(server.endpoint.port == 7);
  CHECK(server.endpoint.tls);
  CHECK_FALSE(server.endpoint.verify);
  CHECK(server.database == 4);
  CHECK(parse_redis_server("redis://h")->database == 3);
  CHECK(parse_redis_server("redis://h/")->endpoint.port == 6379);
  CHECK(parse_redis_server("redis+unix:/run/s?password=x")->endpoint.unix_path == "/run/s");
  for (const char* url : {"redis://h/3/cret", "redis:h", "redis://cret@h/x",
                          "redis+unix:", "redis+unix:/s?queue=q", "redis://h/3?batch=7"}) {
    CAPTURE(url);
    const auto parsed = parse_redis_server(url);
    REQUIRE_FALSE(parsed);
    CHECK(parsed.error().text.find("cret") == std::string::npos);
  }
}

TEST_CASE("redis URL: what is wrong is named, and no password is shown") {
  CHECK_THAT(wrong("redis-stream://h/0"), Catch::Contains("no stream; write redis-stream://"));
  CHECK_THAT(wrong("redis://h/0"), Catch::Contains("no queue; write redis://"));
  CHECK_THAT(wrong("redis-stream:s"), Catch::Contains("has no host"));
  CHECK_THAT(wrong("redis-stream+unix:?stream=s"), Catch::Contains("no path of a socket"));
  CHECK_THAT(wrong("redis-stream+unix:/s?queue=s"), Catch::Contains("unknown option 'queue'"));
  CHECK_THAT(wrong("redis-stream://h/0/s?instance=1"),
             Catch::Contains("unknown option 'instance'"));
  CHECK_THAT(wrong("redis://h/0/s?instance=x-internal"), Catch::Contains("'instance'"));
  CHECK_THAT(wrong("redis://h/0/s?claim-after=x"), Catch::Contains("number of seconds"));
  CHECK_THAT(wrong("redis://h/0/s?group=1"), Catch::Contains("unknown option 'group'"));
  CHECK_THAT(wrong("redis-stream://h/0/s?ca=x"), Catch::Contains("unknown option 'ca'"));
  CHECK_THAT(wrong("redis-stream://h/0/s?start="), Catch::Contains("'start'"));
  CHECK_THAT(wrong("redis-stream://h/0/s?start=x"), Catch::Contains("'x' is not 0, $ or the ID"));
  CHECK_THAT(wrong("redis-stream://h/0/s?claim-after=-1"), Catch::Contains("number of seconds"));
  CHECK_THAT(wrong("redis-stream://h/0/s?maxlen=0"), Catch::Contains("'maxlen'"));
  CHECK_THAT(wrong("redis-stream://h/x/s"), Catch::Contains("'x' is no number of a database"));
  for (const char* url : {"redis-stream://:se/cret@h/0/s", "redis-stream://cret@h/0",
                          "redis-stream://cret@h:0/0/s", "redis-stream+unix:/s?password=cret"}) {
    CAPTURE(url);
    CHECK(wrong(url).find("cret") == std::string::npos);
  }
}

TEST_CASE("redis consumer: the smallest number that no living process has") {
  const RedisQueue queue = good("redis-stream://unit-test/0/s");
  const RedisConsumer first(queue);
  CHECK(first.group() == "unit-queue");
  CHECK_THAT(first.name(), Catch::EndsWith("-1"));
  {
    const RedisConsumer second(queue);
    CHECK_THAT(second.name(), Catch::EndsWith("-2"));
  }
  CHECK_THAT(RedisConsumer(queue).name(), Catch::EndsWith("-2"));
  CHECK_THAT(RedisConsumer(good("redis-stream://unit-test/0/s?group=g")).name(),
             Catch::EndsWith("-1"));
  CHECK(RedisConsumer(good("redis-stream://h/0/s?consumer=me")).name() == "me");
}
