// SPDX-License-Identifier: Apache-2.0
#include "render/describe.hpp"

#include <catch2/catch.hpp>

#include "hostile_bot.hpp"
#include "render/schema.hpp"

using namespace intelmq;

TEST_CASE("describe: reads back as the same document") {
  const Json document = render::describe(hostile::bot(), hostile::common());
  const auto again = Json::parse(document.dump());
  REQUIRE(again);
  CHECK(*again == document);
  CHECK(document["name"] == Json("intelmq-expert-odd-one"));
  CHECK(document["kind"] == Json("expert"));
  CHECK(document["cardinality"].dump() == R"({"in": 1, "out": {"min": 0, "max": 1}})");
  CHECK(document["self_test"]["vectors"] == Json(3));
  CHECK(document["module"].is_null());
  CHECK(document["external_data"].items()[0]["freshness"].dump() ==
        R"({"warn": "P8D", "expire": "P30D", "on_expire": "not-ready"})");
}

TEST_CASE("describe: external data") {
  Description bot = hostile::bot();
  const auto rendered = [&] { return render::describe(bot, {})["external_data"].items()[0]; };
  CHECK(rendered()["build_time"] == Json("file.mtime"));
  CHECK(rendered()["source"].is_null());
  bot.data[0] = {.name = "city",
                 .kind = "mmdb",
                 .parameter = "database",
                 .expire_days = 30,
                 .expired_is_ready = true,
                 .database_types = {"GeoLite2-City"},
                 .source = {"geoipupdate", "GeoLite2-City"},
                 .bytes = 7};
  CHECK(rendered().dump() ==
        R"({"name": "city", "kind": "mmdb", "path": "parameter:database", "required": true, )"
        R"("database_type": ["GeoLite2-City"], "build_time": "mmdb.build_epoch", )"
        R"("freshness": {"expire": "P30D", "on_expire": "warn"}, )"
        R"("source": {"protocol": "geoipupdate", "edition": "GeoLite2-City", )"
        R"("needs": ["account_id", "license_key"]}, "bytes": 7})");
  bot.data[0].source = {"http", "https://h/x"};
  CHECK(rendered()["source"].dump() ==
        R"({"protocol": "http", "url": "https://h/x", "needs": []})");
}

TEST_CASE("describe: fields") {
  const Json fields = render::describe(hostile::bot(), {})["fields"];
  REQUIRE(fields["requires"].items().size() == 2);
  CHECK(fields["requires"].items()[0]["all_of"].dump() == R"(["time.source"])");
  CHECK(fields["requires"].items()[1]["any_of"].dump() == R"(["source.ip", "destination.ip"])");
  CHECK(fields["produces"].items()[0].dump() ==
        R"({"field": "source.asn", "when": "source.ip", "certainty": "may", "type": "integer"})");
  CHECK(fields["produces"].items()[1]["certainty"] == Json("must"));
  CHECK(fields["passes_through"] == Json("all"));
}

TEST_CASE("describe: fields of a generic bot depend on its configuration") {
  Description bot = hostile::bot();
  bot.fields_of = [](const void*) { return FieldUse{}; };
  CHECK(render::describe(bot, {})["fields"]["dynamic"] == Json(true));
  FieldUse evaluated;
  evaluated.needs = {field::source.fqdn};
  const Json fields = render::describe(bot, {}, &evaluated)["fields"];
  CHECK(fields["dynamic"] == Json(false));
  CHECK(fields["requires"].items()[0]["all_of"].dump() == R"(["source.fqdn"])");
  CHECK(fields["produces"].items().empty());
}

TEST_CASE("describe: kinds") {
  Description bot = hostile::bot();
  bot.kind = Kind::collector;
  bot.max_out = -1;
  const Json document = render::describe(bot, {});
  CHECK(document["cardinality"].dump() == R"({"in": 0, "out": {"min": 0, "max": null}})");
  CHECK(document["formats"]["input"].items().empty());
  CHECK(document["fields"]["passes_through"] == Json("none"));
  bot.kind = Kind::transformer;
  bot.output_format = "idea";
  CHECK(render::describe(bot, {})["formats"]["output"].dump() == R"(["idea"])");
  CHECK(render::describe(bot, {})["fields"]["passes_through"] == Json("none"));
}

TEST_CASE("schema: parameters") {
  const Json schema = render::schema(hostile::bot(), hostile::common());
  CHECK(schema["required"].dump() == R"(["database"])");
  const Json& properties = schema["properties"];
  CHECK(properties["database"]["format"] == Json("x-path"));
  CHECK_FALSE(properties["database"].has("default"));
  CHECK(properties["overwrite"]["default"] == Json(false));
  CHECK(properties["password"]["writeOnly"] == Json(true));
  CHECK(properties["password"]["x-secret"] == Json(true));
  CHECK_FALSE(properties["password"].has("default"));
  CHECK(properties["batch_wait"]["x-env"] == Json("INTELMQ_BATCH_WAIT"));
  CHECK(properties["batch_wait"]["x-cli"] == Json("--batch-wait"));
  CHECK(properties["batch_wait"]["x-reload"] == Json("restart"));
  CHECK(properties["on_miss"]["x-reload"] == Json("hot"));
  CHECK(properties["on_miss"]["x-group"] == Json("bot"));
  CHECK_FALSE(properties.has("describe"));
}
