// SPDX-License-Identifier: Apache-2.0
#include "queue/kafka_queue.hpp"

#include <catch2/catch.hpp>

using namespace intelmq;

namespace {

constexpr auto source = KafkaQueue::End::source;
constexpr auto destination = KafkaQueue::End::destination;

KafkaQueue good(std::string_view url, KafkaQueue::End end = source) {
  const auto parsed = KafkaQueue::parse(url, end);
  INFO(std::string(url) << ": " << (parsed ? "" : parsed.error().text));
  REQUIRE(parsed);
  return *parsed;
}

std::string wrong(std::string_view url, KafkaQueue::End end = source) {
  const auto parsed = KafkaQueue::parse(url, end);
  return parsed ? "no error" : parsed.error().text;
}

}  // namespace

TEST_CASE("kafka URL: brokers and topic") {
  CHECK(good("kafka://a/t?group=g").brokers == "a");
  CHECK(good("kafka://a:1,b:2,[::1]:3/t?group=g").brokers == "a:1,b:2,[::1]:3");
  CHECK(good("kafka://a:1%2Cb:2/t", destination).brokers == "a:1,b:2");
  CHECK(good("kafka://a/t.x_y-1?group=g").topic == "t.x_y-1");
  CHECK(good("kafka://a/t%2Ex?group=g").topic == "t.x");
  for (const auto& [url, says] : {
           std::pair{"kafka:t?group=g", "has no broker"},
           {"kafka:///t?group=g", "has no host"},
           {"kafka://a,,b/t?group=g", "has no host"},
           {"kafka://:9092/t?group=g", "has no host"},
           {"kafka://a:x/t?group=g", "1 to 65535"},
           {"kafka://a:0/t?group=g", "1 to 65535"},
           {"kafka://a:65536/t?group=g", "1 to 65535"},
           {"kafka://a:/t?group=g", "1 to 65535"},
           {"kafka://[::1/t?group=g", "']' is missing"},
           {"kafka://[::1]9/t?group=g", "must follow with ':'"},
           {"kafka://a?group=g", "no topic"},
           {"kafka://a/?group=g", "no topic"},
           {"kafka://a/a/b?group=g", "no name of a topic"},
           {"kafka://a/..?group=g", "no name of a topic"},
           {"kafka://a/%zz?group=g", "wrong escape"},
           {"kafka://a%/t?group=g", "two hex digits"},
       }) {
    CAPTURE(url);
    CHECK_THAT(wrong(url), Catch::Contains(says));
  }
}

TEST_CASE("kafka URL: user and password") {
  const KafkaQueue queue = good("kafka://anna:p%40%2F:@a,b/t?group=g");
  CHECK(queue.user == "anna");
  CHECK(queue.password == "p@/:");
  CHECK(queue.sasl == "SCRAM-SHA-512");
  CHECK(queue.name() == "kafka://a,b/t");
  CHECK(good("kafka://u:p@a/t?group=g&sasl=PLAIN").sasl == "PLAIN");
  for (const char* url :
       {"kafka://secret@a/t?group=g", "kafka://:secret@a/t?group=g",
        "kafka://u:secret/@a/t?group=g", "kafka://u:secret%@a/t?group=g", "kafka://u:secret@a/t",
        "kafka://u:secret@a:x/t?group=g", "kafka://u:secret@a/?group=g",
        "kafka://u:secret@a/t?group=g&sasl=GSSAPI"}) {
    CAPTURE(url);
    CHECK(wrong(url) != "no error");
    CHECK_THAT(wrong(url), !Catch::Contains("secret"));
  }
  CHECK_THAT(wrong("kafka://a/t?group=g&sasl=PLAIN"), Catch::Contains("USER:PASSWORD"));
}

TEST_CASE("kafka URL: options of a source") {
  const KafkaQueue queue =
      good("kafka://a/t?group=g&start=latest&drain=1&instance=i&session-timeout=10s");
  CHECK(queue.group == "g");
  CHECK(queue.from_latest);
  CHECK(queue.drain);
  CHECK(queue.instance == "i");
  CHECK(queue.session_timeout == std::chrono::seconds(10));
  CHECK_FALSE(good("kafka://a/t?group=g").from_latest);
  CHECK(good("kafka://a/t?group=g&session-timeout=2m").session_timeout == std::chrono::minutes(2));
  CHECK_THAT(wrong("kafka://a/t"), Catch::Contains("add ?group=NAME"));
  CHECK_THAT(wrong("kafka://a/t?group=g&start=x"), Catch::Contains("earliest, latest"));
  CHECK_THAT(wrong("kafka://a/t?group=g&key=x"), Catch::Contains("unknown option 'key'"));
  for (const char* time : {"1", "10x", "-5s", "1ms", "99999999999999999999s", "1h", "s"}) {
    CAPTURE(time);
    const std::string url = std::string("kafka://a/t?group=g&session-timeout=") + time;
    CHECK((wrong(url) == "no error") == (std::string(time) == "1"));
  }
}

TEST_CASE("kafka URL: options of a destination") {
  const KafkaQueue queue = good(
      "kafka://a/t?key=source.ip&compression=zstd&transactional=x&batch=64KiB&max-message=4MiB&"
      "linger=20ms",
      destination);
  CHECK(queue.key_field == "source.ip");
  CHECK(queue.compression == "zstd");
  CHECK(queue.transactional == "x");
  CHECK(queue.batch == 64u << 10);
  CHECK(queue.max_message == 4u << 20);
  CHECK(queue.linger == std::chrono::milliseconds(20));
  CHECK(good("kafka://a/t", destination).compression == "lz4");
  CHECK_THAT(wrong("kafka://a/t?compression=x", destination), Catch::Contains("none, gzip"));
  CHECK_THAT(wrong("kafka://a/t?group=g", destination), Catch::Contains("unknown option 'group'"));
  CHECK_THAT(wrong("kafka://a/t?batch=x", destination), Catch::Contains("not a size"));
}

TEST_CASE("kafka URL: TLS") {
  const KafkaQueue queue = good("kafka://a/t?group=g&tls=1&ca=/c&cert=/p&key-file=/k&insecure=1");
  CHECK(queue.tls);
  CHECK_FALSE(queue.verify);
  CHECK(queue.ca_file == "/c");
  CHECK(queue.certificate == "/p");
  CHECK(queue.key_file == "/k");
  CHECK_THAT(wrong("kafka://a/t?group=g&ca=/c"), Catch::Contains("tls=1"));
  CHECK_THAT(wrong("kafka://a/t?group=g&insecure=1"), Catch::Contains("tls=1"));
  CHECK_THAT(wrong("kafka://a/t?group=g&tls=1&cert=/c"), Catch::Contains("give both"));
}
