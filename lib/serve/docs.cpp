// SPDX-License-Identifier: Apache-2.0
#include "serve/docs.hpp"

#include <algorithm>
#include <memory>
#include <utility>
#include <vector>

#include "base/sha256.hpp"
#include "base/text.hpp"
#include "base/yaml.hpp"
#include "serve/assets.hpp"
#include "serve/problem.hpp"

namespace intelmq::serve {
namespace {

constexpr std::string_view base = "/api/v1/";

const Asset* find_asset(std::string_view name) {
  const auto& all = assets();
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Asset& asset) { return asset.name == name; });
  return found == all.end() ? nullptr : &*found;
}

/// An operation as it is below /api/v1/bots/{bot}.
Json of_one_bot(const Json& operation) {
  Json out = operation;
  out.set("operationId", operation["operationId"].text() + "OfBot");
  return out.set("summary", operation["summary"].text() + " (one bot)");
}

/// All of a path, for one bot.
Json path_of_one_bot(const Json& path) {
  Json parameters = Json::array();
  parameters.push(Json::object().set("$ref", "#/components/parameters/Bot"));
  for (const Json& parameter : path["parameters"].items()) parameters.push(parameter);
  Json out = Json::object();
  out.set("parameters", std::move(parameters));
  for (const auto& [name, value] : path.members())
    if (value["operationId"].is_string()) out.set(name, of_one_bot(value));
  return out;
}

Json write_out(const Json& paths) {
  Json out = Json::object();
  for (const auto& [pattern, path] : paths.members()) {
    Json kept = Json::object();
    for (const auto& [name, value] : path.members())
      if (name != "x-per-bot") kept.set(name, value);
    out.set(pattern, std::move(kept));
    if (path.has("x-per-bot"))
      out.set(std::string(base) + "bots/{bot}/" + pattern.substr(base.size()),
              path_of_one_bot(path));
  }
  return out;
}

std::string tag_of(std::string_view content) {
  return '"' + sha256_hex(content).substr(0, 32) + '"';
}

/// What changes with the program alone: clients ask again, and mostly are told that it is the same.
Response unchanging(const Request& request, std::string_view type, std::string_view content,
                    const std::string& tag) {
  Response out;
  if (request.header("If-None-Match") == tag) {
    out.status = 304;
    out.type.clear();
  } else {
    out.type = type;
    out.body = content;
  }
  return std::move(out).with("ETag", tag).with("Cache-Control", "no-cache");
}

Response page(std::string_view name) {
  const Asset* const asset = find_asset(name);
  if (!asset) return problem("not-found", "this program carries no pages");
  // What the page runs and looks like comes from this service alone.
  return Response::text(std::string(asset->content), std::string(asset->type))
      .with("Content-Security-Policy",
            "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
            "img-src 'self'; base-uri 'none'; frame-ancestors 'none'; form-action 'none'")
      .with("Referrer-Policy", "no-referrer");
}

Response page_file(const Request& request) {
  const std::string& name = request.value("file");
  const Asset* const asset = find_asset(name);
  // Pages have places of their own, and the document's source is no file of a page.
  if (!asset || name.ends_with(".html") || name.ends_with(".yaml"))
    return problem("not-found", "there is no file " + quote_for_message(name));
  return unchanging(request, asset->type, asset->content, tag_of(asset->content));
}

/// The document, made when it is first asked for: beside the loop, as it takes a while.
class Held : public std::enable_shared_from_this<Held> {
 public:
  explicit Held(Loop& loop) : loop_{loop} {}

  void answer(const std::shared_ptr<Request>& request, const Responder& respond) {
    if (!tag_.empty()) return respond(unchanging(*request, "application/json", *text_, tag_));
    waiting_.emplace_back(request, respond);
    if (waiting_.size() > 1) return;
    const auto made = std::make_shared<Result<std::string>>();
    loop_.work(
        [made] {
          const auto document = openapi_document();
          *made =
              document ? Result<std::string>(document->dump()) : tl::unexpected(document.error());
        },
        [self = shared_from_this(), made] { self->take(std::move(*made)); });
  }

 private:
  void take(Result<std::string> made) {
    text_ = std::move(made);
    if (text_) tag_ = tag_of(*text_);
    for (const auto& [request, respond] : std::exchange(waiting_, {}))
      respond(text_ ? unchanging(*request, "application/json", *text_, tag_)
                    : problem("internal", text_.error().text));
  }

  Loop& loop_;
  Result<std::string> text_;
  std::string tag_;  ///< Empty: it has not been made.
  std::vector<std::pair<std::shared_ptr<Request>, Responder>> waiting_;
};

Json kind_document(const ProblemKind& kind) {
  return Json::object()
      .set("code", kind.code)
      .set("type", "/api/v1/problems/" + std::string(kind.code))
      .set("status", kind.status)
      .set("title", kind.title)
      .set("meaning", kind.meaning);
}

Response all_problems() {
  Json items = Json::array();
  for (const ProblemKind& kind : problem_kinds()) items.push(kind_document(kind));
  return Response::json(Json::object().set("items", std::move(items)).set("next", Json()));
}

Response one_problem(const Request& request) {
  const std::string& code = request.value("code");
  for (const ProblemKind& kind : problem_kinds())
    if (kind.code == code) return Response::json(kind_document(kind));
  return problem("not-found", "there is no problem " + quote_for_message(code) +
                                  "; GET /api/v1/problems lists them");
}

}  // namespace

Result<Json> openapi_document() {
  const Asset* const source = find_asset("openapi.yaml");
  if (!source) return fail("this program carries no document of its API");
  auto document = parse_json_or_yaml(source->content);
  if (!document) return document;
  document->set("paths", write_out((*document)["paths"]));
  return document;
}

void add_docs_routes(Router& router, Loop& loop) {
  router.add("GET", "/", Scope::none, [](const Request&) { return page("index.html"); });
  router.add("GET", "/ui/{file}", Scope::none, page_file);
  router.add("GET", "/api/v1/docs", Scope::none, [](const Request&) { return page("docs.html"); });
  router.add(
      Route{"GET", "/api/v1/openapi.json", Scope::none, Body::none,
            [held = std::make_shared<Held>(loop)](const auto& request, const Responder& respond) {
              held->answer(request, respond);
            }});
  router.add("GET", "/api/v1/problems", Scope::none, [](const Request&) { return all_problems(); });
  router.add("GET", "/api/v1/problems/{code}", Scope::none, one_problem);
}

}  // namespace intelmq::serve
