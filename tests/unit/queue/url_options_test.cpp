// SPDX-License-Identifier: Apache-2.0
#include "queue/url_options.hpp"

#include <catch2/catch.hpp>

using namespace intelmq;

namespace {

QueueUrl good(std::string_view url) {
  Result<QueueUrl> parsed = QueueUrl::parse(url);
  REQUIRE(parsed);
  return *parsed;
}

std::string wrong(std::string_view url) {
  const Result<QueueUrl> parsed = QueueUrl::parse(url);
  return parsed ? "no error" : parsed.error().text;
}

}  // namespace

TEST_CASE("queue URL: scheme and path") {
  CHECK(good("-").scheme() == "-");
  CHECK(good("file:a.jsonl").path() == "a.jsonl");
  CHECK(good("FILE:/a").scheme() == "file");
  CHECK(good("file:///a/b").path() == "/a/b");
  CHECK(good("file:a%20b%3Fc%25").path() == "a b?c%");
  CHECK(good("dir:/spool?follow=1").path() == "/spool");
  CHECK(good("dir:C:/x").path() == "C:/x");
}

TEST_CASE("queue URL: what is no URL") {
  CHECK_THAT(wrong(""), Catch::Contains("has no scheme"));
  CHECK_THAT(wrong("events.jsonl"), Catch::Contains("'events.jsonl': has no scheme; write file:"));
  CHECK_THAT(wrong("/tmp/a:b"), Catch::Contains("has no scheme"));
  for (const char* url : {"file:a%", "file:a%2", "file:a%zz", "file:a%00b", "dir:/a?max=%4"}) {
    CAPTURE(url);
    CHECK_THAT(wrong(url), Catch::Contains("two hex digits"));
  }
}

TEST_CASE("queue URL: options") {
  const QueueUrl url = good("dir:/a?follow&max=64KiB&&sync=no&name=x%26y&follow=off");
  CHECK_FALSE(url.flag("follow").value());
  CHECK_FALSE(url.flag("sync").value());
  CHECK_FALSE(url.flag("absent").value());
  CHECK(good("dir:/a?follow").flag("follow").value());
  CHECK(good("dir:/a?follow=1").flag("follow").value());
  CHECK(url.size("max", 1).value() == 65536);
  CHECK(url.size("absent", 7).value() == 7);
  CHECK(url.text("name", "") == "x&y");
  CHECK(url.allow({"follow", "max", "sync", "name"}));
  CHECK_THAT(url.allow({"follow", "max"}).error().text,
             Catch::Contains("dir:/a: unknown option 'sync'; known: follow, max"));
  CHECK_THAT(good("file:a?b=1").allow({}).error().text, Catch::Contains("%3F"));
  CHECK_THAT(good("dir:/a?follow=maybe").flag("follow").error().text,
             Catch::Contains("'maybe' is not 1 or 0"));
  for (const char* size : {"", "0", "x", "12parsecs", "-1", "99999999999999999999999", "1.5M"}) {
    CHECK_FALSE(good(std::string("dir:/a?max=") + size).size("max", 1));
  }
}
