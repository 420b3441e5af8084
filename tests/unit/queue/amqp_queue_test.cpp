// SPDX-License-Identifier: Apache-2.0
#include "queue/amqp_queue.hpp"

#include <catch2/catch.hpp>

using namespace intelmq;

namespace {

AmqpQueue good(std::string_view url) {
  Result<AmqpQueue> parsed = AmqpQueue::parse(url);
  REQUIRE(parsed);
  return *parsed;
}

std::string wrong(std::string_view url) {
  const Result<AmqpQueue> parsed = AmqpQueue::parse(url);
  return parsed ? "no error" : parsed.error().text;
}

bool says(const std::string& text, std::string_view part) {
  INFO(text);
  const bool found = text.find(part) != text.npos;
  CHECK(found);
  return found;
}

}  // namespace

TEST_CASE("AMQP URL: all parts") {
  const AmqpQueue queue = good("amqps://a%2Fb:c%40%3A@[2001:db8::1]:99/v%2Fh/q%20r?exchange=x");
  CHECK(queue.user == "a/b");
  CHECK(queue.password == "c@:");
  CHECK(queue.endpoint.host == "2001:db8::1");
  CHECK(queue.endpoint.port == 99);
  CHECK(queue.endpoint.tls);
  CHECK(queue.vhost == "v/h");
  CHECK(queue.queue == "q r");
  CHECK(queue.exchange == "x");
}

TEST_CASE("AMQP URL: what is left out") {
  const AmqpQueue queue = good("amqp://host/%2F/q");
  CHECK(queue.user == "guest");
  CHECK(queue.password == "guest");
  CHECK(queue.endpoint.port == 5672);
  CHECK(queue.vhost == "/");
  CHECK(queue.prefetch == 256);
  CHECK(queue.heartbeat == 60);
  CHECK(queue.max_length == 0);
  CHECK_FALSE(queue.drain);
  CHECK(queue.endpoint.verify);
  CHECK(good("amqps://host//q").endpoint.port == 5671);
  CHECK(good("amqp://host//q").vhost == "/");
  CHECK(good("amqp:////q").endpoint.host == "127.0.0.1");
  CHECK(good("amqp://host//a/b").queue == "a/b");
}

TEST_CASE("AMQP URL: options") {
  const AmqpQueue queue =
      good("amqp://h//q?prefetch=7&batch=9&max-queue-length=100&heartbeat=0&drain=1");
  CHECK(queue.prefetch == 7);
  CHECK(queue.batch == 9);
  CHECK(queue.max_length == 100);
  CHECK(queue.heartbeat == 0);
  CHECK(queue.drain);
  const AmqpQueue secure = good("amqps://h//q?ca=a.pem&cert=b.pem&key=c.pem&insecure=1");
  CHECK(secure.endpoint.ca_file == "a.pem");
  CHECK(secure.endpoint.certificate == "b.pem");
  CHECK(secure.endpoint.key == "c.pem");
  CHECK_FALSE(secure.endpoint.verify);
}

TEST_CASE("AMQP URL: names show no password") {
  CHECK(good("amqp://u:secret@h/v/q").name() == "amqp://h:5672/v/q");
  CHECK(good("amqps://u:secret@h//q").name() == "amqps://h:5671/%2F/q");
}

TEST_CASE("AMQP URL: errors name the remedy and no password") {
  says(wrong("amqp:q"), "no host");
  says(wrong("amqp://h"), "no queue");
  says(wrong("amqp://h/q"), "no queue");
  says(wrong("amqp://h/q"), "amqp://[USER:PASSWORD@]HOST[:PORT]/VHOST/QUEUE");
  says(wrong("amqp://h:99999//q"), "65535");
  says(wrong("amqp://h/%2/q"), "hex digits");
  says(wrong("amqp://h//q?prefetch=0"), "1 to 65535");
  says(wrong("amqp://h//q?heartbeat=x"), "no number");
  says(wrong("amqp://h//q?ca=x"), "unknown option 'ca'");
  says(wrong("amqp://h//q?exchange=x&max-queue-length=5"), "an exchange has no length");
  says(wrong("amqp://h//" + std::string(256, 'q')), "255 bytes");
  for (const char* url :
       {"amqp://u:my/secret@h//q", "amqp://u:1/secret@h//q", "amqp://secret@h//q",
        "amqp://u:secret%@h//q", "amqp://u:my?secret@h//q", "amqp://u:my?secret@h//q?drain=1"}) {
    const std::string text = wrong(url);
    INFO(text);
    CHECK(text != "no error");
    CHECK(text.find("secret") == text.npos);
  }
}
