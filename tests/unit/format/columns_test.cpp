// SPDX-License-Identifier: Apache-2.0
#include "format/columns.hpp"

#include <catch2/catch.hpp>

#include "format/plain_time.hpp"

using namespace intelmq;

namespace {

const EventRules rules{};

std::string filled(const ColumnOptions& options, std::vector<std::string_view> cells) {
  auto columns = Columns::compile(options, rules.harmonization);
  REQUIRE(columns);
  Event event(rules);
  columns->fill(cells, event);
  if (event.verdict() == Verdict::reject) return "! " + std::string(event.reason());
  OutBuffer out;
  event.write(out);
  return std::string(out.text());
}

std::string refusal(const ColumnOptions& options) {
  const auto columns = Columns::compile(options, rules.harmonization);
  REQUIRE_FALSE(columns);
  return columns.error().text;
}

}  // namespace

TEST_CASE("the first field that fits takes the cell") {
  ColumnOptions options;
  options.columns = "source.ip|source.fqdn, __IGNORE__,,source.port";
  CHECK(filled(options, {"192.0.2.1", "x", "y", "80"}) ==
        R"({"source.ip": "192.0.2.1", "source.port": 80})");
  CHECK(filled(options, {"a.example.com", "", "", "-"}) == R"({"source.fqdn": "a.example.com"})");
  CHECK(filled(options, {"", "x"}) == "{}");
  CHECK(filled(options, {"a..b", "x"}).starts_with("! invalid value 'a..b' for source.fqdn"));
  options.required = Json::array().push(false).push(true).push(true).push(true);
  CHECK(filled(options, {"..", "", "", "80"}) == R"({"source.port": 80})");
}

TEST_CASE("a field that is there already fails the row") {
  ColumnOptions options;
  options.columns = "source.ip,source.ip";
  CHECK(filled(options, {"192.0.2.1", "192.0.2.2"}) == "! source.ip: there already");
}

TEST_CASE("URLs, types, JSON and expressions") {
  ColumnOptions options;
  options.columns = "source.url,classification.type,extra.tags,source.asn";
  options.url_protocol = "https://";
  options.type_translation = Json::object().set("mal", "malware-distribution");
  options.data_type = Json::object().set("extra.tags", "json");
  options.regex_search = Json::object().set("source.asn", "[0-9]+");
  CHECK(filled(options, {"a.example/x", "mal", "[\"a\",1]", "AS64496 X"}) ==
        R"({"source.url": "https://a.example/x", "classification.type": "malware-distribution", )"
        R"("extra.tags": ["a", 1], "source.asn": 64496})");
  CHECK(filled(options, {"http://a/", "", "", "none"}) == R"({"source.url": "http://a/"})");
  CHECK(filled(options, {"", "spam"}) ==
        "! classification.type: type_translation does not have 'spam'");
  CHECK(filled(options, {"", "", "[1"}) == "! extra.tags: '[1' is not JSON");
  options.has_type = true;
  CHECK(filled(options, {"", "spam"}) == R"({"classification.type": "spam"})");
}

TEST_CASE("times") {
  ColumnOptions options;
  options.columns = "time.source";
  CHECK(filled(options, {"2024-02-29 23:59:58"}) ==
        R"({"time.source": "2024-02-29T23:59:58+00:00"})");
  CHECK(filled(options, {"2023-02-29 23:59:58"}).starts_with("! time.source: "));
  options.time_format = "epoch_millis";
  CHECK(filled(options, {"1577836800123"}) == R"({"time.source": "2020-01-01T00:00:00+00:00"})");
  CHECK(filled(options, {"15"}) == "{}");
}

TEST_CASE("mistakes in the configuration are named") {
  ColumnOptions options;
  CHECK(refusal(options).starts_with("columns: is empty"));
  options.columns = "source.pi";
  CHECK(refusal(options) == "columns: 'source.pi' is not a field; did you mean 'source.ip'?");
  options.columns = Json::array().push("source.ip").push("comment");
  options.required = Json::array().push(true);
  CHECK(refusal(options).starts_with("columns_required: has 1 values for 2 columns"));
  options.required = {};
  options.time_format = "bogus";
  CHECK(refusal(options).starts_with("time_format: "));
  options.time_format = "";
  options.regex_search = Json::object().set("comment", "(");
  CHECK(refusal(options).find("column_regex_search of comment") != std::string::npos);
  options.regex_search = "";
  options.type_translation = "text";
  CHECK(refusal(options).starts_with("type_translation: "));
}

TEST_CASE("pairs of texts come as objects, in lists, or not at all") {
  CHECK(text_pairs(Json{})->empty());
  CHECK(text_pairs(Json(""))->empty());
  const auto pairs =
      text_pairs(Json::array().push(Json::object().set("a", "b")).push(Json::object().set("c", 1)));
  REQUIRE(pairs);
  CHECK(*pairs == std::vector<std::pair<std::string, std::string>>{{"a", "b"}, {"c", "1"}});
  CHECK_FALSE(text_pairs(Json(5)));
  CHECK_FALSE(text_pairs(Json::object().set("a", Json::array())));
}

TEST_CASE("the plain time is exactly that") {
  char out[plain_time_size];
  CHECK(write_plain_time("2020-01-02T03:04:05", out));
  CHECK(std::string_view(out, plain_time_size) == "2020-01-02T03:04:05+00:00");
  for (const char* text : {"2020-01-02 03:04:5", "2020-13-02 03:04:05", "2020-01-02 24:04:05",
                           "0999-01-02 03:04:05", "2020-01-02  3:04:05", "2020/01/02 03:04:05", ""})
    CHECK_FALSE(write_plain_time(text, out));
}
