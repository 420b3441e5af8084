// SPDX-License-Identifier: Apache-2.0
#include "serve/view.hpp"

#include "pipeline/flow.hpp"

namespace intelmq::serve {
namespace {

Json names_of(const FieldSet& set) {
  Json out = Json::array();
  for (const std::string& name : set.names()) out.push(name);
  return out;
}

}  // namespace

Graph graph_of(const std::vector<BotSetup>& bots) {
  Graph out;
  for (const BotSetup& bot : bots) {
    Node node;
    node.id = bot.id;
    node.label = bot.id;
    node.program = bot.describe["name"].text();
    if (auto sheet = Sheet::read(bot.describe)) {
      node.bot.emplace();
      node.bot->sheet = std::move(*sheet);
      node.bot->settings = bot.settings;
    }
    node.starts_outside = out.nodes.empty();
    node.ends_outside = &bot == &bots.back();
    if (!out.nodes.empty())
      out.edges.push_back({out.nodes.size() - 1, out.nodes.size(), "_default"});
    out.nodes.push_back(std::move(node));
  }
  return out;
}

Json fields_of_service(const std::vector<BotSetup>& bots) {
  const Graph graph = graph_of(bots);
  const auto flow = field_flow(graph);
  Json each = Json::object();
  for (std::size_t i = 0; i < graph.nodes.size(); ++i)
    each.set(graph.nodes[i].id, Json::object()
                                    .set("must_in", names_of(flow[i].must))
                                    .set("may_in", names_of(flow[i].may))
                                    .set("any_in", flow[i].may.is_any())
                                    .set("requires", bots[i].describe["fields"]["requires"])
                                    .set("produces", bots[i].describe["fields"]["produces"])
                                    .set("removes", bots[i].describe["fields"]["removes"]));
  // What any of the bots makes and the rest let through.
  const FieldFlow out = leaving(graph.nodes.back(), flow.back(), "_default");
  Json made = Json::array();
  for (const BotSetup& bot : bots)
    for (const Json& field : bot.describe["fields"]["produces"].items())
      if (out.may.may_have(field["field"].text())) made.push(field);
  return Json::object()
      .set("requires", bots.front().describe["fields"]["requires"])
      .set("produces", std::move(made))
      .set("must_out", names_of(out.must))
      .set("may_out", names_of(out.may))
      .set("bots", std::move(each));
}

}  // namespace intelmq::serve
