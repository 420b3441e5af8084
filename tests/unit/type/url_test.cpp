// SPDX-License-Identifier: Apache-2.0
#include "type/url.hpp"

#include <catch2/catch.hpp>
#include <string>

using namespace intelmq;

TEST_CASE("split_url takes a URL apart") {
  const auto url = split_url("HTTP://User:Pa:ss@EXAMPLE.com:8080/a;b/c;d?q=1?#f#g");
  REQUIRE(url);
  CHECK(url->scheme == "http");
  CHECK(url->netloc == "User:Pa:ss@EXAMPLE.com:8080");
  CHECK(url->path == "/a;b/c;d");
  CHECK(url->params.empty());
  CHECK(url->query == "q=1?");
  CHECK(url->fragment == "f#g");
  CHECK(url->username == "User");
  CHECK(url->password == "Pa:ss");
  CHECK(url->hostname == "example.com");
  CHECK(url->port == 8080);
}

TEST_CASE("parse_url cuts the params of schemes that have them") {
  CHECK(parse_url("http://a/b;c/d;e;f")->path == "/b;c/d");
  CHECK(parse_url("http://a/b;c/d;e;f")->params == "e;f");
  CHECK(parse_url("http://a/b;c/d")->path == "/b;c/d");
  CHECK(parse_url("file:///a;b")->path == "/a;b");
}

TEST_CASE("split_url drops leading controls and all line breaks") {
  CHECK(split_url("\x01 \thttp://a/b\tc\r\nd")->path == "/bcd");
  CHECK(split_url("ht\ntp://a")->scheme == "http");
  CHECK(split_url("http://a/ ")->path == "/ ");
}

TEST_CASE("split_url knows hosts and ports") {
  CHECK(split_url("http://[::1]:80/")->hostname == "::1");
  CHECK(split_url("http://[::1]:80/")->port == 80);
  CHECK(split_url("http://[FE80::1%25Eth0]/")->hostname == "fe80::1%25Eth0");
  CHECK_FALSE(split_url("http://:80/")->hostname);
  CHECK_FALSE(split_url("http://a:/")->port);
  CHECK_FALSE(split_url("http://a:/")->port_error);
  for (const auto* text : {"http://a:x/", "http://a:65536/", "http://a:-1/", "http://a:1:2/",
                           "http://a:99999999999999999999/", "http://a: 80/"}) {
    INFO(text);
    CHECK(split_url(text)->port_error);
    CHECK_FALSE(split_url(text)->port);
  }
  CHECK_FALSE(split_url("http://a/")->username);
}

TEST_CASE("split_url refuses bad brackets and hidden delimiters") {
  for (const auto* text : {"http://[::1", "http://::1]/", "http://[1.2.3.4]/", "http://[]/",
                           "http://[g::]/", "http://[v1]/", "http://[vx.a]/",
                           "http://a\xE2\x84\x80/", "http://a\xEF\xBC\x9A\x38\x30/"}) {
    INFO(text);
    CHECK_FALSE(split_url(text));
    CHECK(check_url(text) == UrlCheck::error);
    CHECK_FALSE(sanitise_url(text));
  }
  CHECK(split_url("http://[v1.x]/"));
  CHECK(split_url("http://\xEF\xBC\x91.example/"));
}

TEST_CASE("check_url wants a host and nothing more") {
  for (const auto* text :
       {"http://a", "https://a/", "hxxp://a/", "//a/b", "HTTP://A", "http://a b/", "http://a/b c",
        "http://@/", "ftp://u:p@a:21/x", "\x01http://a/"}) {
    INFO(text);
    CHECK(check_url(text) == UrlCheck::valid);
  }
  for (const auto* text : {"", "-", " http://a/", "\thttp://a", "a.example", "http://", "http:///x",
                           "http:/x", "https:a", "mailto:a@b", "javascript:1", "http://?x",
                           "http://#", "1http://\t", "http://\t/x"}) {
    INFO(text);
    CHECK(check_url(text) == UrlCheck::invalid);
    CHECK_FALSE(valid_url(text));
  }
}

TEST_CASE("sanitise_url mends hxxp and file") {
  CHECK(sanitise_url(" http://a/ ") == "http://a/");
  CHECK(sanitise_url("hxxps://a/?u=hxxp://b/") == "https://a/?u=http://b/");
  CHECK(sanitise_url("hXXp://a") == "hXXp://a");
  CHECK(sanitise_url("HTTP://A/B") == "HTTP://A/B");
  CHECK(sanitise_url("file:relative") == "file://localhost/relative");
  CHECK(sanitise_url("file:///etc/x?a#b") == "file://localhost/etc/x?a#b");
  CHECK(sanitise_url("FILE:") == "file://localhost");
  CHECK(sanitise_url("file://host/x") == "file://host/x");
  CHECK_FALSE(sanitise_url(""));
  CHECK_FALSE(sanitise_url("a.example"));
  CHECK_FALSE(sanitise_url("http://"));
}
