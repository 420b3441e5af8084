// SPDX-License-Identifier: Apache-2.0
#include "net/http.hpp"

#include <fcntl.h>
#include <unistd.h>

#include <catch2/catch.hpp>
#include <thread>

#include "tiny_server.hpp"

using namespace intelmq;
using namespace std::chrono_literals;
using Kind = HttpError::Kind;

namespace {

std::string ok(const std::string& body, const std::string& headers = "") {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" + headers +
         "\r\n" + body;
}

std::string status(int code, const std::string& headers = "") {
  return "HTTP/1.1 " + std::to_string(code) + " X\r\nContent-Length: 0\r\n" + headers + "\r\n";
}

HttpRequest to(const std::string& url) {
  HttpRequest request;
  request.url = url;
  request.proxy = "";
  return request;
}

HttpResponse fetched(const HttpRequest& request) {
  HttpResult result = http_fetch(request);
  if (!result) FAIL(result.error().text);
  return *result;
}

HttpError wrong(const HttpRequest& request) {
  HttpResult result = http_fetch(request);
  REQUIRE_FALSE(result);
  return result.error();
}

bool contains(const std::string& text, const std::string& what) {
  return text.find(what) != text.npos;
}

}  // namespace

TEST_CASE("http: a plain request and its answer") {
  TinyServer server{{ok("hello", "ETag: \"1\"\r\nx-a:  b \r\n")}};
  HttpRequest request = to(server.url("/p?q=1"));
  request.headers = {{"X-Given", "1"}, {"X-Empty", ""}};
  request.user = "id";
  request.password = Secret("key");
  const HttpResponse response = fetched(request);
  CHECK(response.status == 200);
  CHECK(response.good());
  CHECK(response.body == "hello");
  CHECK(response.header("etag") == "\"1\"");
  CHECK(response.header("X-A") == "b");
  CHECK(response.header("absent").empty());
  CHECK(response.address == "127.0.0.1");
  const std::string asked = server.asked().at(0);
  CHECK(asked.starts_with("GET /p?q=1 HTTP/1.1\r\n"));
  CHECK(contains(asked, "\r\nX-Given: 1\r\n"));
  CHECK(contains(asked, "\r\nX-Empty:\r\n"));
  CHECK(contains(asked, "\r\nAuthorization: Basic aWQ6a2V5\r\n"));
  CHECK(contains(asked, "\r\nUser-Agent: intelmq/"));
  CHECK_FALSE(contains(asked, "Content-Type"));
}

TEST_CASE("http: methods and bodies") {
  TinyServer server{{status(204)}};
  const std::string big(3 << 20, 'x');
  for (const char* method : {"POST", "PUT", "PATCH", "DELETE"}) {
    HttpRequest request = to(server.url());
    request.method = method;
    request.body = big;
    request.headers = {{"Content-Type", "text/x"}};
    CHECK(fetched(request).status == 204);
    const std::string asked = server.asked().back();
    CHECK(asked.starts_with(std::string(method) + " / HTTP/1.1"));
    CHECK(contains(asked, "Content-Type: text/x\r\n"));
    CHECK_FALSE(contains(asked, "Expect"));
    CHECK(asked.substr(asked.find("\r\n\r\n") + 4) == big);
  }
  HttpRequest request = to(server.url());
  request.method = "POST";
  CHECK(fetched(request).status == 204);
  CHECK(contains(server.asked().back(), "Content-Length: 0\r\n"));
  request.method = "DELETE";
  CHECK(fetched(request).status == 204);
  CHECK(server.asked().back().starts_with("DELETE"));
  TinyServer head{{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\n"}};
  request = to(head.url());
  request.method = "HEAD";
  CHECK(fetched(request).body.empty());
}

TEST_CASE("http: answers longer than allowed") {
  const std::string body(2000, 'x');
  for (const std::string& answer :
       {ok(body), "HTTP/1.1 200 OK\r\n\r\n" + body,
        "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n7d0\r\n" + body + "\r\n0\r\n\r\n"}) {
    TinyServer server{{answer}};
    HttpRequest request = to(server.url());
    request.max_body = 2000;
    CHECK(fetched(request).body == body);
    request.max_body = 1999;
    const HttpError error = wrong(request);
    CHECK(error.kind == Kind::too_large);
    CHECK(contains(error.text, "longer than 1999 bytes"));
  }
  TinyServer server{{ok("x", "X: " + std::string(70'000, 'h') + "\r\n")}};
  CHECK(wrong(to(server.url())).kind == Kind::broken);
}

TEST_CASE("http: into a file") {
  char name[] = "/tmp/http-test-XXXXXX";
  const int fd = mkstemp(name);
  REQUIRE(write(fd, "older and longer", 16) == 16);
  TinyServer server{{ok("new"), status(404), "HTTP/1.1 500 X\r\n\r\nwhy"}};
  HttpRequest request = to(server.url());
  request.to_file = fd;
  CHECK(fetched(request).body.empty());
  char text[32];
  CHECK(pread(fd, text, sizeof text, 0) == 3);
  CHECK(fetched(request).status == 404);
  CHECK(fetched(request).body == "why");
  CHECK(pread(fd, text, sizeof text, 0) == 0);
  close(fd);
  unlink(name);
}

TEST_CASE("http: a file that cannot be written") {
  const int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
  TinyServer server{{ok("new")}};
  HttpRequest request = to(server.url());
  request.to_file = full;
  const HttpError error = wrong(request);
  CHECK(error.kind == Kind::storage);
  close(full);
}

TEST_CASE("http: nobody there, no answer, half an answer") {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);  // bound, does not listen
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  REQUIRE(bind(fd, reinterpret_cast<sockaddr*>(&address), size) == 0);
  REQUIRE(getsockname(fd, reinterpret_cast<sockaddr*>(&address), &size) == 0);
  CHECK(wrong(to("http://127.0.0.1:" + std::to_string(ntohs(address.sin_port)))).kind ==
        Kind::connect);
  close(fd);
  CHECK(wrong(to("http://nobody.invalid/")).kind == Kind::resolve);

  TinyServer silent{{"WAIT"}};
  HttpRequest request = to(silent.url());
  request.timeout = 200ms;
  CHECK(wrong(request).kind == Kind::timeout);

  TinyServer half{{"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf"}};
  CHECK(wrong(to(half.url())).kind == Kind::broken);
}

TEST_CASE("http: an abort from elsewhere") {
  TinyServer silent{{"WAIT"}};
  std::atomic<bool> abort{false};
  HttpRequest request = to(silent.url());
  request.abort = &abort;
  const auto start = std::chrono::steady_clock::now();
  std::thread later([&] {
    std::this_thread::sleep_for(100ms);
    abort = true;
  });
  CHECK(wrong(request).kind == Kind::aborted);
  later.join();
  CHECK(std::chrono::steady_clock::now() - start < 5s);
  CHECK(wrong(request).kind == Kind::aborted);
}

TEST_CASE("http: addresses are refused") {
  TinyServer server{{ok("x")}};
  HttpRequest request = to("http://localhost:" + server.port() + "/");
  std::vector<std::string> seen;
  request.allow_address = [&](const std::string& address) {
    seen.push_back(address);
    return false;
  };
  const HttpError error = wrong(request);
  CHECK(error.kind == Kind::refused);
  CHECK(std::find(seen.begin(), seen.end(), "127.0.0.1") != seen.end());
  CHECK(server.asked().empty());
  request.allow_address = [](const std::string& address) { return address == "127.0.0.1"; };
  CHECK(fetched(request).status == 200);
}

TEST_CASE("http: an address instead of the name's") {
  TinyServer server{{ok("x")}};
  HttpRequest request = to("http://nobody.invalid:" + server.port() + "/");
  request.connect_to = "127.0.0.1";
  CHECK(fetched(request).status == 200);
  CHECK(contains(server.asked().at(0), "Host: nobody.invalid:" + server.port()));
}

TEST_CASE("http: redirects only when asked for") {
  TinyServer goal{{ok("there")}};
  TinyServer server{{status(302, "Location: " + goal.url() + "\r\n")}};
  HttpRequest request = to(server.url());
  request.user = "id";
  request.password = Secret("key");
  CHECK(fetched(request).status == 302);
  request.redirects = 1;
  const HttpResponse response = fetched(request);
  CHECK(response.body == "there");
  CHECK(response.header("Location").empty());
  CHECK_FALSE(contains(goal.asked().at(0), "Authorization"));
  TinyServer circle{{status(302, "Location: /\r\n")}};
  request.url = circle.url();
  CHECK(wrong(request).kind == Kind::broken);
  TinyServer file{{status(302, "Location: file:///etc/hostname\r\n")}};
  request.url = file.url();
  CHECK_FALSE(http_fetch(request));
}

TEST_CASE("http: requests that are wrong") {
  CHECK(wrong(to("file:///etc/hostname")).kind == Kind::invalid);
  CHECK(wrong(to("nothing")).kind == Kind::invalid);
  HttpRequest request = to("http://127.0.0.1/");
  request.schemes = {"https"};
  CHECK(contains(wrong(request).text, "begin with https://"));
  request = to("http://127.0.0.1/");
  request.headers = {{"X", "a\r\nY: b"}};
  CHECK(wrong(request).kind == Kind::invalid);
  request = to("https://127.0.0.1/");
  request.ca_file = "/nonexistent.pem";
  CHECK_FALSE(http_fetch(request));
}

TEST_CASE("http: a proxy") {
  TinyServer proxy{{ok("by proxy")}};
  HttpRequest request = to("http://nobody.invalid/x");
  request.proxy = proxy.url("");
  CHECK(fetched(request).body == "by proxy");
  CHECK(proxy.asked().at(0).starts_with("GET http://nobody.invalid/x "));
}

TEST_CASE("http: URLs in messages") {
  CHECK(url_for_message("https://me:secret@host:1/p/q?key=secret#secret") == "https://host:1/p/q");
  CHECK(url_for_message("not a secret URL") == "a URL that cannot be read");
  HttpRequest request = to("http://me:secret@nobody.invalid/p?key=secret");
  const std::string text = wrong(request).text;
  CHECK(text.starts_with("http://nobody.invalid/p: "));
  CHECK_FALSE(contains(text, "secret"));
}

TEST_CASE("http: waits grow up to a limit") {
  const HttpRetry retry{.tries = 9, .first = 100ms, .most = 1000ms, .total = 60s};
  CHECK(retry_wait(retry, 1, 0) == 50ms);
  CHECK(retry_wait(retry, 1, 1) == 100ms);
  CHECK(retry_wait(retry, 3, 1) == 400ms);
  CHECK(retry_wait(retry, 5, 1) == 1000ms);
  CHECK(retry_wait(retry, 4'000'000'000u, 0) == 500ms);
}

TEST_CASE("http: asks again where that may help") {
  const HttpRetry quick{.tries = 3, .first = 10ms, .most = 20ms, .total = 5s};
  TinyServer twice{{status(503), "HTTP/1.1 2", ok("third")}};
  CHECK(http_fetch(to(twice.url()), quick)->body == "third");
  TinyServer never{{status(503)}};
  CHECK(http_fetch(to(never.url()), quick)->status == 503);
  CHECK(never.asked().size() == 3);
  TinyServer not_found{{status(404)}};
  CHECK(http_fetch(to(not_found.url()), quick)->status == 404);
  CHECK(not_found.asked().size() == 1);
}

TEST_CASE("http: Retry-After") {
  const HttpRetry quick{.tries = 2, .first = 10ms, .most = 20ms, .total = 5s};
  TinyServer soon{{status(429, "Retry-After: 1\r\n"), ok("x")}};
  const auto start = std::chrono::steady_clock::now();
  CHECK(http_fetch(to(soon.url()), quick)->status == 200);
  CHECK(std::chrono::steady_clock::now() - start >= 1s);
  TinyServer late{{status(429, "Retry-After: 3600\r\n"), ok("x")}};
  const HttpResult result = http_fetch(to(late.url()), quick);
  CHECK(result->status == 429);
  CHECK(result->retry_after == 3600s);
  CHECK(late.asked().size() == 1);
}
