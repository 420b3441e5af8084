// SPDX-License-Identifier: Apache-2.0
#include "pipeline/plan.hpp"

#include <algorithm>
#include <catch2/catch.hpp>

#include "documents.hpp"
#include "pipeline/report.hpp"

using namespace intelmq;
using namespace intelmq::test;

namespace {

Catalogue bots() {
  return test::catalogue(
      {Document("collector", "file")
           .set("scaling", Json::object().set("max_instances", 1))
           .set("module", "intelmq.bots.collectors.file.collector_file"),
       Document("parser", "feed").always("source.ip"), Document("expert", "taxonomy"),
       Document("expert", "geoip").needs_any({"source.ip", "destination.ip"}),
       Document("expert", "filter")
           .set("paths", Json::array().push("_default").push("match"))
           .least_out(0),
       Document("transformer", "to-idea")
           .set("formats", Json::object()
                               .set("input", Json::array().push("dho/1"))
                               .set("output", Json::array().push("idea"))),
       Document("output", "file"),
       Document("output", "idea")
           .set("formats", Json::object().set("input", Json::array().push("idea")))});
}

/// Options as `--name value`; `--bad` is refused, `--odd` is remarked upon.
Result<ConfiguredBot> fake(const Catalogue& catalogue, const std::string& path,
                           const std::vector<std::string>& arguments) {
  ConfiguredBot out;
  out.sheet = catalogue.find_program(path.substr(path.rfind('/') + 1))->sheet;
  out.settings.set("input_format", "report").set("output_format", "report");
  out.defaults = {"input_format", "output_format"};
  for (std::size_t i = 0; i < arguments.size(); ++i) {
    if (arguments[i] == "--bad") return fail("unknown option '--bad'");
    if (arguments[i] == "--odd") out.remarks.emplace_back("odd");
    if (i + 1 == arguments.size()) continue;
    std::string name = arguments[i].substr(2);
    std::replace(name.begin(), name.end(), '-', '_');
    out.settings.set(name, arguments[i + 1]);
    std::erase(out.defaults, name);
    ++i;
  }
  return out;
}

std::string check(const std::string& text) {
  const Catalogue catalogue = bots();
  const auto stages = parse_shell_pipeline(text);
  REQUIRE(stages.has_value());
  const Plan plan = plan_shell(
      *stages, catalogue,
      [&](const auto& path, const auto& args, const auto&) { return fake(catalogue, path, args); });
  std::string out;
  for (const Finding& finding : check_plan(plan, catalogue))
    if (finding.severity != Severity::note)
      out += std::string(finding.code) + (finding.severity == Severity::fail ? "!" : "?") + " " +
             finding.bot + "\n";
  return out;
}

std::vector<Finding> check_runtime(const char* text) {
  const Catalogue catalogue = bots();
  const auto document = Json::parse(text);
  REQUIRE(document.has_value());
  const RuntimeFile file = read_runtime(*document);
  const Plan plan = plan_runtime(file, "rt.json", catalogue,
                                 [&](const auto& path, const auto& args, const auto&) {
                                   REQUIRE(args[0] == "--runtime");
                                   REQUIRE(args[2] == "--id");
                                   return fake(catalogue, path, {});
                                 });
  return check_plan(plan, catalogue);
}

bool has(const std::vector<Finding>& findings, std::string_view code, std::string_view bot) {
  return std::any_of(findings.begin(), findings.end(),
                     [&](const Finding& one) { return one.code == code && one.bot == bot; });
}

}  // namespace

TEST_CASE("a sound pipeline has no findings") {
  CHECK(check("intelmq-collector-file | intelmq-parser-feed | intelmq-expert-taxonomy | "
              "intelmq-expert-geoip | intelmq-output-file")
            .empty());
  CHECK(check("intelmq-parser-feed --input-format raw < f | intelmq-expert-geoip | jq .").empty());
  CHECK(check("/usr/bin/intelmq-collector-file --output-format raw | "
              "intelmq-parser-feed --input-format raw")
            .empty());
}

TEST_CASE("bots in the wrong place") {
  CHECK(check("intelmq-output-file | intelmq-expert-taxonomy") == "F005! intelmq-output-file\n");
  CHECK(check("intelmq-expert-taxonomy | intelmq-collector-file") ==
        "F005! intelmq-collector-file\n");
  CHECK(check("intelmq-collector-file | intelmq-expert-taxonomy") ==
        "F014! intelmq-expert-taxonomy\n");
  CHECK(check("intelmq-parser-feed | intelmq-expert-taxonomy") == "F006! intelmq-parser-feed\n");
  CHECK(check("intelmq-expert-taxonomy | intelmq-parser-feed") == "F006! intelmq-parser-feed\n");
}

TEST_CASE("raw and reports must agree") {
  CHECK(check("intelmq-collector-file --output-format raw | intelmq-parser-feed") ==
        "F007! intelmq-parser-feed\n");
  CHECK(check("intelmq-collector-file | intelmq-parser-feed --input-format raw") ==
        "F007! intelmq-parser-feed\n");
  CHECK(check("curl x | intelmq-parser-feed --input-format raw") == "F003? curl\n");
  CHECK(check("curl x | intelmq-parser-feed") == "F003? curl\nF006? intelmq-parser-feed\n");
}

TEST_CASE("unknown bots and parameters") {
  CHECK(check("intelmq-expert-taxonmy") == "F003! intelmq-expert-taxonmy\n");
  CHECK(check("intelmq-expert-taxonomy --bad") == "F004! intelmq-expert-taxonomy\n");
  CHECK(check("intelmq-expert-taxonomy --odd") == "F017? intelmq-expert-taxonomy\n");
}

TEST_CASE("streams that leave the pipe") {
  CHECK(check("intelmq-expert-taxonomy > f | intelmq-output-file") ==
        "F018! intelmq-expert-taxonomy\n");
  CHECK(check("intelmq-expert-taxonomy | intelmq-output-file < f") ==
        "F018! intelmq-output-file\n");
  CHECK(check("intelmq-expert-taxonomy | intelmq-output-file --source dir:q") ==
        "F018! intelmq-output-file\n");
  CHECK(check("intelmq-expert-taxonomy --destination - | intelmq-output-file").empty());
  CHECK(check("intelmq-expert-taxonomy --destination file:x | intelmq-output-file") ==
        "F018! intelmq-expert-taxonomy\n");
}

TEST_CASE("formats must agree") {
  CHECK(check("intelmq-expert-taxonomy | intelmq-output-idea") == "F013! intelmq-output-idea\n");
  CHECK(
      check("intelmq-expert-taxonomy | intelmq-transformer-to-idea | intelmq-output-idea").empty());
}

TEST_CASE("the same bot twice has two names") {
  CHECK(check("intelmq-expert-taxonomy | intelmq-expert-taxonomy --bad") ==
        "F004! intelmq-expert-taxonomy#2\n");
}

TEST_CASE("an empty pipeline fails") {
  const auto findings = check_plan(Plan{}, bots());
  CHECK(exit_status(findings, false) == 2);
}

TEST_CASE("exit codes") {
  const Finding warning{rule::remark, Severity::warn, "", "", {}, {}};
  const Finding note{rule::remark, Severity::note, "", "", {}, {}};
  CHECK(exit_status({}, true) == 0);
  CHECK(exit_status({note}, true) == 0);
  CHECK(exit_status({warning}, false) == 0);
  CHECK(exit_status({warning}, true) == 1);
}

TEST_CASE("a botnet of IntelMQ") {
  const auto findings = check_runtime(R"({
    "global": {"x": 1},
    "c": {"module": "intelmq.bots.collectors.file.collector_file", "group": "Collector",
          "parameters": {"destination_queues": {"_default": ["p-queue"]}}},
    "p": {"module": "intelmq-parser-feed",
          "parameters": {"destination_queues": "f-queue"}},
    "f": {"module": "intelmq.bots.experts.filter.expert",
          "parameters": {"destination_queues": {"_default": ["g-queue"], "match": ["o-queue"]}}},
    "g": {"module": "intelmq.bots.experts.geoip.expert",
          "parameters": {"destination_queues": ["o-queue"]}},
    "o": {"module": "intelmq.bots.outputs.file.output"}})");
  CHECK(findings.empty());
}

TEST_CASE("faults of a botnet") {
  const auto findings = check_runtime(R"({
    "c": {"module": "intelmq.bots.collectors.file.collector_file",
          "parameters": {"destination_queues": {"_default": "p-queue"}, "instances_threads": 3}},
    "p": {"module": "intelmq-parser-feed",
          "parameters": {"destination_queues": {"nowhere": ["t-queue"], "_default": ["typo-queue"]}}},
    "t": {"module": "intelmq.bots.experts.taxonomy.expert", "parameters": {}},
    "python": {"module": "intelmq.bots.experts.own.expert",
               "parameters": {"destination_queues": ["t-queue"]}},
    "o": {"module": "intelmq.bots.outputs.file.output", "parameters": {"source_queue": "elsewhere"}},
    "broken": 5,
    "none": {"parameters": {"destination_queues": {"_default": [1]}}}})");
  CHECK(has(findings, rule::too_many, "c"));
  CHECK(has(findings, rule::unknown_path, "p"));
  CHECK(has(findings, rule::orphan_queue, "p"));
  CHECK(has(findings, rule::no_default, "t"));
  CHECK(has(findings, rule::unknown_program, "python"));
  CHECK(has(findings, rule::unreachable, "python"));
  CHECK(has(findings, rule::orphan_queue, "o"));
  CHECK(has(findings, rule::unreachable, "o"));
  CHECK(has(findings, rule::malformed, "broken"));
  CHECK(has(findings, rule::malformed, "none"));
  CHECK_FALSE(has(findings, rule::unreachable, "t"));
}

TEST_CASE("a cycle that nothing leaves is named") {
  const auto findings = check_runtime(R"({
    "c": {"module": "intelmq-collector-file", "parameters": {"destination_queues": ["p-queue"]}},
    "p": {"module": "intelmq-parser-feed", "parameters": {"destination_queues": ["t-queue"]}},
    "t": {"module": "intelmq-expert-taxonomy", "parameters": {"destination_queues": ["g-queue"]}},
    "g": {"module": "intelmq-expert-geoip", "parameters": {"destination_queues": ["t-queue"]}}})");
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].code == rule::cycle);
  CHECK(findings[0].path == std::vector<std::string>{"t", "g"});
}

TEST_CASE("the report as JSON, text and graph") {
  const Catalogue catalogue = bots();
  const auto stages = parse_shell_pipeline("intelmq-parser-feed | intelmq-expert-geoip");
  const Plan plan = plan_shell(
      *stages, catalogue,
      [&](const auto& path, const auto& args, const auto&) { return fake(catalogue, path, args); });
  const auto findings = check_plan(plan, catalogue);
  const Json report = report_json(plan, findings);
  CHECK(report["status"].text() == "fail");
  CHECK(report["bots"].integer() == 2);
  CHECK(report["edges"].integer() == 1);
  CHECK(report["findings"].items()[0]["code"].text() == "F006");
  CHECK(report["fields"]["intelmq-expert-geoip"]["must_in"] == Json::array().push("source.ip"));
  CHECK(report_text(plan, findings).ends_with("fail: 2 stages, 1 failure, 0 warnings\n"));
  CHECK(to_dot(plan.graph).find("\"intelmq-parser-feed\" -> \"intelmq-expert-geoip\"") !=
        std::string::npos);
}
