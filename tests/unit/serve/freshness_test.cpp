// SPDX-License-Identifier: Apache-2.0
#include "serve/freshness.hpp"

#include <catch2/catch.hpp>

using namespace intelmq;
using namespace intelmq::serve;

namespace {

constexpr double day = 86400;

Json sheet() {
  return *Json::parse(
      R"({"name": "city", "kind": "mmdb", "path": "parameter:database", "required": true,
          "database_type": ["GeoLite2-City"], "build_time": "mmdb.build_epoch",
          "freshness": {"warn": "P8D", "max": "P14D", "expire": "P30D", "on_expire": "not-ready"},
          "source": {"protocol": "geoipupdate", "edition": "GeoLite2-City",
                     "needs": ["account_id", "license_key"]}, "bytes": 65000000})");
}

DataRule rule() { return *read_data_rule(sheet()); }

Freshness after(const DataRule& rule, double age) {
  DataCopy copy;
  copy.there = true;
  copy.build_time = 1000 * day;
  return freshness_of(rule, copy, 1000 * day + age);
}

/// The pointers that a policy's errors have.
std::vector<std::string> wrong(std::string_view body) {
  const auto read = read_policy(*Json::parse(body), rule());
  std::vector<std::string> out;
  if (read) return out;
  CHECK(read.error().code == "validation");
  for (const FieldError& error : read.error().errors)
    out.push_back(error.pointer + " " + error.code);
  return out;
}

using Errors = std::vector<std::string>;

}  // namespace

TEST_CASE("freshness: a rule from a sheet") {
  const DataRule read = rule();
  CHECK(read.name == "city");
  CHECK(read.parameter == "database");
  CHECK(read.required);
  CHECK_FALSE(read.expired_is_ready);
  CHECK(read.max.seconds() == 14 * day);
  CHECK(read.types == std::vector<std::string>{"GeoLite2-City"});
  CHECK(read.bytes == 65'000'000);
  Json odd = sheet();
  odd.set("freshness", Json::object().set("warn", "8 days"));
  CHECK_FALSE(read_data_rule(odd));
  CHECK_FALSE(read_data_rule(Json::object()));
}

TEST_CASE("freshness: ages") {
  CHECK(after(rule(), -day) == Freshness::fresh);
  CHECK(after(rule(), 8 * day - 1) == Freshness::fresh);
  CHECK(after(rule(), 8 * day) == Freshness::ageing);
  CHECK(after(rule(), 14 * day - 1) == Freshness::ageing);
  CHECK(after(rule(), 14 * day) == Freshness::stale);
  CHECK(after(rule(), 30 * day - 1) == Freshness::stale);
  CHECK(after(rule(), 30 * day) == Freshness::expired);
  CHECK(freshness_of(rule(), {}, 0) == Freshness::missing);
  DataRule no_limits = rule();
  no_limits.warn = no_limits.max = no_limits.expire = {};
  CHECK(after(no_limits, 9999 * day) == Freshness::fresh);
}

TEST_CASE("freshness: what keeps a bot from being ready") {
  DataRule each = rule();
  CHECK(usable(each, Freshness::stale));
  CHECK_FALSE(usable(each, Freshness::expired));
  CHECK_FALSE(usable(each, Freshness::missing));
  each.expired_is_ready = true;
  CHECK(usable(each, Freshness::expired));
  each.required = false;
  CHECK(usable(each, Freshness::missing));
}

TEST_CASE("freshness: a policy's defaults") {
  CHECK(default_policy(rule()).document().dump() ==
        R"({"auto": true, "interval": "P1D", "jitter": "PT1H", "source": )"
        R"({"protocol": "geoipupdate", "edition": "GeoLite2-City", )"
        R"("needs": ["account_id", "license_key"]}})");
  DataRule none = rule();
  none.source = {};
  CHECK(default_policy(none).source.dump() == R"({"protocol": "none"})");
  const auto same = read_policy(default_policy(rule()).document(), rule());
  REQUIRE(same);
  CHECK(same->document() == default_policy(rule()).document());
}

TEST_CASE("freshness: a policy's errors") {
  CHECK(wrong("{}").empty());
  CHECK(wrong(R"({"auto": false, "interval": "PT12H", "jitter": "PT0S"})").empty());
  CHECK(wrong(R"({"auto": 1, "intervall": "PT1H"})") ==
        Errors{"#/intervall unknown", "#/auto type"});
  CHECK(wrong(R"({"interval": "PT59M"})") == Errors{"#/interval value"});
  CHECK(wrong(R"({"interval": 3600})") == Errors{"#/interval type"});
  CHECK(wrong(R"({"interval": "PT2H", "jitter": "PT3H"})") == Errors{"#/jitter value"});
  CHECK(wrong(R"({"source": 1})") == Errors{"#/source type"});
  CHECK(wrong(R"({"source": {}})") == Errors{"#/source/protocol required"});
  CHECK(wrong(R"({"source": {"protocol": "ftp"}})") == Errors{"#/source/protocol value"});
  CHECK(wrong(R"({"source": {"protocol": "none"}})").empty());
  CHECK(wrong(R"({"source": {"protocol": "geoipupdate"}})") == Errors{"#/source/edition required"});
  CHECK(wrong(R"({"source": {"protocol": "geoipupdate", "edition": "../x", "url": "y"}})") ==
        Errors{"#/source/url unknown", "#/source/edition value"});
}

TEST_CASE("freshness: where a policy may point to") {
  const auto host = [](const std::string& text) {
    return wrong(R"({"source": {"protocol": "geoipupdate", "edition": "E", "host": ")" + text +
                 "\"}}");
  };
  CHECK(host("updates.maxmind.com").empty());
  CHECK(host("https://mirror.example:8443").empty());
  CHECK(host("http://127.0.0.1:80").empty());
  CHECK(host("http://mirror.example") == Errors{"#/source/host value"});
  CHECK(host("https://me:key@mirror.example") == Errors{"#/source/host value"});
  const auto url = [](const std::string& text) {
    return wrong(R"({"interval": "PT1M", "source": {"protocol": "http", "url": ")" + text + "\"}}");
  };
  CHECK(url("https://h/x.mmdb").empty());
  CHECK(url("http://h/x.mmdb").empty());
  for (const char* bad : {"https://u:p@h/x", "file:///etc/passwd", "h/x", "https://",
                          "https://h/ x", "https://h:99999/"})
    CHECK(url(bad) == Errors{"#/source/url value"});
}
