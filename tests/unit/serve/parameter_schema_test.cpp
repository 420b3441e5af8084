// SPDX-License-Identifier: Apache-2.0
#include "serve/parameter_schema.hpp"

#include <catch2/catch.hpp>
#include <cstdlib>

using namespace intelmq;
using namespace intelmq::serve;

namespace {

Json json(std::string_view text) { return Json::parse(text).value(); }

const Json schema = json(R"({"type":"object","required":["keys"],"properties":{
  "keys":{"type":"array","items":{"type":"string"},"x-reload":"hot"},
  "mode":{"type":"string","enum":["blacklist","whitelist"],"x-reload":"hot"},
  "ttl":{"type":["string","number"],"format":"x-duration","x-reload":"hot"},
  "size":{"type":["string","integer"],"format":"x-byte-size","x-reload":"hot"},
  "field":{"type":"string","format":"x-field","x-reload":"hot"},
  "count":{"type":"integer","x-reload":"hot"},
  "share":{"type":"number","x-reload":"hot"},
  "bypass":{"type":"boolean","x-reload":"hot"},
  "any":{"x-reload":"hot"},
  "source":{"type":"string","x-reload":"restart"},
  "runtime":{"type":"string","x-reload":"restart"},
  "password":{"type":"string","x-secret":true,"writeOnly":true,"x-reload":"hot"}}})");

std::string errors(std::string_view values, bool whole = false) {
  std::string out;
  for (const FieldError& error : check_parameters(schema, json(values), "#", whole))
    out += error.pointer + " " + error.code + ": " + error.detail + "\n";
  return out;
}

}  // namespace

TEST_CASE("what fits the schema passes") {
  CHECK(errors(R"({"keys":["a"],"mode":"whitelist","ttl":"5m","size":"1KiB","field":"source.ip",
                   "count":-3,"share":1,"bypass":true,"any":{"x":[1]},"source":"redis://h/q",
                   "password":"x"})") == "");
  CHECK(errors(R"({"ttl":90,"size":512,"share":0.5,"any":null,"mode":null})") == "");
  CHECK(errors(R"({"password":{"$secret_file":"/run/s"}})") == "");
  CHECK(errors(R"({"password":{"$env":"PASSWORD"}})") == "");
  CHECK(errors("{}") == "");
}

TEST_CASE("what does not fit is told by pointer, code and remedy") {
  CHECK(errors(R"({"bypass":"true"})") == "#/bypass type: expected boolean, got string\n");
  CHECK(errors(R"({"count":1.5})") == "#/count type: expected integer, got number\n");
  CHECK(errors(R"({"ttl":true})") == "#/ttl type: expected string or number, got boolean\n");
  CHECK(errors(R"({"keys":["a",2]})") == "#/keys/1 type: expected string, got integer\n");
  CHECK(errors(R"({"mode":"whitlist"})") ==
        "#/mode value: 'whitlist' is not one of blacklist, whitelist; did you mean 'whitelist'?\n");
  CHECK(errors(R"({"ttl":"5 parsecs"})").starts_with("#/ttl value: "));
  CHECK(errors(R"({"size":"many"})").starts_with("#/size value: "));
  CHECK(errors(R"({"field":"no field"})").starts_with("#/field value: "));
  CHECK(errors(R"({"by_pass":true})") ==
        "#/by_pass unknown: 'by_pass' is not a parameter of this bot; did you mean 'bypass'?\n");
  CHECK(errors(R"({"by_pass":null})").starts_with("#/by_pass unknown"));
  CHECK(errors(R"({"a/b ~":1})").starts_with("#/a~1b%20~0 unknown"));
  CHECK(errors(R"({"runtime":"/etc/x"})").starts_with("#/runtime fixed"));
  CHECK(errors("[]") == "# type: expected object, got array\n");
  CHECK(errors("{}", true) == "#/keys required: has to be given\n");
}

TEST_CASE("secrets are texts or references, and never begin as a file does") {
  CHECK(errors(R"({"password":5})").starts_with("#/password type"));
  CHECK(errors(R"({"password":"@/etc/shadow"})").starts_with("#/password value"));
  CHECK(errors(R"({"password":{"$secret_file":"relative"}})").starts_with("#/password value"));
  CHECK(errors(R"({"password":{"$env":""}})").starts_with("#/password type"));
  CHECK(errors(R"({"password":{"$other":"x"}})").starts_with("#/password value"));
  CHECK(errors(R"({"password":{"$env":"A","b":1}})").starts_with("#/password type"));
  CHECK(errors(R"({"source":{"$env":"A"}})").starts_with("#/source type: only a secret"));
}

TEST_CASE("a hidden password does not come back as one") {
  CHECK(errors(R"({"source":"redis://u:*****@h/q"})").starts_with("#/source value: the password"));
  CHECK(errors(R"({"any":{"x":["redis://u:*****@h/q"]}})").starts_with("#/any value"));
  CHECK(errors(R"({"source":"redis://u:pa*s@h/q"})") == "");
  const Json before = json(R"({"source":"redis://u:secret@h/q","password":"p"})");
  const Json shown = redacted(schema, before);
  CHECK(shown == json(R"({"source":"redis://u:******@h/q","password":{"$secret":"set"}})"));
  CHECK(unredacted(schema, before, shown) == before);
  CHECK(unredacted(schema, Json::object(), json(R"({"password":{"$secret":"set"}})")) ==
        Json::object());
  CHECK(unredacted(schema, before, json(R"({"password":"new"})")) == json(R"({"password":"new"})"));
}

TEST_CASE("differences tell both sides, secrets hidden") {
  CHECK(difference(schema, json(R"({"ttl":"1h","password":"a","count":1})"),
                   json(R"({"ttl":"2h","password":"b","mode":"whitelist","count":1})")) ==
        json(R"([{"parameter":"ttl","from":"1h","to":"2h"},
                 {"parameter":"password","from":{"$secret":"set"},"to":{"$secret":"set"}},
                 {"parameter":"mode","to":"whitelist"}])"));
  CHECK(difference(schema, json(R"({"gone":"x"})"), Json::object()) ==
        json(R"([{"parameter":"gone","from":{"$secret":"set"}}])"));
}

TEST_CASE("a merge patch takes out what is null and keeps references whole") {
  CHECK(merged(json(R"({"ttl":"1h","any":{"a":1,"b":2},"password":{"$env":"A"}})"),
               json(R"({"ttl":null,"any":{"b":null,"c":3},"password":{"$secret_file":"/f"}})")) ==
        json(R"({"any":{"a":1,"c":3},"password":{"$secret_file":"/f"}})"));
}

TEST_CASE("references are resolved for secrets alone") {
  ::setenv("UNIT_SECRET", "s3cret", 1);
  ::unsetenv("UNIT_NONE");
  CHECK(*resolved(schema, "password", json(R"({"$env":"UNIT_SECRET"})")) == Json("s3cret"));
  CHECK(*resolved(schema, "password", json(R"({"$secret_file":"/f"})")) == Json("@/f"));
  CHECK(resolved(schema, "any", json(R"({"$env":"UNIT_SECRET"})")).value() ==
        json(R"({"$env":"UNIT_SECRET"})"));
  const auto missing = resolved(schema, "password", json(R"({"$env":"UNIT_NONE"})"));
  REQUIRE_FALSE(missing);
  CHECK(missing.error().text.find("UNIT_NONE") != std::string::npos);
}

TEST_CASE("effects and recommendations") {
  CHECK(reload_of(schema, "ttl") == "hot");
  CHECK(reload_of(schema, "source") == "restart");
  CHECK(recommended(schema, "mode") == json(R"(["blacklist","whitelist"])"));
  CHECK(recommended(schema, "bypass") == json("[true,false]"));
  CHECK(recommended(schema, "ttl") == json("[]"));
}
