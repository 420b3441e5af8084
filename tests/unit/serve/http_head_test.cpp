// SPDX-License-Identifier: Apache-2.0
#include "serve/http_head.hpp"

#include <catch2/catch.hpp>

#include "serve/http_listen.hpp"

using namespace intelmq;
using namespace intelmq::serve;

namespace {

std::string_view code_of(const std::optional<Problem>& problem) {
  return problem ? problem->code : std::string_view{};
}

Request asked(std::string target, std::string method = "GET", Headers headers = {{"Host", "a"}}) {
  Request out;
  out.target = std::move(target);
  out.method = std::move(method);
  out.headers = std::move(headers);
  return out;
}

/// "path" or "path?name=value;..." as decoded; the problem's code if it is refused.
std::string read(std::string target, bool tls = false) {
  Request request = asked(std::move(target));
  request.peer.tls = tls;
  if (const auto wrong = read_target(request)) return std::string(wrong->code);
  std::string out = request.path;
  for (const auto& [name, value] : request.query)
    out += (&name == &request.query.front().first ? "?" : ";") + name + "=" + value;
  return out;
}

std::string_view check(Headers headers, unsigned version = 11) {
  Framing framing;
  headers.emplace(headers.begin(), "Host", "a");
  return code_of(check_head(asked("/", "POST", std::move(headers)), version, framing));
}

}  // namespace

TEST_CASE("a head is looked at line by line, as much as there is of it") {
  const Limits limits;
  const std::string head = "GET / HTTP/1.1\r\nHost: a\r\n\r\n";
  for (std::size_t size = 0; size < head.size(); ++size) {
    const HeadScan scan = scan_head(std::string_view(head).substr(0, size), limits);
    CHECK(scan.size == 0);
    CHECK_FALSE(scan.refused);
  }
  CHECK(scan_head(head, limits).size == head.size());
  CHECK(scan_head(head + "body\n", limits).size == head.size());
  CHECK(code_of(scan_head("GET / HTTP/1.1\n", limits).refused) == "malformed-request");
  CHECK(code_of(scan_head("GET / HTTP/1.1\r\nA: b\rc\r\n", limits).refused) == "malformed-request");
  CHECK(code_of(scan_head("GET / HTTP/1.1\r\nA: b\r\n\tc\r\n", limits).refused) ==
        "malformed-request");
}

TEST_CASE("the limits of a head are exact") {
  Limits limits;
  limits.request_line = 20;
  limits.headers = 30;
  limits.header_fields = 3;
  const auto scan = [&](const std::string& head) {
    const HeadScan out = scan_head(head, limits);
    return out.refused ? std::string(out.refused->code) : std::to_string(out.size);
  };
  const std::string line(20, 'a');
  CHECK(scan(line + "\r\n\r\n") == "24");
  CHECK(scan(line + "a\r\n\r\n") == "uri-too-long");
  CHECK(scan(line + "a") == "0");
  CHECK(scan(line + "aa") == "uri-too-long");
  CHECK(scan("a\r\nb\r\nb\r\nb\r\n\r\n") == "14");
  CHECK(scan("a\r\nb\r\nb\r\nb\r\nb\r\n\r\n") == "headers-too-large");
  CHECK(scan("a\r\n" + std::string(27, 'b') + "\r\n\r\n") == "34");
  CHECK(scan("a\r\n" + std::string(28, 'b') + "\r\n\r\n") == "headers-too-large");
  CHECK(scan("a\r\n" + std::string(31, 'b')) == "headers-too-large");
  CHECK(scan_head(line + "aa", limits).refused->members["limit"].integer() == 20);
}

TEST_CASE("targets are decoded, once, and bad ones refused") {
  CHECK(read("/") == "/");
  CHECK(read("/a%20b/%c3%A4?x=1&y=%2B+z&flag") == "/a b/\xc3\xa4?x=1;y=+ z;flag=");
  CHECK(read("/a+b") == "/a+b");
  CHECK(read("/%2541") == "/%41");
  CHECK(read("/..a/...") == "/..a/...");
  CHECK(read("http://A/x") == "/x");
  CHECK(read("http://a?x=1") == "/");
  CHECK(read("https://a/x", true) == "/x");
  for (const char* bad :
       {"",        "*",        "a",      "http://b/", "https://a/", "http://a.b/", "/..",
        "/a/../b", "/%2e%2e/", "/.",     "/%",        "/%4",        "/%zz",        "/%00",
        "/a%2Fb",  "/a%5cb",   "/a\\b",  "/a#b",      "/%ff",       "/%c0%ae",     "/%0a",
        "/?x=%00", "/?%zz",    "/?x=%0", "/?x=%ff",   "/\xc3\xa4",  "/a b"})
    CHECK((std::string(bad) + " " + read(bad)) == std::string(bad) + " malformed-request");
}

TEST_CASE("the asterisk is for OPTIONS") {
  Request request = asked("*", "OPTIONS");
  CHECK_FALSE(read_target(request));
  CHECK(request.path == "*");
}

TEST_CASE("percent encoding") {
  CHECK(decode_percent("a%2Bb+c", false) == "a+b+c");
  CHECK(decode_percent("a%2bb+c", true) == "a+b c");
  CHECK(decode_percent("", true) == "");
  CHECK_FALSE(decode_percent("%", true));
  CHECK_FALSE(decode_percent("%a", true));
  CHECK_FALSE(decode_percent("%-1", true));
  CHECK_FALSE(decode_percent("%+1", true));
  CHECK_FALSE(decode_percent("a%00", true));
}

TEST_CASE("how a body comes is clear, or the request refused") {
  const std::string bad = "malformed-request";
  CHECK(check({{"Content-Length", "5"}}).empty());
  CHECK(check({{"Transfer-Encoding", "Chunked"}}).empty());
  CHECK(check({{"content-length", "5"}, {"Content-Length", "5"}}) == bad);
  CHECK(check({{"Content-Length", "5"}, {"Transfer-Encoding", "chunked"}}) == bad);
  CHECK(check({{"Transfer-Encoding", "chunked"}, {"Transfer-Encoding", "chunked"}}) == bad);
  CHECK(check({{"Transfer-Encoding", "gzip, chunked"}}) == bad);
  CHECK(check({{"Transfer-Encoding", "identity"}}) == bad);
  CHECK(check({{"Transfer-Encoding", "chunked"}}, 10) == bad);
  for (const char* length : {"", "-1", "+1", "1 ", "1,1", "0x1", "1e3", "18446744073709551616"})
    CHECK(check({{"Content-Length", length}}) == bad);
  CHECK(check({{"Host", "a"}}) == bad);
  CHECK(check({{"Expect", "tea"}}) == bad);
  CHECK(check({{"Expect", "100-Continue"}}).empty());
}

TEST_CASE("methods and hosts") {
  Framing framing;
  CHECK(code_of(check_head(asked("/", "TRACE"), 11, framing)) == "method-not-allowed");
  CHECK(code_of(check_head(asked("/", "GE"), 11, framing)) == "method-not-allowed");
  CHECK_FALSE(check_head(asked("/", "PATCH"), 11, framing));
  CHECK(code_of(check_head(asked("/", "GET", {}), 11, framing)) == "malformed-request");
  CHECK_FALSE(check_head(asked("/", "GET", {}), 10, framing));
}

TEST_CASE("a request keeps a good id and is given another one otherwise") {
  CHECK(request_id("Az09._-") == "Az09._-");
  CHECK(request_id(std::string(64, 'x')) == std::string(64, 'x'));
  for (const std::string& bad : {std::string(), std::string(65, 'x'), std::string("a b"),
                                 std::string("a\0b", 3), std::string("\xc3\xa4")}) {
    const std::string made = request_id(bad);
    CHECK(made.size() == 32);
    CHECK(made.find_first_not_of("0123456789abcdef") == std::string::npos);
    CHECK(made != request_id(bad));
  }
}

TEST_CASE("hosts with ports") {
  using Pair = std::pair<std::string, std::string>;
  CHECK(split_host_port("a:80") == Pair{"a", "80"});
  CHECK(split_host_port("[::1]:65535") == Pair{"::1", "65535"});
  for (const char* bad : {"", "a", ":80", "a:", "::1:80", "a:65536", "a:-1", "a:8x", "[]:80"})
    CHECK(split_host_port(bad) == Pair{});
}
