// SPDX-License-Identifier: Apache-2.0
// Descriptions of bots made by hand.
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include "pipeline/catalogue.hpp"
#include "pipeline/graph.hpp"

namespace intelmq::test {

/// Writes a description member by member: `Document("expert", "url").makes("source.ip")`.
class Document {
 public:
  Document(const std::string& kind, const std::string& name) {
    json_ = Json::object()
                .set("describe", "intelmq-describe/1")
                .set("name", "intelmq-" + kind + "-" + name)
                .set("kind", kind)
                .set("summary", "A bot made by hand.")
                .set("paths", Json::array().push("_default").push("_on_error"))
                .set("formats", Json::object()
                                    .set("input", Json::array().push("dho/1"))
                                    .set("output", Json::array().push("dho/1")));
    passes_ = kind == "collector" || kind == "parser" ? "none" : "all";
  }
  Document& needs_all(const std::vector<std::string>& names, const char* effect = "no-op") {
    return need("all_of", names, effect);
  }
  Document& needs_any(const std::vector<std::string>& names, const char* effect = "no-op") {
    return need("any_of", names, effect);
  }
  Document& makes(const char* field, const char* when = nullptr) { return add(field, when, "may"); }
  Document& always(const char* field, const char* when = nullptr) {
    return add(field, when, "must");
  }
  Document& removes(const char* field) {
    removes_.push(field);
    return *this;
  }
  Document& passes(Json value) {
    passes_ = std::move(value);
    return *this;
  }
  Document& dynamic() {
    dynamic_ = true;
    return *this;
  }
  Document& set(std::string name, Json value) {
    json_.set(std::move(name), std::move(value));
    return *this;
  }
  Document& least_out(int count) {
    return set("cardinality", Json::object().set("out", Json::object().set("min", count)));
  }

  Json json() const {
    Json out = json_;
    return out.set("fields", Json::object()
                                 .set("requires", needs_)
                                 .set("optional", Json::array())
                                 .set("produces", makes_)
                                 .set("removes", removes_)
                                 .set("passes_through", passes_)
                                 .set("dynamic", dynamic_));
  }
  Sheet sheet() const { return Sheet::read(json()).value(); }

 private:
  Document& need(const char* word, const std::vector<std::string>& names, const char* effect) {
    Json list = Json::array();
    for (const std::string& name : names) list.push(name);
    needs_.push(Json::object().set(word, std::move(list)).set("effect", effect));
    return *this;
  }
  Document& add(const char* field, const char* when, const char* certainty) {
    Json made = Json::object().set("field", field).set("certainty", certainty);
    if (when) made.set("when", when);
    makes_.push(std::move(made));
    return *this;
  }

  Json json_, needs_ = Json::array(), makes_ = Json::array(), removes_ = Json::array(), passes_;
  bool dynamic_ = false;
};

inline Node node(const std::string& id, const Document& document,
                 Json settings = Json::object().set("input_format", "report")) {
  Node out;
  out.id = out.label = id;
  out.bot = ConfiguredBot{};
  out.bot->sheet = document.sheet();
  out.program = out.bot->sheet.program;
  out.bot->settings = std::move(settings);
  return out;
}

inline Node unknown(const std::string& id) {
  Node out;
  out.id = out.label = out.program = id;
  return out;
}

/// Nodes one behind the other.
inline Graph chain(std::vector<Node> nodes) {
  Graph out;
  out.nodes = std::move(nodes);
  for (std::size_t i = 1; i < out.nodes.size(); ++i) out.edges.push_back({i - 1, i, "_default"});
  if (!out.nodes.empty()) out.nodes.back().ends_outside = true;
  return out;
}

inline Catalogue catalogue(std::initializer_list<Document> documents) {
  std::vector<CatalogueEntry> entries;
  for (const Document& document : documents) {
    Sheet sheet = document.sheet();
    std::string path = "/bots/" + sheet.program;
    entries.push_back({std::move(path), std::move(sheet)});
  }
  return Catalogue(std::move(entries));
}

}  // namespace intelmq::test
