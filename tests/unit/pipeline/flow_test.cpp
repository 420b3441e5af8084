// SPDX-License-Identifier: Apache-2.0
#include "pipeline/flow.hpp"

#include <catch2/catch.hpp>

#include "documents.hpp"

using namespace intelmq;
using namespace intelmq::test;

namespace {

const Document collector("collector", "file");
const Document parser = Document("parser", "feed").always("time.source").makes("source.ip");
const Document geoip = Document("expert", "geoip")
                           .needs_any({"source.ip", "destination.ip"})
                           .always("source.geolocation.cc", "source.ip")
                           .makes("destination.geolocation.cc", "destination.ip");

std::vector<Finding> check(const Graph& graph, const Catalogue& bots = test::catalogue({})) {
  return check_fields(graph, field_flow(graph), bots);
}

}  // namespace

TEST_CASE("a set of fields knows extra and any") {
  FieldSet set;
  set.add("extra.a");
  CHECK(set.may_have("extra"));
  CHECK(set.may_have("extra.a"));
  CHECK_FALSE(set.may_have("extra.b"));
  set.remove("extra");
  CHECK_FALSE(set.may_have("extra.a"));
  FieldSet whole;
  whole.add("extra");
  CHECK(whole.may_have("extra.b"));
  FieldSet any = FieldSet::any();
  CHECK(any.may_have("source.ip"));
  any.remove("source.ip");
  CHECK_FALSE(any.may_have("source.ip"));
  CHECK(any.may_have("source.fqdn"));
  any.unite(FieldSet::any());
  CHECK(any.may_have("source.ip"));
}

TEST_CASE("what a parser promises arrives as must, what it may set as may") {
  const Graph graph = chain({node("c", collector), node("p", parser), node("g", geoip)});
  const auto flow = field_flow(graph);
  CHECK(flow[2].must.may_have("time.source"));
  CHECK_FALSE(flow[2].must.may_have("source.ip"));
  CHECK(flow[2].may.may_have("source.ip"));
  const auto findings = check(graph);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].code == rule::needs_uncertain);
  CHECK(findings[0].severity == Severity::warn);
}

TEST_CASE("a promised field is no finding") {
  const Document sure = Document("parser", "sure").always("source.ip");
  CHECK(check(chain({node("c", collector), node("p", sure), node("g", geoip)})).empty());
}

TEST_CASE("a field that nothing produces fails once, with a suggestion that would work there") {
  const Document names = Document("parser", "names").always("source.fqdn");
  const Document resolver =
      Document("expert", "resolver").needs_all({"source.fqdn"}).makes("source.ip");
  const Document reverse =
      Document("expert", "reverse").needs_all({"destination.url"}).makes("source.ip");
  const Document country = Document("expert", "country").needs_all({"source.geolocation.cc"});
  const Graph graph =
      chain({node("c", collector), node("p", names), node("g", geoip), node("k", country)});
  const auto findings = check(graph, test::catalogue({resolver, reverse, parser}));
  REQUIRE(findings.size() == 2);
  CHECK(findings[0].bot == "g");
  CHECK(findings[0].code == rule::needs_missing);
  CHECK(findings[0].path == std::vector<std::string>{"c", "p", "g"});
  CHECK(findings[0].suggest == std::vector<std::string>{"intelmq-expert-resolver"});
  CHECK(findings[0].message.find("source.ip or destination.ip") != std::string::npos);
  CHECK(findings[1].bot == "k");  // only uncertain: the missing field was reported before
  CHECK(findings[1].code == rule::needs_uncertain);
}

TEST_CASE("a parser is suggested where there is none") {
  Node first = node("g", geoip);
  const Graph graph = chain({node("c", collector), first});
  const auto findings = check(graph, test::catalogue({parser}));
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].suggest == std::vector<std::string>{"intelmq-parser-feed"});
}

TEST_CASE("products with a condition follow their condition") {
  const Document names = Document("parser", "names").always("source.ip");
  const Graph graph = chain({node("c", collector), node("p", names), node("g", geoip),
                             node("o", Document("output", "file"))});
  const auto flow = field_flow(graph);
  CHECK(flow[3].must.may_have("source.geolocation.cc"));
  CHECK_FALSE(flow[3].may.may_have("destination.geolocation.cc"));
}

TEST_CASE("an event that lacks what a bot needs passes, so nothing is promised behind it") {
  const Document asn =
      Document("expert", "asn").needs_all({"source.ip"}).always("source.asn").removes("extra.x");
  const Document source = Document("parser", "p").makes("source.ip").always("extra.x");
  const Graph graph = chain({node("c", collector), node("p", source), node("a", asn),
                             node("o", Document("output", "file"))});
  const auto flow = field_flow(graph);
  CHECK_FALSE(flow[3].must.may_have("source.asn"));
  CHECK(flow[3].may.may_have("source.asn"));
  CHECK_FALSE(flow[3].must.may_have("extra.x"));
  CHECK(flow[3].may.may_have("extra.x"));
}

TEST_CASE("rejected and dropped events do not go on, so what is needed is promised behind") {
  const Document strict =
      Document("expert", "strict").needs_all({"source.ip"}, "drop").always("source.asn");
  const Graph graph =
      chain({node("c", collector), node("p", parser), node("s", strict), node("g", geoip)});
  const auto flow = field_flow(graph);
  CHECK(flow[3].must.may_have("source.ip"));
  CHECK(flow[3].must.may_have("source.asn"));
}

TEST_CASE("removed fields are gone") {
  const Document wipe = Document("expert", "wipe").removes("source.ip").removes("extra");
  const Document source = Document("parser", "p").always("source.ip").always("extra.a");
  const Graph graph =
      chain({node("c", collector), node("p", source), node("w", wipe), node("g", geoip)});
  const auto findings = check(graph);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].code == rule::needs_missing);
  CHECK_FALSE(field_flow(graph)[3].may.may_have("extra.a"));
}

TEST_CASE("passes_through: a list keeps these alone, none nothing") {
  const Document source = Document("parser", "p").always("source.ip").always("source.fqdn");
  const Document some = Document("expert", "some").passes(Json::array().push("source.fqdn"));
  const Document none = Document("transformer", "none").passes("none").always("extra.a");
  const auto flow = field_flow(chain({node("c", collector), node("p", source), node("s", some),
                                      node("n", none), node("o", Document("output", "file"))}));
  CHECK(flow[3].must.may_have("source.fqdn"));
  CHECK_FALSE(flow[3].may.may_have("source.ip"));
  CHECK_FALSE(flow[4].may.may_have("source.fqdn"));
  CHECK(flow[4].must.may_have("extra.a"));
}

TEST_CASE("two ways to a bot: must is what both promise, may what either gives") {
  Graph graph;
  graph.nodes = {node("c", collector), node("a", Document("parser", "a").always("source.ip")),
                 node("b", Document("parser", "b").always("source.fqdn").always("source.ip")),
                 node("g", geoip)};
  graph.edges = {{0, 1, "_default"}, {0, 2, "_default"}, {1, 3, "_default"}, {2, 3, "_default"}};
  const auto flow = field_flow(graph);
  CHECK(flow[3].must.may_have("source.ip"));
  CHECK_FALSE(flow[3].must.may_have("source.fqdn"));
  CHECK(flow[3].may.may_have("source.fqdn"));
}

TEST_CASE("a cycle ends, and what it adds is only may where it comes in") {
  Graph graph;
  const Document adder = Document("expert", "adder").always("extra.round");
  graph.nodes = {node("c", collector), node("p", parser), node("in", Document("expert", "in")),
                 node("adder", adder), node("o", Document("output", "o"))};
  graph.edges = {{0, 1, "_default"},
                 {1, 2, "_default"},
                 {2, 3, "_default"},
                 {3, 2, "_default"},
                 {3, 4, "_default"}};
  const auto flow = field_flow(graph);
  CHECK(flow[2].may.may_have("extra.round"));
  CHECK_FALSE(flow[2].must.may_have("extra.round"));
  CHECK(flow[2].must.may_have("time.source"));
  CHECK(flow[4].must.may_have("extra.round"));
}

TEST_CASE("a cycle without a way in stays unreached") {
  Graph graph;
  graph.nodes = {node("a", Document("expert", "a")), node("b", Document("expert", "b"))};
  graph.edges = {{0, 1, "_default"}, {1, 0, "_default"}};
  const auto flow = field_flow(graph);
  CHECK_FALSE(flow[0].reached);
  CHECK_FALSE(flow[1].reached);
}

TEST_CASE("on the path _on_error an event leaves as it came") {
  Graph graph;
  graph.nodes = {node("c", collector), node("p", parser),
                 node("e", Document("expert", "e").always("source.asn").removes("source.ip")),
                 node("o", Document("output", "o"))};
  graph.edges = {{0, 1, "_default"}, {1, 2, "_default"}, {2, 3, "_on_error"}};
  const auto flow = field_flow(graph);
  CHECK(flow[3].may.may_have("source.ip"));
  CHECK_FALSE(flow[3].may.may_have("source.asn"));
}

TEST_CASE("an unknown program may set and remove any field") {
  const Graph graph =
      chain({node("c", collector), node("p", Document("parser", "p").always("source.ip")),
             unknown("jq"), node("g", geoip)});
  const auto findings = check(graph);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].code == rule::needs_uncertain);
  CHECK(findings[0].message.find("not known") != std::string::npos);
}

TEST_CASE("a dynamic bot keeps promises and may set anything") {
  const Document sieve = Document("expert", "sieve").dynamic();
  const Graph graph =
      chain({node("c", collector), node("p", Document("parser", "p").always("source.ip")),
             node("s", sieve), node("g", geoip)});
  CHECK(check(graph).empty());
}

TEST_CASE("the feed's fields come from the collector's settings, or a parser's of raw input") {
  const Json named = Json::object().set("name", "Feed").set("accuracy", 0);
  const auto reports = field_flow(
      chain({node("c", collector, named), node("p", parser), node("o", Document("output", "o"))}));
  CHECK(reports[2].must.may_have("feed.name"));
  CHECK_FALSE(reports[2].may.may_have("feed.accuracy"));
  CHECK_FALSE(reports[2].may.may_have("feed.url"));
  Node raw = node("p", parser,
                  Json::object().set("input_format", "raw").set("feed_url", "http://example.com/"));
  raw.starts_outside = true;
  const auto from_raw = field_flow(chain({raw, node("o", Document("output", "o"))}));
  CHECK(from_raw[1].must.may_have("feed.url"));
  CHECK_FALSE(from_raw[1].may.may_have("source.fqdn"));
}

TEST_CASE("default fields of a parser are promised") {
  const Json settings =
      Json::object().set("default_fields", Json::object().set("classification.type", "scanner"));
  const auto flow = field_flow(chain(
      {node("c", collector), node("p", parser, settings), node("o", Document("output", "o"))}));
  CHECK(flow[2].must.may_have("classification.type"));
}
