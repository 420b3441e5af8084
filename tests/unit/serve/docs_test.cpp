// SPDX-License-Identifier: Apache-2.0
#include "serve/docs.hpp"

#include <catch2/catch.hpp>
#include <optional>
#include <set>

#include "serve/problem.hpp"

using namespace intelmq;
using namespace intelmq::serve;

namespace {

Response get(const std::string& path, Headers headers = {}) {
  Loop loop;
  Router router;
  add_docs_routes(router, loop);
  auto request = std::make_shared<Request>();
  request->method = "GET";
  request->path = path;
  request->headers = std::move(headers);
  const auto found = router.find(*request);
  const Route* const* route = std::get_if<const Route*>(&found);
  REQUIRE(route);
  std::optional<Response> out;
  (*route)->handler(request, [&](Response response) {
    out = std::move(response);
    loop.stop();
  });
  if (!out) loop.run();
  return std::move(*out);
}

std::string header(const Response& response, std::string_view name) {
  for (const auto& [key, value] : response.headers)
    if (key == name) return value;
  return {};
}

}  // namespace

TEST_CASE("the document has the paths of single bots") {
  const auto document = openapi_document();
  REQUIRE(document);
  CHECK((*document)["openapi"].text() == "3.1.0");
  const Json& paths = (*document)["paths"];
  CHECK(paths["/api/v1/status"]["get"]["operationId"].text() == "getStatus");
  const Json& one = paths["/api/v1/bots/{bot}/status"];
  CHECK(one["get"]["operationId"].text() == "getStatusOfBot");
  CHECK(one["parameters"].items().front()["$ref"].text() == "#/components/parameters/Bot");
  CHECK(paths["/api/v1/bots/{bot}/failed-messages/{id}"]["parameters"].items().size() == 2);
  CHECK_FALSE(paths.has("/api/v1/bots/{bot}/container"));
  std::set<std::string> ids;
  for (const auto& [path, item] : paths.members()) {
    CHECK_FALSE(item.has("x-per-bot"));
    for (const auto& [method, operation] : item.members())
      if (operation.has("operationId")) CHECK(ids.insert(operation["operationId"].text()).second);
  }
  CHECK(ids.size() > 130);
}

TEST_CASE("the document is told once to those who keep it") {
  const Response first = get("/api/v1/openapi.json");
  CHECK(first.status == 200);
  CHECK(first.type == "application/json");
  CHECK(Json::parse(first.body));
  const std::string tag = header(first, "ETag");
  CHECK(tag.size() == 34);
  const Response second = get("/api/v1/openapi.json", {{"if-none-match", tag}});
  CHECK(second.status == 304);
  CHECK(second.body.empty());
  CHECK(header(second, "ETag") == tag);
}

TEST_CASE("pages bring nothing from elsewhere") {
  for (const char* path : {"/", "/api/v1/docs"}) {
    const Response page = get(path);
    CHECK(page.type == "text/html; charset=utf-8");
    CHECK(header(page, "Content-Security-Policy")
              .starts_with("default-src 'none'; script-src 'self';"));
    CHECK(page.body.find("<style") == std::string::npos);
    CHECK(page.body.find("style=") == std::string::npos);
    CHECK(page.body.find("http://") == std::string::npos);
    CHECK(page.body.find("https://") == std::string::npos);
  }
  CHECK(get("/ui/page.js").type == "text/javascript; charset=utf-8");
  CHECK(get("/ui/page.css").status == 200);
  CHECK(get("/ui/index.html").status == 404);
  CHECK(get("/ui/openapi.yaml").status == 404);
  CHECK(get("/ui/none.js").status == 404);
}

TEST_CASE("each kind of error is explained") {
  const auto all = Json::parse(get("/api/v1/problems").body);
  REQUIRE(all);
  CHECK((*all)["items"].items().size() == problem_kinds().size());
  for (const Json& kind : (*all)["items"].items()) {
    const auto one = Json::parse(get(kind["type"].text()).body);
    REQUIRE(one);
    CHECK(*one == kind);
  }
  CHECK(get("/api/v1/problems/none").status == 404);
}
